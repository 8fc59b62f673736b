import LatheCPU
import LatheCore
import LatheTables

/// How often each term is in each text: scikit-learn's `CountVectorizer`.
///
/// ```swift
/// let (words, counts) = try CountVectorizer.fitTransform(["a cat sat", "the cat"])
/// ```
public struct CountVectorizer: Sendable, Hashable, Codable {
  /// A limit on the number of texts that a term is in.
  public enum Limit: Sendable, Hashable, Codable {
    /// So many.
    case count(Int)
    /// A part of them.
    case share(Double)

    func texts(of all: Int) -> Double {
      switch self {
      case .count(let count): Double(count)
      case .share(let share): share * Double(all)
      }
    }
  }

  /// What terms are, in scikit-learn's words and with its defaults.
  public struct Configuration: Sendable, Hashable, Codable {
    /// What texts are divided into.
    public var analyzer: TextAnalyzer
    /// How many words or characters make a term, from the least to the most.
    public var lengths: ClosedRange<Int>
    /// Whether upper and lower case are the same.
    public var lowercases = true
    /// Terms in fewer texts are left out.
    public var minimum = Limit.count(1)
    /// Terms in more texts are left out.
    public var maximum = Limit.share(1)
    /// The most terms; the most frequent stay.
    public var maxFeatures: Int?
    /// Words that are passed over, before words are joined to terms; of `word` alone.
    public var stopWords: Set<String> = []
    /// Whether it counts only that a term is there.
    public var isBinary = false

    /// The defaults.
    public init(
      _ analyzer: TextAnalyzer = .word, lengths: ClosedRange<Int> = 1...1, maxFeatures: Int? = nil
    ) {
      (self.analyzer, self.lengths, self.maxFeatures) = (analyzer, lengths, maxFeatures)
    }
  }

  /// What terms are.
  public let configuration: Configuration
  /// The terms, in the order of their bytes; each is a column.
  public let terms: [String]

  /// Learns the terms of texts, and counts them.
  ///
  /// - Throws: `LatheError.invalidArgument` where no terms are left.
  public static func fitTransform(
    _ texts: [String], _ configuration: Configuration = Configuration()
  ) throws -> (vectorizer: CountVectorizer, counts: SparseRows) {
    try fitTransform(TextValues(texts), configuration)
  }

  /// Learns the terms of a column of texts, and counts them; a missing text has none.
  ///
  /// - Throws: `LatheError.invalidArgument` where no terms are left.
  public static func fitTransform(
    _ column: Column, _ configuration: Configuration = Configuration()
  ) throws -> (vectorizer: CountVectorizer, counts: SparseRows) {
    do { return try fitTransform(column.textValues, configuration) } catch let error as LatheError {
      throw LatheError(error.kind, "column '\(column.name)': \(error.message)")
    }
  }

  private static func fitTransform(
    _ texts: TextValues, _ configuration: Configuration
  ) throws -> (vectorizer: CountVectorizer, counts: SparseRows) {
    guard configuration.lengths.lowerBound >= 1, configuration.maxFeatures ?? 1 >= 1 else {
      throw LatheError(
        .invalidArgument,
        "terms of \(configuration.lengths) parts, and at most "
          + "\(configuration.maxFeatures ?? 1) of them; one is the least")
    }
    let (parts, table) = TermCounts.find(texts, configuration)
    var (inTexts, inAll) = ([Int](repeating: 0, count: table.count), [Int](repeating: 0, count: table.count))
    for part in parts {
      for (term, count) in zip(part.terms, part.counts) {
        inTexts[Int(term)] += 1
        inAll[Int(term)] += configuration.isBinary ? 1 : Int(count)
      }
    }
    let least = configuration.minimum.texts(of: texts.count)
    let most = configuration.maximum.texts(of: texts.count)
    guard most >= least else {
      throw LatheError(
        .invalidArgument, "terms in at least \(least) and at most \(most) texts; there are none")
    }
    var kept = (0..<table.count).filter { term in
      Double(inTexts[term]) >= least && Double(inTexts[term]) <= most
    }
    func comesBefore(_ a: Int, _ b: Int) -> Bool {
      table.bytes.withUnsafeBufferPointer { bytes in
        compareBytes(
          UnsafeBufferPointer(rebasing: bytes[table.starts[a]..<table.starts[a + 1]]),
          UnsafeBufferPointer(rebasing: bytes[table.starts[b]..<table.starts[b + 1]])) < 0
      }
    }
    if let limit = configuration.maxFeatures, kept.count > limit {
      kept.sort { inAll[$0] != inAll[$1] ? inAll[$0] > inAll[$1] : comesBefore($0, $1) }
      kept.removeLast(kept.count - limit)
    }
    guard !kept.isEmpty else {
      throw LatheError(
        .invalidArgument,
        "no terms are left of \(texts.count) texts: they are empty, have only single characters (analyzer: .character "
          + "counts those), or minimum and maximum leave all out")
    }
    kept.sort(by: comesBefore)
    let terms = kept.map { String(decoding: table.term($0), as: UTF8.self) }
    var columns = [Int32](repeating: -1, count: table.count)
    for (column, term) in kept.enumerated() { columns[term] = Int32(column) }
    return (
      CountVectorizer(configuration: configuration, terms: terms),
      rows(parts, columns: columns, names: terms, isBinary: configuration.isBinary)
    )
  }

  /// Counts of the terms that have columns.
  private static func rows(
    _ parts: [TermCounts], columns: [Int32], names: [String], isBinary: Bool
  ) -> SparseRows {
    var made = [(starts: [Int], places: [Int32], values: [Double])](
      repeating: ([], [], []), count: parts.count)
    made.withUnsafeMutableBufferPointer { made in
      let made = made
      ThreadPool.shared.parallelFor(parts.count, grain: 1) {
        for number in $0 {
          let part = parts[number]
          var (starts, places, values) = ([Int](), [Int32](), [Double]())
          places.reserveCapacity(part.terms.count)
          values.reserveCapacity(part.terms.count)
          // Column and count as one number, which is what is sorted.
          var row: [UInt64] = []
          for text in 0..<part.starts.count - 1 {
            row.removeAll(keepingCapacity: true)
            for i in part.starts[text]..<part.starts[text + 1] {
              let column = columns[Int(part.terms[i])]
              if column >= 0 { row.append(UInt64(column) << 32 | UInt64(part.counts[i])) }
            }
            row.sort()
            for pair in row {
              places.append(Int32(pair >> 32))
              values.append(isBinary ? 1 : Double(pair & 0xFFFF_FFFF))
            }
            starts.append(values.count)
          }
          made[number] = (starts, places, values)
        }
      }
    }
    var (starts, places, values) = ([0], [Int32](), [Double]())
    values.reserveCapacity(made.reduce(0) { $0 + $1.values.count })
    places.reserveCapacity(values.capacity)
    for part in made {
      let first = values.count
      starts += part.starts.map { first + $0 }
      places += part.places
      values += part.values
    }
    return SparseRows(columns: names.count, starts: starts, places: places, values: values, names: names)
  }

  /// Counts of the terms in other texts; terms that are not known are passed over.
  public func transform(_ texts: [String]) -> SparseRows { transform(TextValues(texts)) }

  /// Counts of the terms in a column of texts; a missing text has none.
  public func transform(_ column: Column) -> SparseRows { transform(column.textValues) }

  private func transform(_ texts: TextValues) -> SparseRows {
    var table = TermTable(capacity: terms.count)
    for term in terms {
      var term = term
      term.withUTF8 { _ = table.insert($0) }
    }
    return Self.rows(
      TermCounts.find(texts, configuration, in: table), columns: terms.indices.map { Int32($0) },
      names: terms,
      isBinary: configuration.isBinary)
  }
}

extension Column {
  /// The values as texts in UTF-8; an empty one where one is missing.
  var textValues: TextValues {
    if case .text(let values) = storage, missingCount == 0 { return values }
    return TextValues(strings().map { $0 ?? "" })
  }
}
