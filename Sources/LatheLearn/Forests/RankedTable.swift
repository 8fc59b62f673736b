import CPUKernels
import LatheCPU
import LatheCore

/// A table as the ranks of its values, column by column.
///
/// A missing value has the rank behind all others, and in a second list of ranks that before them, so that whichever side of a
/// split it goes to, the rows of a side are those up to a rank.
final class RankedTable: @unchecked Sendable {
  // Written in `init` alone.
  let rows: Int
  let columns: Int
  /// The different values of each column, rising.
  let values: [[Double]]
  private let ranks: UnsafeMutablePointer<UInt32>
  /// Of columns with missing values: 0 for those, the others' ranks and 1.
  private let missingFirst: [UnsafeMutablePointer<UInt32>?]

  /// - Throws: `LatheError.invalidArgument` for infinite values, and for missing ones where they are not allowed.
  init(_ x: FeatureMatrix, what: String, allowsMissing: Bool = false) throws {
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
    missingFirst = values.enumerated().map { column, values in
      let (own, behind) = (memory + column * x.rows, UInt32(values.count))
      guard (0..<x.rows).contains(where: { own[$0] == behind }) else { return nil }
      let first = UnsafeMutablePointer<UInt32>.allocate(capacity: x.rows)
      for row in 0..<x.rows { first[row] = own[row] == behind ? 0 : own[row] + 1 }
      return first
    }
    for column in 0..<x.columns {
      let isMissing = missingFirst[column] != nil && !allowsMissing
      guard isMissing || values[column].contains(where: { !$0.isFinite }) else { continue }
      throw LatheError(
        .invalidArgument,
        "\(what): column '\(x.names[column])' has \(isMissing ? "missing" : "infinite") values; "
          + (isMissing ? "fill them first (SimpleImputer)" : "remove or replace them first"))
    }
  }

  deinit {
    ranks.deallocate()
    for first in missingFirst { first?.deallocate() }
  }

  /// The ranks of a column, missing values behind all others.
  func column(_ column: Int) -> UnsafePointer<UInt32> { UnsafePointer(ranks + column * rows) }

  /// The ranks and 1 of a column with missing values, which have 0; nil where it has none.
  func missingFirst(_ column: Int) -> UnsafePointer<UInt32>? {
    missingFirst[column].map { UnsafePointer($0) }
  }

  /// The rank of missing values behind all others.
  func missingRank(_ column: Int) -> UInt32 { UInt32(values[column].count) }

  private static func rank(_ column: [Double], _ ranks: UnsafeMutablePointer<UInt32>) -> [Double] {
    let places = column.indices.filter { !column[$0].isNaN }
    let present = places.count == column.count ? column : places.map { column[$0] }
    let count = present.count
    var sorted = [Double](repeating: 0, count: count)
    var order = [Int32](repeating: 0, count: count)
    withUnsafeTemporaryAllocation(byteCount: max(1, 32 * count), alignment: 16) { scratch in
      lathe_sort_f64(&sorted, &order, present, count, false, scratch.baseAddress)
    }
    var distinct: [Double] = []
    for i in 0..<count {
      if distinct.last != sorted[i] { distinct.append(sorted[i]) }
      ranks[places[Int(order[i])]] = UInt32(distinct.count - 1)
    }
    if count < column.count {
      for row in column.indices where column[row].isNaN { ranks[row] = UInt32(distinct.count) }
    }
    return distinct
  }
}
