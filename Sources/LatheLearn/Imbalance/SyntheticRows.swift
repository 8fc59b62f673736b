import LatheCPU
import LatheCore
import LatheTables

/// SMOTE: rows between rows.
///
/// Categories take the most frequent one of the neighbours, as in imbalanced-learn's `SMOTENC`.
struct SyntheticRows {
  private let data: LabelledRows
  private let neighbors: Int
  private let values: [Double]

  init(_ data: LabelledRows, neighbors: Int) throws {
    try LinearChecks.expect(neighbors >= 1, "SMOTE: \(neighbors) neighbours; one is the least")
    self.data = data
    self.neighbors = neighbors
    values = try DenseRows(data.features, what: "SMOTE").values
  }

  /// All rows, and behind them as many new ones of each class as asked for.
  func added(_ classes: [(rows: [Int], count: Int)], _ random: inout RandomSource) throws -> LabelledRows {
    let columns = data.features.columns
    var result = values
    var targets = data.targets
    var weights = data.weights
    for (rows, count) in classes where count > 0 {
      guard rows.count > neighbors else {
        throw LatheError(
          .invalidArgument,
          "SMOTE: class \(Int(data.targets[rows[0]])) has \(counted(rows.count, "rows")), \(neighbors) neighbours need "
            + "\(neighbors + 1); take fewer neighbours, or randomOver")
      }
      let near = nearest(rows)
      for _ in 0..<count {
        let own = random.below(rows.count)
        let other = near[own][random.below(neighbors)]
        let step = random.uniform()
        for j in 0..<columns {
          let (a, b) = (values[rows[own] * columns + j], values[rows[other] * columns + j])
          result.append(
            data.features.categorical.contains(j)
              ? mostFrequent(near[own].map { values[rows[$0] * columns + j] })
              : a + step * (b - a))
        }
        targets.append(data.targets[rows[own]])
        if let all = data.weights {
          weights?.append(all[rows[own]] + step * (all[rows[other]] - all[rows[own]]))
        }
      }
    }
    let x = FeatureMatrix(
      result, rows: targets.count, columns: columns, categorical: data.features.categorical,
      names: data.features.names)
    return LabelledRows(x, targets, weights: weights)
  }

  /// For each row the places of the nearest others among the rows.
  private func nearest(_ rows: [Int]) -> [[Int]] {
    let columns = data.features.columns
    let categorical = (0..<columns).map { data.features.categorical.contains($0) }
    let penalty = categoryDistance(rows)
    var result = [[Int]](repeating: [], count: rows.count)
    result.withUnsafeMutableBufferPointer { result in
      ThreadPool.shared.parallelFor(rows.count, grain: 8) { range in
        for i in range {
          let distances = rows.indices.map { k -> Double in
            var sum = 0.0
            for j in 0..<columns {
              let difference = values[rows[i] * columns + j] - values[rows[k] * columns + j]
              sum += categorical[j] ? (difference == 0 ? 0 : penalty) : difference * difference
            }
            return sum
          }
          let order = rows.indices.filter { $0 != i }.sorted { (distances[$0], $0) < (distances[$1], $1) }
          result[i] = Array(order.prefix(neighbors))
        }
      }
    }
    return result
  }

  /// What two different categories add to a squared distance: half the squared median of the numbers' deviations.
  private func categoryDistance(_ rows: [Int]) -> Double {
    let columns = data.features.columns
    let deviations = (0..<columns).filter { !data.features.categorical.contains($0) }.map { j in
      Sums.variance(rows.map { values[$0 * columns + j] }, freedom: 0).squareRoot()
    }.sorted()
    guard !deviations.isEmpty else { return 1 }
    let median = Sums.quantile(sorted: deviations, 0.5)
    return median * median / 2
  }

  private func mostFrequent(_ values: [Double]) -> Double {
    var counts: [Double: Int] = [:]
    for value in values { counts[value, default: 0] += 1 }
    return counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? 0
  }
}
