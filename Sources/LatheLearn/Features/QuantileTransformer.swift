import LatheCore
import LatheTables

/// Values as the parts of rows below them, which makes any distribution uniform or normal: scikit-learn's
/// `QuantileTransformer`.
///
/// Quantiles are those of all rows; scikit-learn draws 10,000 of more. Missing values stay missing.
public struct QuantileTransformer: Sendable, Hashable, Codable {
  /// What values are distributed like.
  public enum Distribution: String, Sendable, Hashable, Codable {
    /// Evenly in 0...1.
    case uniform
    /// With mean 0 and deviation 1.
    case normal
  }

  /// For each column values of rising order, at even distances in the parts of rows.
  public let quantiles: [[Double]]
  /// What values are distributed like.
  public let distribution: Distribution

  /// Learns from rows.
  ///
  /// - Parameters:
  ///   - x: The rows to learn from, and no others.
  ///   - quantiles: How many values of each column are kept; no more than rows.
  ///   - distribution: What values become distributed like.
  /// - Throws: `LatheError` for infinite values, or a column that has none.
  public init(fit x: FeatureMatrix, quantiles: Int = 1000, _ distribution: Distribution = .uniform) throws {
    guard quantiles >= 1 else {
      throw LatheError(.invalidArgument, "quantile scaling: \(quantiles) quantiles; one is the least")
    }
    let count = max(1, min(quantiles, x.rows))
    self.quantiles = try (0..<x.columns).map { column in
      let values = try PresentValues.of(x, column, "quantile scaling").sorted()
      return (0..<count).map { Sums.quantile(sorted: values, Self.part($0, count)) }
    }
    self.distribution = distribution
  }

  var isSound: Bool {
    quantiles.allSatisfy { list in !list.isEmpty && zip(list, list.dropFirst()).allSatisfy { $0 <= $1 } }
  }

  private static func part(_ place: Int, _ count: Int) -> Double {
    place == count - 1 && count > 1 ? 1 : Double(place) / Double(max(1, count - 1))
  }

  /// Below this part and above 1 less it are the ends, which would be infinite in the normal distribution.
  private static let edge = 1e-7

  /// Rows with their values changed.
  public func transform(_ x: FeatureMatrix) -> FeatureMatrix {
    x.mapped(columns: quantiles.count, "quantile scaling") { value, column in
      let list = quantiles[column]
      let (least, most) = (list[0], list[list.count - 1])
      var part = place(value, list)
      switch distribution {
      case .uniform:
        return value == least ? 0 : value == most ? 1 : part
      case .normal:
        if value - Self.edge < least { part = 0 } else if value + Self.edge > most { part = 1 }
        let limit = Normal.quantile(Self.edge - 0x1p-52)
        return min(max(Normal.quantile(part), limit), -limit)
      }
    }
  }

  /// Rows as they were.
  public func inverseTransform(_ x: FeatureMatrix) -> FeatureMatrix {
    x.mapped(columns: quantiles.count, "quantile scaling") { value, column in
      let list = quantiles[column]
      let part = distribution == .normal ? Normal.cumulative(value) : value
      if distribution == .normal, part - Self.edge < 0 { return list[0] }
      if distribution == .normal, part + Self.edge > 1 { return list[list.count - 1] }
      let place = min(max(part, 0), 1) * Double(list.count - 1)
      let low = min(Int(place), max(0, list.count - 2))
      let high = min(low + 1, list.count - 1)
      return list[low] + (place - Double(low)) * (list[high] - list[low])
    }
  }

  /// The part of rows below a value; of a value that is several quantiles the middle of the first's and the last's.
  private func place(_ value: Double, _ list: [Double]) -> Double {
    let count = list.count
    if value < list[0] { return 0 }
    if value > list[count - 1] { return 1 }
    let first = list.firstPlace { $0 >= value }
    let behind = list.firstPlace { $0 > value }
    func between(_ low: Int) -> Double {
      let share = (value - list[low]) / (list[low + 1] - list[low])
      return (1 - share) * Self.part(low, count) + share * Self.part(low + 1, count)
    }
    if first == behind { return between(first - 1) }
    return 0.5 * (Self.part(first, count) + Self.part(behind - 1, count))
  }
}

extension Array where Element == Double {
  /// The first place in a rising list for which something holds, which then holds for all behind it.
  func firstPlace(_ holds: (Double) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if holds(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

extension FeatureMatrix {
  /// A matrix of changed values; missing ones stay.
  func mapped(columns expected: Int, _ what: String, _ change: (Double, Int) -> Double) -> FeatureMatrix {
    require(columns == expected, "\(what) knows \(expected) columns, not \(columns)")
    var values = DenseRows.rowMajor(self)
    for i in values.indices where !values[i].isNaN { values[i] = change(values[i], i % columns) }
    return FeatureMatrix(values, rows: rows, columns: columns, categorical: categorical, names: names)
  }
}
