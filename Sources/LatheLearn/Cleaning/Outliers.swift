import LatheCPU
import LatheCore
import LatheTables

/// Rows that lie where few others do: scikit-learn's `LocalOutlierFactor`.
public struct LocalOutlierFactor: Sendable {
  /// How much sparser it is around each row than around its neighbours: near 1, and above 1.5 for outliers.
  public let factors: [Double]

  /// Compares rows with their neighbours, by Euclidean distance.
  ///
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values, and fewer than two rows.
  public init(_ x: FeatureMatrix, neighbors: Int = 20) throws {
    let what = "local outlier factor"
    guard neighbors >= 1, x.rows >= 2 else {
      throw LatheError(
        .invalidArgument, "\(what): \(neighbors) neighbours of \(x.rows) rows; one and two are the least")
    }
    // As scikit-learn: of few rows all others.
    let k = min(neighbors, x.rows - 1)
    let model = try NearestNeighbors(
      LabelledRows(x, [Double](repeating: 0, count: x.rows)), k: k + 1, isClassification: false)
    var (found, distances) = model.neighbors(x)
    for row in 0..<x.rows {
      // A row is no neighbour of itself; among many equal ones it may not be found.
      let own = found[row].firstIndex(of: row) ?? k
      found[row].remove(at: own)
      distances[row].remove(at: own)
    }
    let farthest = distances.map { $0[k - 1] }
    let density = (0..<x.rows).map { row in
      let reach = zip(found[row], distances[row]).map { max($1, farthest[$0]) }
      return 1 / (Sums.mean(reach) + 1e-10)
    }
    factors = (0..<x.rows).map { row in Sums.mean(found[row].map { density[$0] }) / density[row] }
  }
}

/// How outliers are found.
public enum OutlierRule: Sendable, Hashable {
  /// Values farther from the mean than so many standard deviations, in any column.
  case zScore(Double = 3)
  /// Values farther from the quartiles than so many times the distance between them, in any column.
  case interquartile(Double = 1.5)
  /// Rows that few random splits separate from all others; scores are 0...1, and those of outliers above the limit.
  case isolationForest(score: Double = 0.6, seed: UInt64 = 0)
  /// Rows around which it is sparser than around their neighbours; columns are standardised first.
  case localOutlierFactor(neighbors: Int = 20, factor: Double = 1.5)
}

extension TableCleaner {
  /// Takes out outliers.
  ///
  /// Missing values are no outliers; where rows are looked at as a whole, medians stand in for them.
  ///
  /// - Parameters:
  ///   - rule: How they are found.
  ///   - columns: The columns of numbers that are looked at; all of them unless given. The target should not be among them.
  /// - Throws: `LatheError.invalidArgument` where a column is not there or not of numbers.
  public mutating func removeOutliers(_ rule: OutlierRule, columns: [String]? = nil) throws {
    let chosen =
      try columns.map { try $0.map { try table[$0] } }
      ?? table.columns.filter { $0.type.isNumeric && $0.type != .bool }
    let values = try chosen.map { try $0.numbers() }
    guard !values.isEmpty, table.rowCount > 1 else {
      return remove("outliers", [], notes: ["no columns of numbers, or no rows, to look at"])
    }
    let names = chosen.map(\.name)
    switch rule {
    case .zScore(let limit):
      removeOutside(names, values, "outliers (z-score \(rounded(limit)))") { present in
        let mean = Sums.mean(present)
        let deviation = Sums.variance(present, freedom: 0).squareRoot()
        return mean - limit * deviation...mean + limit * deviation
      }
    case .interquartile(let limit):
      removeOutside(names, values, "outliers (interquartile range \(rounded(limit)))") { present in
        let sorted = present.sorted()
        let (low, high) = (Sums.quantile(sorted: sorted, 0.25), Sums.quantile(sorted: sorted, 0.75))
        return low - limit * (high - low)...high + limit * (high - low)
      }
    case .isolationForest(let limit, let seed):
      let x = Self.filled(names, values)
      let scores = try IsolationForest.train(x, seed: seed).scores(x)
      remove(
        "outliers (isolation forest)",
        scores.indices.filter { scores[$0] > limit }.map { ($0, "score \(rounded(scores[$0]))") })
    case .localOutlierFactor(let neighbors, let limit):
      let x = Self.filled(names, values)
      let factors = try LocalOutlierFactor(StandardScaler(fit: x).transform(x), neighbors: neighbors).factors
      remove(
        "outliers (local outlier factor)",
        factors.indices.filter { factors[$0] > limit }.map { ($0, "factor \(rounded(factors[$0]))") })
    }
  }

  private mutating func removeOutside(
    _ names: [String], _ values: [[Double]], _ name: String, _ range: ([Double]) -> ClosedRange<Double>
  ) {
    var notes: [String] = []
    var ranges: [ClosedRange<Double>?] = []
    for (name, column) in zip(names, values) {
      let present = column.filter(\.isFinite)
      let found = present.isEmpty ? nil : range(present)
      ranges.append(found)
      if let found {
        notes.append("'\(name)' within \(rounded(found.lowerBound)) to \(rounded(found.upperBound))")
      }
    }
    remove(
      name,
      (0..<table.rowCount).compactMap { row in
        for (column, range) in ranges.enumerated() {
          let value = values[column][row]
          if let range, !value.isNaN, !range.contains(value) {
            return (row, "'\(names[column])' is \(rounded(value))")
          }
        }
        return nil
      }, notes: notes)
  }

  private static func filled(_ names: [String], _ values: [[Double]]) -> FeatureMatrix {
    let medians = values.map { column in
      let present = column.filter(\.isFinite).sorted()
      return present.isEmpty ? 0 : Sums.quantile(sorted: present, 0.5)
    }
    return FeatureMatrix(
      (0..<values[0].count).map { row in
        values.indices.map { values[$0][row].isFinite ? values[$0][row] : medians[$0] }
      }, names: names)
  }
}
