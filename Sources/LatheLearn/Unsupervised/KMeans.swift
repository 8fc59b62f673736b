import CPUKernels
import LatheCPU
import LatheCore

/// Rows in groups around their means.
public struct KMeans: Sendable, Hashable, Codable {
  /// How groups are found, in scikit-learn's words and with its defaults.
  public struct Configuration: Sendable, Hashable, Codable {
    /// How many groups there are.
    public var clusters: Int
    /// How often it is begun anew; the best result is taken.
    public var runs = 1
    /// The most rounds of a run.
    public var maxIterations = 300
    /// The part of the mean variance below which squared moves of the centers end a run.
    public var tolerance = 1e-4
    /// What random choices depend on.
    public var seed: UInt64 = 0

    /// The defaults for a number of groups.
    public init(clusters: Int = 8) { self.clusters = clusters }
  }

  /// The groups' means.
  public let centers: [[Double]]
  /// The sum of squared distances of rows to their centers.
  public let inertia: Double
  /// Rounds of the best run.
  public let iterations: Int

  /// Finds groups by Lloyd's rounds, from centers far apart (k-means++ with several candidates each).
  ///
  /// - Parameters:
  ///   - x: The rows.
  ///   - configuration: How.
  ///   - centers: Centers to begin with, in place of chosen ones.
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values, and fewer rows than groups.
  public static func train(
    _ x: FeatureMatrix, _ configuration: Configuration = Configuration(), from centers: [[Double]]? = nil
  ) throws -> KMeans {
    let (rows, means) = try DenseRows.withMeans(x, what: "k-means")
    let clusters = centers?.count ?? configuration.clusters
    try LinearChecks.expect(
      clusters >= 1 && clusters <= rows.rows && configuration.runs >= 1,
      "k-means: \(clusters) groups of \(rows.rows) rows; one is the least, and there cannot be more than rows"
    )
    try LinearChecks.expect(
      centers?.allSatisfy { $0.count == rows.columns } ?? true,
      "k-means: centers must have \(rows.columns) numbers, as the rows have")
    var random = RandomSource(seed: configuration.seed)
    let lloyd = LloydRounds(rows, means, configuration)
    var best: KMeans?
    for _ in 0..<(centers == nil ? configuration.runs : 1) {
      let start = centers?.flatMap { $0 } ?? lloyd.spreadCenters(clusters, &random)
      let found = lloyd.run(from: start)
      if found.inertia < best?.inertia ?? .infinity { best = found }
    }
    guard let best else {
      throw LatheError(
        .invalidArgument, "k-means: distances between rows are beyond float64; scale the columns")
    }
    return best
  }

  /// The group of each row: that of the nearest center, of equals the first.
  public func predict(_ x: FeatureMatrix) -> [Int] {
    let columns = centers[0].count
    require(x.columns == columns, "the groups have \(columns) columns, the matrix has \(x.columns)")
    let rows = DenseRows(DenseRows.rowMajor(x), rows: x.rows, columns: columns)
    return LloydRounds.labels(rows, centers.flatMap { $0 })
  }
}

/// Rounds in which rows go to the nearest center, and centers to the mean of their rows.
private struct LloydRounds {
  let rows: DenseRows
  let means: [Double]
  let maxIterations: Int
  /// What squared moves of all centers must fall below.
  let tolerance: Double

  init(_ rows: DenseRows, _ means: [Double], _ configuration: KMeans.Configuration) {
    self.rows = rows
    self.means = means
    maxIterations = configuration.maxIterations
    let squares = rows.sum(1) { range, x, sums in
      for i in 0..<range.count * rows.columns {
        let distance = x[i] - means[i % rows.columns]
        sums[0] += distance * distance
      }
    }
    tolerance = configuration.tolerance * squares[0] / Double(max(1, rows.rows * rows.columns))
  }

  /// Centers as lathe_linear_nearest reads them, and half of each one's square.
  private struct TurnedCenters {
    var values: [Double]
    var halves: [Double]

    init(_ centers: [Double], _ columns: Int) {
      let width = LATHE_NEAREST_GROUPS
      let groups = centers.count / columns
      let padded = (groups + width - 1) / width * width
      values = [Double](repeating: 0, count: padded * columns)
      halves = [Double](repeating: .infinity, count: padded)
      for group in 0..<groups {
        var squares = 0.0
        for j in 0..<columns {
          let value = centers[group * columns + j]
          values[(group / width * columns + j) * width + group % width] = value
          squares += value * value
        }
        halves[group] = 0.5 * squares
      }
    }
  }

  static func labels(_ rows: DenseRows, _ centers: [Double]) -> [Int] {
    var labels = [Int](repeating: 0, count: rows.rows)
    _ = round(rows, centers, &labels, sums: false)
    return labels
  }

  /// The nearest center of each row; with `sums` the sum of rows of each center, and behind them their numbers.
  ///
  /// The nearest center is the one with the largest x . c - c . c / 2.
  private static func round(
    _ rows: DenseRows, _ centers: [Double], _ labels: inout [Int], sums wanted: Bool
  ) -> [Double] {
    let columns = rows.columns
    let groups = centers.count / columns
    let turned = TurnedCenters(centers, columns)
    return labels.withUnsafeMutableBufferPointer { labels in
      let labels = labels
      return turned.values.withUnsafeBufferPointer { centers in
        turned.halves.withUnsafeBufferPointer { halves in
          rows.sum(wanted ? groups * (columns + 1) : 1) { range, x, sums in
            guard let labels = labels.baseAddress else { return }
            lathe_linear_nearest(
              x, range.count, columns, centers.baseAddress, halves.baseAddress, groups,
              labels + range.lowerBound, wanted ? sums : nil)
          }
        }
      }
    }
  }

  func run(from start: [Double]) -> KMeans {
    let columns = rows.columns
    // Products of numbers far from zero would lose the digits of their distances.
    let centered = rows.centered(around: means)
    var centers = start
    for i in centers.indices { centers[i] -= means[i % columns] }
    var labels = [Int](repeating: -1, count: rows.rows)
    var iterations = 0
    while iterations < maxIterations {
      iterations += 1
      let before = labels
      let sums = Self.round(centered, centers, &labels, sums: true)
      let next = moved(centered, centers, sums, labels)
      let shift = zip(next, centers).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      centers = next
      if labels == before || shift <= tolerance { break }
    }
    _ = Self.round(centered, centers, &labels, sums: false)
    let inertia = labels.withUnsafeBufferPointer { labels in
      centered.sum(1) { range, x, sums in
        for (i, row) in range.enumerated() {
          for j in 0..<columns {
            let distance = x[i * columns + j] - centers[labels[row] * columns + j]
            sums[0] += distance * distance
          }
        }
      }
    }
    return KMeans(
      centers: stride(from: 0, to: centers.count, by: columns).map { first in
        (0..<columns).map { centers[first + $0] + means[$0] }
      }, inertia: inertia[0], iterations: iterations)
  }

  /// The means of the centers' rows; a center without rows takes the row that is farthest from its own.
  private func moved(_ x: DenseRows, _ centers: [Double], _ sums: [Double], _ labels: [Int]) -> [Double] {
    let columns = x.columns
    let clusters = centers.count / columns
    var sums = sums
    let empty = (0..<clusters).filter { sums[clusters * columns + $0] == 0 }
    if !empty.isEmpty {
      let distances = (0..<x.rows).map { row in
        (0..<columns).reduce(0.0) {
          let distance = x.values[row * columns + $1] - centers[labels[row] * columns + $1]
          return $0 + distance * distance
        }
      }
      let farthest = distances.indices.sorted { (distances[$1], $0) < (distances[$0], $1) }
      for (cluster, row) in zip(empty, farthest) {
        let old = labels[row]
        for j in 0..<columns {
          sums[old * columns + j] -= x.values[row * columns + j]
          sums[cluster * columns + j] = x.values[row * columns + j]
        }
        sums[clusters * columns + old] -= 1
        sums[clusters * columns + cluster] = 1
      }
    }
    return centers.indices.map { i in
      let count = sums[clusters * columns + i / columns]
      return count > 0 ? sums[i] / count : centers[i]
    }
  }

  /// Centers far apart: of a few rows drawn by their squared distances the one that leaves the least (Arthur and
  /// Vassilvitskii, 2007; the candidates as in scikit-learn).
  func spreadCenters(_ clusters: Int, _ random: inout RandomSource) -> [Double] {
    let columns = rows.columns
    let trials = 2 + Int(logarithm(Double(clusters)))
    var chosen = [random.below(rows.rows)]
    var nearest = distances(to: chosen)
    while chosen.count < clusters {
      let total = nearest.reduce(0, +)
      let candidates = (0..<trials).map { _ in
        var left = random.uniform() * total
        var row = 0
        while row < rows.rows - 1, left >= nearest[row] {
          left -= nearest[row]
          row += 1
        }
        return row
      }
      let found = distances(to: candidates, atMost: nearest)
      var sums = [Double](repeating: 0, count: trials)
      for row in 0..<rows.rows { for k in 0..<trials { sums[k] += found[row * trials + k] } }
      var best = 0
      for k in 1..<trials where sums[k] < sums[best] { best = k }
      guard sums[best] < .infinity else { break }
      chosen.append(candidates[best])
      for row in 0..<rows.rows { nearest[row] = found[row * trials + best] }
    }
    return chosen.flatMap { Array(rows.values[$0 * columns..<($0 + 1) * columns]) }
  }

  /// Each row's squared distances to some of the rows, or what is given for the row where that is less.
  private func distances(to chosen: [Int], atMost most: [Double]? = nil) -> [Double] {
    let (columns, width) = (rows.columns, chosen.count)
    let points = chosen.flatMap { Array(rows.values[$0 * columns..<($0 + 1) * columns]) }
    return [Double](unsafeUninitializedCapacity: rows.rows * width) { target, count in
      count = rows.rows * width
      let to = target.baseAddress
      rows.values.withUnsafeBufferPointer { values in
        ThreadPool.shared.parallelFor(rows.rows, grain: max(64, (1 << 15) / (columns * width))) { range in
          guard let x = values.baseAddress, let to = to.map({ $0 + range.lowerBound * width }) else { return }
          lathe_linear_distances(x + range.lowerBound * columns, range.count, columns, points, width, to)
          guard let most else { return }
          for (i, row) in range.enumerated() {
            for k in i * width..<(i + 1) * width { to[k] = min(to[k], most[row]) }
          }
        }
      }
    }
  }
}
