import LatheCore
import LatheTables

/// Numbers as the bins in which they lie: scikit-learn's `KBinsDiscretizer`.
public struct KBinsDiscretizer: Sendable, Hashable, Codable {
  /// Where bins end.
  public enum Strategy: String, Sendable, Hashable, Codable {
    /// All are equally wide.
    case uniform
    /// All have equally many rows.
    case quantile
    /// Between the means of groups of values.
    case kMeans
  }

  /// What becomes of a number.
  public enum Encoding: String, Sendable, Hashable, Codable {
    /// The place of its bin.
    case ordinal
    /// A column of zeros and ones for each bin.
    case oneHot
  }

  /// How bins are made, in scikit-learn's words and with its defaults.
  public struct Configuration: Sendable, Hashable, Codable {
    /// How many there are of each column at most.
    public var bins: Int
    /// Where they end.
    public var strategy: Strategy
    /// What becomes of a number.
    public var encoding: Encoding

    /// The defaults.
    public init(bins: Int = 5, _ strategy: Strategy = .quantile, encoding: Encoding = .oneHot) {
      (self.bins, self.strategy, self.encoding) = (bins, strategy, encoding)
    }
  }

  /// For each column the ends of its bins, the least and the largest value among them; two infinite ones of a constant column
  /// are left out, and its list is empty.
  public let edges: [[Double]]
  /// What becomes of a number.
  public let encoding: Encoding

  /// Learns from rows.
  ///
  /// - Throws: `LatheError` for infinite values, a column that has none, and fewer than two bins.
  public init(fit x: FeatureMatrix, _ configuration: Configuration = Configuration()) throws {
    let bins = configuration.bins
    guard bins >= 2 else {
      throw LatheError(.invalidArgument, "binning: \(bins) bins; two are the least")
    }
    encoding = configuration.encoding
    edges = try (0..<x.columns).map { column in
      let values = try PresentValues.of(x, column, "binning").sorted()
      let (least, most) = (values[0], values[values.count - 1])
      if least == most { return [] }
      let even = (0...bins).map { $0 == bins ? most : least + Double($0) * ((most - least) / Double(bins)) }
      let found: [Double]
      switch configuration.strategy {
      case .uniform: return even
      case .quantile: found = (0...bins).map { Self.quantile(values, $0, bins) }
      case .kMeans:
        guard values.count >= bins else {
          throw LatheError(
            .invalidArgument, "binning: \(values.count) rows are too few for \(bins) groups of values")
        }
        let start = zip(even.dropFirst(), even).map { [0.5 * ($0 + $1)] }
        let rows = FeatureMatrix(x.column(column).filter { !$0.isNaN }, rows: values.count, columns: 1)
        let centers = try KMeans.train(rows, from: start).centers.map { $0[0] }.sorted()
        found = [least] + zip(centers.dropFirst(), centers).map { 0.5 * ($0 + $1) } + [most]
      }
      // Bins without width would stay without rows.
      return found.enumerated().filter { $0 == 0 || $1 - found[$0 - 1] > 1e-8 }.map(\.element)
    }
  }

  /// The value at a part of the rows, the mean of two where one ends there.
  private static func quantile(_ sorted: [Double], _ place: Int, _ bins: Int) -> Double {
    let part = place == bins ? 1 : Double(place) * (100 / Double(bins)) / 100
    let index = Double(sorted.count) * part - 1
    let low = Int(index.rounded(.down))
    func value(_ i: Int) -> Double { sorted[min(max(i, 0), sorted.count - 1)] }
    return index == index.rounded(.down) ? 0.5 * (value(low) + value(low + 1)) : value(low + 1)
  }

  /// The number of bins of each column.
  public var binCounts: [Int] { edges.map { max(1, $0.count - 1) } }

  var outputColumns: Int { encoding == .ordinal ? edges.count : binCounts.reduce(0, +) }

  /// The bins of rows' values.
  ///
  /// A missing value stays one, or has zeros in all its columns.
  public func transform(_ x: FeatureMatrix) -> FeatureMatrix {
    let places = x.mapped(columns: edges.count, "binning") { value, column in
      let inner = edges[column].dropFirst().dropLast()
      return Double(Array(inner).firstPlace { $0 > value })
    }
    if encoding == .ordinal { return places }
    let counts = binCounts
    let width = outputColumns
    var values = [Double](repeating: 0, count: x.rows * width)
    for row in 0..<x.rows {
      var first = row * width
      for column in 0..<x.columns {
        let place = places[row, column]
        if !place.isNaN { values[first + Int(place)] = 1 }
        first += counts[column]
      }
    }
    let names = zip(x.names, counts).flatMap { name, count in (0..<count).map { "\(name)_\($0)" } }
    return FeatureMatrix(values, rows: x.rows, columns: width, names: names)
  }
}
