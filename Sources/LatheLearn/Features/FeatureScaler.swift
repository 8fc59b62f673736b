import LatheCore
import LatheTables

/// What moves and scales each column on its own: less a center, by a scale.
public protocol FeatureScaler: Sendable, Codable {
  /// What is taken from each column.
  var centers: [Double] { get }
  /// What each column is then divided by.
  var scales: [Double] { get }
}

extension FeatureScaler {
  /// Rows with their columns scaled; missing values stay missing.
  public func transform(_ x: FeatureMatrix) -> FeatureMatrix {
    map(x) { ($0 - centers[$1]) / scales[$1] }
  }

  /// Rows as they were.
  public func inverseTransform(_ x: FeatureMatrix) -> FeatureMatrix {
    map(x) { $0 * scales[$1] + centers[$1] }
  }

  private func map(_ x: FeatureMatrix, _ change: (Double, Int) -> Double) -> FeatureMatrix {
    require(x.columns == centers.count, "the scaler knows \(centers.count) columns, not \(x.columns)")
    var values = DenseRows.rowMajor(x)
    for i in values.indices { values[i] = change(values[i], i % x.columns) }
    return FeatureMatrix(
      values, rows: x.rows, columns: x.columns, categorical: x.categorical, names: x.names)
  }
}

/// The means and deviations of columns, which become 0 and 1: scikit-learn's `StandardScaler`.
///
/// Missing values are left out, and a column that does not vary is divided by 1.
public struct StandardScaler: FeatureScaler, Hashable {
  /// What is taken from each column.
  public let centers: [Double]
  /// What each column is then divided by.
  public let scales: [Double]

  /// Learns from rows.
  ///
  /// - Parameters:
  ///   - x: The rows to learn from, and no others.
  ///   - withMean: Whether means become 0.
  ///   - withStd: Whether deviations become 1.
  /// - Throws: `LatheError` for infinite values, or a column that has none.
  public init(fit x: FeatureMatrix, withMean: Bool = true, withStd: Bool = true) throws {
    var (centers, scales) = ([Double](), [Double]())
    for column in 0..<x.columns {
      let values = try PresentValues.of(x, column, "standard scaling")
      let (mean, count) = (Sums.mean(values), Double(values.count))
      let variance = Sums.variance(values, freedom: 0)
      try PresentValues.check(variance + mean.magnitude, x, column, values, "standard scaling")
      // What rounding makes of a column that does not vary.
      let rounding = 0x1p-52 * count * (variance + 0x1p-52 * count * mean * mean)
      centers.append(withMean ? mean : 0)
      scales.append(withStd && variance > rounding ? variance.squareRoot() : 1)
    }
    (self.centers, self.scales) = (centers, scales)
  }
}

/// The least and the largest values of columns, which become the ends of a range: scikit-learn's `MinMaxScaler`.
public struct MinMaxScaler: FeatureScaler, Hashable {
  /// What is taken from each column.
  public let centers: [Double]
  /// What each column is then divided by.
  public let scales: [Double]

  /// Learns from rows.
  ///
  /// - Throws: `LatheError` for infinite values, a column that has none, or an empty range.
  public init(fit x: FeatureMatrix, range: ClosedRange<Double> = 0...1) throws {
    let width = range.upperBound - range.lowerBound
    guard width > 0, width.isFinite else {
      throw LatheError(.invalidArgument, "min-max scaling: \(range) is no range to scale to")
    }
    var (centers, scales) = ([Double](), [Double]())
    for column in 0..<x.columns {
      let values = try PresentValues.of(x, column, "min-max scaling")
      let (least, most) = (values.min() ?? 0, values.max() ?? 0)
      try PresentValues.check(most - least, x, column, values, "min-max scaling")
      let scale = (PresentValues.isConstant(most - least) ? 1 : most - least) / width
      scales.append(scale)
      centers.append(least - range.lowerBound * scale)
    }
    (self.centers, self.scales) = (centers, scales)
  }
}

/// The medians of columns and the distances between their quartiles, which become 0 and 1: scikit-learn's `RobustScaler`.
public struct RobustScaler: FeatureScaler, Hashable {
  /// What is taken from each column.
  public let centers: [Double]
  /// What each column is then divided by.
  public let scales: [Double]

  /// Learns from rows.
  ///
  /// - Parameters:
  ///   - x: The rows to learn from, and no others.
  ///   - quantiles: Between which distances are measured.
  /// - Throws: `LatheError` for infinite values, or a column that has none.
  public init(fit x: FeatureMatrix, quantiles: ClosedRange<Double> = 0.25...0.75) throws {
    guard quantiles.lowerBound >= 0, quantiles.upperBound <= 1 else {
      throw LatheError(.invalidArgument, "robust scaling: quantiles \(quantiles) are not in 0...1")
    }
    var (centers, scales) = ([Double](), [Double]())
    for column in 0..<x.columns {
      let values = try PresentValues.of(x, column, "robust scaling").sorted()
      let low = Sums.quantile(sorted: values, quantiles.lowerBound)
      let high = Sums.quantile(sorted: values, quantiles.upperBound)
      try PresentValues.check(high - low, x, column, values, "robust scaling")
      centers.append(Sums.quantile(sorted: values, 0.5))
      scales.append(PresentValues.isConstant(high - low) ? 1 : high - low)
    }
    (self.centers, self.scales) = (centers, scales)
  }
}

/// The values of a column that has some missing.
enum PresentValues {
  static func of(_ x: FeatureMatrix, _ column: Int, _ what: String) throws -> [Double] {
    let values = x.column(column).filter { !$0.isNaN }
    guard !values.isEmpty else {
      throw LatheError(
        .invalidArgument, "\(what): column '\(x.names[column])' has no values to learn from; leave it out")
    }
    guard values.allSatisfy(\.isFinite) else {
      throw LatheError(
        .invalidArgument, "\(what): column '\(x.names[column])' has infinite values; remove them first")
    }
    return values
  }

  /// Refuses a spread that float64 cannot hold.
  static func check(_ spread: Double, _ x: FeatureMatrix, _ column: Int, _ values: [Double], _ what: String)
    throws
  {
    guard !spread.isFinite else { return }
    let largest = values.reduce(0) { max($0, $1.magnitude) }
    throw LatheError(
      .invalidArgument,
      "\(what): column '\(x.names[column])' has values up to \(largest), whose spread float64 cannot hold; divide the column, "
        + "or remove such values")
  }

  /// Whether a distance is nothing but rounding.
  static func isConstant(_ width: Double) -> Bool { width < 10 * 0x1p-52 }
}
