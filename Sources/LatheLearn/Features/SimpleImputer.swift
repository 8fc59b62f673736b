import LatheCore
import LatheTables

/// A value for each column that stands where one is missing: scikit-learn's `SimpleImputer`.
public struct SimpleImputer: Sendable, Hashable, Codable {
  /// Which value.
  public enum Strategy: Sendable, Hashable, Codable {
    /// The mean of those there are.
    case mean
    /// Their median.
    case median
    /// The most frequent, the least of several.
    case mostFrequent
    /// A number, or its text in columns of texts.
    case constant(Double)
    /// A text, for columns of texts.
    case text(String)
  }

  /// The value of each column.
  public let fills: [Double]

  /// Learns from rows.
  ///
  /// - Throws: `LatheError` for infinite values, or a column that has none.
  public init(fit x: FeatureMatrix, _ strategy: Strategy = .mean) throws {
    fills = try (0..<x.columns).map { column in
      if case .constant(let value) = strategy { return value }
      let values = try PresentValues.of(x, column, "imputation")
      switch strategy {
      case .mean: return Sums.mean(values)
      case .median: return Sums.quantile(sorted: values.sorted(), 0.5)
      case .mostFrequent: return Self.mostFrequent(values) ?? 0
      case .constant(let value): return value
      case .text(let text):
        throw LatheError(
          .invalidArgument,
          "imputation: column '\(x.names[column])' is of numbers; '\(text)' cannot stand in it")
      }
    }
  }

  init(fills: [Double]) { self.fills = fills }

  /// Rows without missing values.
  public func transform(_ x: FeatureMatrix) -> FeatureMatrix {
    require(x.columns == fills.count, "the imputer knows \(fills.count) columns, not \(x.columns)")
    var values = DenseRows.rowMajor(x)
    for i in values.indices where values[i].isNaN { values[i] = fills[i % x.columns] }
    return FeatureMatrix(
      values, rows: x.rows, columns: x.columns, categorical: x.categorical, names: x.names)
  }

  /// The most frequent of some values, the least of several.
  static func mostFrequent<Value: Hashable & Comparable>(_ values: [Value]) -> Value? {
    var counts: [Value: Int] = [:]
    for value in values { counts[value, default: 0] += 1 }
    return counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
  }
}
