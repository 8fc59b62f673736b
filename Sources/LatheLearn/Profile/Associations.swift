import LatheCore
import LatheTables

/// How much two columns say of each other.
public struct Association: Sendable, Encodable {
  /// How it is measured.
  public enum Kind: String, Sendable, Encodable {
    /// Pearson's correlation of two columns of numbers, -1...1.
    case pearson
    /// Cramér's V of two columns of categories, 0...1.
    case cramersV
    /// The correlation ratio of categories and numbers, 0...1.
    case correlationRatio
  }

  /// The column that stands first in the table.
  public let first: String
  /// The other.
  public let second: String
  /// How it is measured.
  public let kind: Kind
  /// How much.
  public let value: Double
}

/// Measures of what columns say of each other; rows in which one is missing are left out.
public enum Associations {
  /// Pearson's correlation, as pandas' `corr`; nil where a column does not vary.
  public static func pearson(_ x: [Double], _ y: [Double]) -> Double? {
    let rows = x.indices.filter { x[$0].isFinite && y[$0].isFinite }
    guard rows.count > 1 else { return nil }
    let (a, b) = (rows.map { x[$0] }, rows.map { y[$0] })
    let (meanA, meanB) = (Sums.mean(a), Sums.mean(b))
    let product = Sums.sum(zip(a, b).map { ($0 - meanA) * ($1 - meanB) })
    let squares =
      Sums.sum(a.map { ($0 - meanA) * ($0 - meanA) }).squareRoot()
      * Sums.sum(b.map { ($0 - meanB) * ($0 - meanB) }).squareRoot()
    guard squares > 0, squares.isFinite, product.isFinite else { return nil }
    return max(-1, min(1, product / squares))
  }

  /// Cramér's V without a correction, of the places of categories, negative where missing; nil where one column does not
  /// vary.
  public static func cramersV(_ a: [Int], _ b: [Int]) -> Double? {
    struct Cell: Hashable {
      let a: Int
      let b: Int
    }
    var cells: [Cell: Int] = [:]
    var (rows, columns) = ([Int: Int](), [Int: Int]())
    var total = 0
    for (x, y) in zip(a, b) where x >= 0 && y >= 0 {
      cells[Cell(a: x, b: y), default: 0] += 1
      rows[x, default: 0] += 1
      columns[y, default: 0] += 1
      total += 1
    }
    let least = min(rows.count, columns.count)
    guard least > 1 else { return nil }
    // chi-square / n = sum of n_ij^2 / (n_i n_j), less 1.
    let sum = Sums.sum(
      cells.map { cell, count in
        Double(count) / Double(rows[cell.a] ?? 1) * Double(count) / Double(columns[cell.b] ?? 1)
      })
    return min(1, (max(0, sum - 1) / Double(least - 1)).squareRoot())
  }

  /// The root of the share of numbers' variance that lies between categories; nil where numbers do not vary.
  public static func correlationRatio(_ categories: [Int], _ numbers: [Double]) -> Double? {
    let rows = categories.indices.filter { categories[$0] >= 0 && numbers[$0].isFinite }
    guard rows.count > 1 else { return nil }
    let mean = Sums.mean(rows.map { numbers[$0] })
    let whole = Sums.sum(rows.map { (numbers[$0] - mean) * (numbers[$0] - mean) })
    let groups = Dictionary(grouping: rows) { categories[$0] }
    guard groups.count > 1, whole > 0, whole.isFinite else { return nil }
    let between = Sums.sum(
      groups.values.map { rows in
        let own = Sums.mean(rows.map { numbers[$0] }) - mean
        return Double(rows.count) * own * own
      })
    return min(1, (between / whole).squareRoot())
  }
}
