import CPUKernels
import LatheCPU
import LatheCore

/// A table as the ranks of its values, column by column.
final class RankedTable: @unchecked Sendable {
  // Written in `init` alone.
  let rows: Int
  let columns: Int
  /// The different values of each column, rising.
  let values: [[Double]]
  private let ranks: UnsafeMutablePointer<UInt32>

  /// - Throws: `LatheError.invalidArgument` for missing values.
  init(_ x: FeatureMatrix, what: String) throws {
    rows = x.rows
    columns = x.columns
    let memory = UnsafeMutablePointer<UInt32>.allocate(capacity: max(1, x.rows * x.columns))
    ranks = memory
    var values = [[Double]](repeating: [], count: x.columns)
    values.withUnsafeMutableBufferPointer { values in
      ThreadPool.shared.parallelFor(x.columns, grain: 1) { columns in
        for column in columns { values[column] = Self.rank(x.column(column), memory + column * x.rows) }
      }
    }
    self.values = values
    if let bad = values.firstIndex(where: { $0.contains { !$0.isFinite } }) {
      throw LatheError(
        .invalidArgument,
        "\(what): column '\(x.names[bad])' has missing or infinite values; fill them, or use boosted trees")
    }
  }

  deinit { ranks.deallocate() }

  /// The ranks of a column.
  func column(_ column: Int) -> UnsafePointer<UInt32> { UnsafePointer(ranks + column * rows) }

  private static func rank(_ column: [Double], _ ranks: UnsafeMutablePointer<UInt32>) -> [Double] {
    let count = column.count
    var sorted = [Double](repeating: 0, count: count)
    var order = [Int32](repeating: 0, count: count)
    withUnsafeTemporaryAllocation(byteCount: max(1, 32 * count), alignment: 16) { scratch in
      lathe_sort_f64(&sorted, &order, column, count, false, scratch.baseAddress)
    }
    var distinct: [Double] = []
    for i in 0..<count {
      // NaN is no number's equal; it is refused later.
      if distinct.last != sorted[i] { distinct.append(sorted[i]) }
      ranks[Int(order[i])] = UInt32(distinct.count - 1)
    }
    return distinct
  }
}
