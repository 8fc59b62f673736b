import LatheCore
import LatheTables

/// How often each term is in each text, less where many texts have it: scikit-learn's `TfidfVectorizer`.
public struct TfidfVectorizer: Sendable, Hashable, Codable {
  /// How long the rows become.
  public enum Norm: String, Sendable, Hashable, Codable {
    /// The squares of a row add up to 1.
    case l2
    /// The values of a row add up to 1.
    case l1
    /// As long as they are.
    case none
  }

  /// How counts become values, in scikit-learn's words and with its defaults.
  public struct Configuration: Sendable, Hashable, Codable {
    /// What terms are.
    public var terms: CountVectorizer.Configuration
    /// How long rows become.
    public var norm = Norm.l2
    /// Whether terms count less where many texts have them.
    public var usesIDF = true
    /// Whether it is as if there were one text more that has all terms.
    public var smoothsIDF = true
    /// Whether a count becomes 1 + log(count).
    public var isSublinear = false

    /// The defaults.
    public init(_ terms: CountVectorizer.Configuration = .init()) { self.terms = terms }
  }

  /// What counts terms.
  public let counts: CountVectorizer
  /// How much each term counts; none where all count the same.
  public let idf: [Double]
  /// How counts become values.
  public let configuration: Configuration

  var isSound: Bool {
    (idf.isEmpty || idf.count == counts.terms.count) && counts.configuration.lengths.lowerBound >= 1
      && Set(counts.terms).count == counts.terms.count
  }

  /// Learns terms of texts, and how much each counts.
  ///
  /// - Throws: `LatheError.invalidArgument` where no terms are left.
  public static func fitTransform(
    _ texts: [String], _ configuration: Configuration = Configuration()
  ) throws -> (vectorizer: TfidfVectorizer, rows: SparseRows) {
    fitTransform(try CountVectorizer.fitTransform(texts, configuration.terms), configuration)
  }

  /// Learns terms of a column of texts, and how much each counts.
  ///
  /// - Throws: `LatheError.invalidArgument` where no terms are left.
  public static func fitTransform(
    _ column: Column, _ configuration: Configuration = Configuration()
  ) throws -> (vectorizer: TfidfVectorizer, rows: SparseRows) {
    fitTransform(try CountVectorizer.fitTransform(column, configuration.terms), configuration)
  }

  private static func fitTransform(
    _ found: (vectorizer: CountVectorizer, counts: SparseRows), _ configuration: Configuration
  ) -> (vectorizer: TfidfVectorizer, rows: SparseRows) {
    let counts = found.counts
    var inTexts = [Int](repeating: 0, count: counts.columns)
    for place in counts.places { inTexts[Int(place)] += 1 }
    let more = configuration.smoothsIDF ? 1.0 : 0
    let idf = inTexts.map { logarithm((Double(counts.rows) + more) / (Double($0) + more)) + 1 }
    let made = TfidfVectorizer(
      counts: found.vectorizer, idf: configuration.usesIDF ? idf : [], configuration: configuration)
    return (made, made.weighted(counts))
  }

  /// Values of the terms in other texts; terms that are not known are passed over.
  public func transform(_ texts: [String]) -> SparseRows { weighted(counts.transform(texts)) }

  /// Values of the terms in a column of texts.
  public func transform(_ column: Column) -> SparseRows { weighted(counts.transform(column)) }

  private func weighted(_ counts: SparseRows) -> SparseRows {
    var values = counts.values
    for row in 0..<counts.rows {
      let range = counts.starts[row]..<counts.starts[row + 1]
      var length = 0.0
      for i in range {
        if configuration.isSublinear { values[i] = 1 + logarithm(values[i]) }
        if !idf.isEmpty { values[i] *= idf[Int(counts.places[i])] }
        length += configuration.norm == .l1 ? abs(values[i]) : values[i] * values[i]
      }
      if configuration.norm == .none || length == 0 { continue }
      let scale = configuration.norm == .l1 ? length : length.squareRoot()
      for i in range { values[i] /= scale }
    }
    return SparseRows(
      columns: counts.columns, starts: counts.starts, places: counts.places, values: values,
      names: counts.names)
  }
}
