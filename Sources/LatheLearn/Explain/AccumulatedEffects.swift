import LatheCore
import LatheTables

/// What a prediction gains along a column of numbers, by small steps of rows that are there (ALE, Apley and Zhu, 2020): unlike
/// partial dependence it does not ask for rows that cannot be where columns go together.
public struct AccumulatedEffects: Sendable, Hashable, Codable {
  /// The column.
  public let column: String
  /// The ends of intervals, rising; they have about equally many rows.
  public let edges: [Double]
  /// The effect at each end, 0 on average over the rows.
  public let effects: [Double]
  /// Rows of each interval.
  public let counts: [Int]

  /// The effects of a column of numbers; rows in which it is missing are left out.
  ///
  /// - Throws: `LatheError.invalidArgument` where the column is of no numbers, or does not vary.
  public init<Rows: ExplainedRows>(
    _ rows: Rows, column: String, intervals: Int = 20, predict: (Rows) throws -> [Double]
  ) throws {
    let place = try rows.place(of: column)
    guard rows.isNumeric(place), intervals > 0 else {
      throw LatheError(
        .invalidArgument,
        "accumulated effects: column '\(column)' is not of numbers, or there are \(intervals) intervals; partial dependence "
          + "takes categories")
    }
    let all = try rows.numbers(place)
    let kept = all.indices.filter { !all[$0].isNaN }
    let rows = try rows.rows(kept)
    let values = kept.map { all[$0] }
    let sorted = values.sorted()
    var edges: [Double] = []
    for k in 0...intervals where !sorted.isEmpty {
      let edge = Sums.quantile(sorted: sorted, Double(k) / Double(intervals))
      if edge != edges.last { edges.append(edge) }
    }
    guard edges.count > 1 else {
      throw LatheError(.invalidArgument, "accumulated effects: column '\(column)' does not vary")
    }
    // Interval k is above edge k and up to edge k + 1; the first has its lower end, too.
    let intervalOf = values.map { value in
      max(0, (edges.firstIndex { value <= $0 } ?? edges.count - 1) - 1)
    }
    var sums = [Double](repeating: 0, count: edges.count - 1)
    var counts = [Int](repeating: 0, count: edges.count - 1)
    for k in sums.indices {
      let members = intervalOf.indices.filter { intervalOf[$0] == k }
      if members.isEmpty { continue }
      let own = try rows.rows(members)
      let low = try predict(own.setting(place, to: ColumnPoint(edges[k])))
      let high = try predict(own.setting(place, to: ColumnPoint(edges[k + 1])))
      sums[k] = Sums.sum(zip(high, low).map { $0 - $1 }) / Double(members.count)
      counts[k] = members.count
    }
    var effects = [0.0]
    for sum in sums { effects.append(effects[effects.count - 1] + sum) }
    var mean = 0.0
    for k in sums.indices { mean += Double(counts[k]) * (effects[k] + effects[k + 1]) / 2 }
    mean /= Double(values.count)
    self.column = column
    self.edges = edges
    self.effects = effects.map { $0 - mean }
    self.counts = counts
  }
}
