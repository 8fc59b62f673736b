import LatheCore

/// Numbers that features can be stored as.
package protocol FeatureScalar: BinaryFloatingPoint & Sendable {}
extension Float: FeatureScalar {}
extension Double: FeatureScalar {}

/// Examples as rows, features as columns.
///
/// A missing value is NaN. A categorical column holds whole numbers from 0 on, one for each category.
public struct FeatureMatrix: Sendable {
  /// How values lie in memory.
  public enum Order: Sendable { case rowMajor, columnMajor }

  package enum Storage: Sendable {
    case float32([Float])
    case float64([Double])
  }

  /// How many examples there are.
  public let rows: Int
  /// How many features there are.
  public let columns: Int
  /// How values lie in memory.
  public let order: Order
  /// The columns whose numbers are categories.
  public let categorical: Set<Int>
  /// A name for each column.
  public let names: [String]
  package let storage: Storage

  /// A matrix of float32 values.
  public init(
    _ values: [Float], rows: Int, columns: Int, order: Order = .rowMajor, categorical: Set<Int> = [],
    names: [String]? = nil
  ) {
    self.init(
      .float32(values), count: values.count, rows: rows, columns: columns, order: order,
      categorical: categorical, names: names)
  }

  /// A matrix of float64 values.
  public init(
    _ values: [Double], rows: Int, columns: Int, order: Order = .rowMajor, categorical: Set<Int> = [],
    names: [String]? = nil
  ) {
    self.init(
      .float64(values), count: values.count, rows: rows, columns: columns, order: order,
      categorical: categorical, names: names)
  }

  /// A matrix of rows that are equally long.
  public init(_ rows: [[Double]], categorical: Set<Int> = [], names: [String]? = nil) {
    let columns = rows.first?.count ?? 0
    require(rows.allSatisfy { $0.count == columns }, "FeatureMatrix: rows of unequal length")
    self.init(
      rows.flatMap { $0 }, rows: rows.count, columns: columns, categorical: categorical, names: names)
  }

  private init(
    _ storage: Storage, count: Int, rows: Int, columns: Int, order: Order, categorical: Set<Int>,
    names: [String]?
  ) {
    require(
      rows >= 0 && columns >= 0 && count == rows * columns,
      "FeatureMatrix: \(count) values are no \(rows) x \(columns) matrix")
    require(
      categorical.allSatisfy { $0 >= 0 && $0 < columns },
      "FeatureMatrix: a categorical column that is not there")
    require(
      names == nil || names?.count == columns,
      "FeatureMatrix: \(names?.count ?? 0) names for \(columns) columns")
    self.rows = rows
    self.columns = columns
    self.order = order
    self.categorical = categorical
    self.names = names ?? (0..<columns).map { "Column_\($0)" }
    self.storage = storage
  }

  /// The distance between a column's neighbours in memory.
  package var rowStride: Int { order == .rowMajor ? columns : 1 }
  /// The distance between a row's neighbours in memory.
  package var columnStride: Int { order == .rowMajor ? 1 : rows }

  /// One value.
  public subscript(row: Int, column: Int) -> Double {
    let place = row * rowStride + column * columnStride
    switch storage {
    case .float32(let values): return Double(values[place])
    case .float64(let values): return values[place]
    }
  }

  /// The values of one column.
  public func column(_ column: Int) -> [Double] { (0..<rows).map { self[$0, column] } }

  /// The values of one row.
  public func row(_ row: Int) -> [Double] { (0..<columns).map { self[row, $0] } }

  /// A matrix of some of the rows, in their order; a row may be there several times.
  public func selecting(rows indices: [Int]) -> FeatureMatrix {
    func pick<T>(_ values: [T]) -> [T] {
      var result: [T] = []
      result.reserveCapacity(indices.count * columns)
      for index in indices {
        for column in 0..<columns { result.append(values[index * rowStride + column * columnStride]) }
      }
      return result
    }
    let picked: Storage =
      switch storage {
      case .float32(let values): .float32(pick(values))
      case .float64(let values): .float64(pick(values))
      }
    return FeatureMatrix(
      picked, count: indices.count * columns, rows: indices.count, columns: columns, order: .rowMajor,
      categorical: categorical, names: names)
  }
}
