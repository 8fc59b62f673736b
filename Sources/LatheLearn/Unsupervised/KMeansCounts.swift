import LatheCore

/// Groups of rows that come piece by piece: the `partial_fit` of scikit-learn's `MiniBatchKMeans`.
///
/// A center is the mean of all rows that ever came to it. Groups that stay without rows are not begun anew.
public struct KMeansCounts: Sendable, Hashable, Codable {
  private var centers: [[Double]]
  /// The sum of weights of each center's rows.
  private var counts: [Double]

  /// Centers to begin with.
  public init(centers: [[Double]]) {
    require(
      centers.first.map { first in !first.isEmpty && centers.allSatisfy { $0.count == first.count } }
        ?? false,
      "KMeansCounts: centers must be there, and equally long")
    self.centers = centers
    counts = centers.map { _ in 0 }
  }

  /// Centers far apart among the rows of a first piece, which does not count yet.
  public init(_ x: FeatureMatrix, clusters: Int, seed: UInt64 = 0) throws {
    var configuration = KMeans.Configuration(clusters: clusters)
    (configuration.maxIterations, configuration.seed) = (1, seed)
    self.init(centers: try KMeans.train(x, configuration).centers)
  }

  /// Moves centers to the means of more rows and those before.
  ///
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values, other columns, and weights that do not fit.
  public mutating func partialFit(_ x: FeatureMatrix, weights: [Double]? = nil) throws {
    let what = "k-means"
    let columns = centers[0].count
    try LinearChecks.expect(
      x.columns == columns, "\(what): \(x.columns) columns, the centers have \(columns)")
    try LinearChecks.expect(
      weights.map { $0.count == x.rows && $0.allSatisfy { $0 >= 0 && $0.isFinite } } ?? true,
      "\(what): weights must be one for each of the \(x.rows) rows, and not negative")
    let rows = try DenseRows(x, what: what)
    var sums = centers.map { $0.map { _ in 0.0 } }
    var added = counts.map { _ in 0.0 }
    for (row, label) in model().predict(x).enumerated() {
      let weight = weights?[row] ?? 1
      added[label] += weight
      for j in 0..<columns { sums[label][j] += weight * rows.values[row * columns + j] }
    }
    for k in centers.indices where added[k] > 0 {
      let total = counts[k] + added[k]
      for j in 0..<columns { centers[k][j] = (centers[k][j] * counts[k] + sums[k][j]) / total }
      counts[k] = total
    }
  }

  /// The groups so far.
  public func model() -> KMeans { KMeans(centers: centers, inertia: 0, iterations: 0) }
}
