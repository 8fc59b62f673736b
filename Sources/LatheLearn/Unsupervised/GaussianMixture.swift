import LatheCPU
import LatheCore

/// Rows as a sum of normal distributions: scikit-learn's `GaussianMixture`.
public struct GaussianMixture: Sendable, Hashable, Codable {
  /// What covariances the distributions have.
  public enum Covariance: String, Sendable, Hashable, Codable {
    /// Each its own.
    case full
    /// All the same.
    case tied
    /// Each its own, without correlations.
    case diag
    /// Each a single variance.
    case spherical
  }

  /// How it is found, in scikit-learn's words and with its defaults.
  public struct Configuration: Sendable, Hashable, Codable {
    /// How many distributions there are.
    public var components: Int
    /// What covariances they have.
    public var covariance: Covariance
    /// The change of the mean log-likelihood that ends rounds.
    public var tolerance = 1e-3
    /// What is added to variances.
    public var regularization = 1e-6
    /// The most rounds of a run.
    public var maxIterations = 100
    /// How often it is begun anew; the most likely result is taken.
    public var runs = 1
    /// What the first groups depend on.
    public var seed: UInt64 = 0

    /// The defaults for a number of distributions.
    public init(components: Int = 1, _ covariance: Covariance = .full) {
      (self.components, self.covariance) = (components, covariance)
    }
  }

  /// What covariances the distributions have.
  public let covariance: Covariance
  /// The part of the rows of each.
  public let weights: [Double]
  /// The mean of each.
  public let means: [[Double]]
  /// The covariances of each, row after row: all of them (`full`, `tied`), or variances alone.
  public let covariances: [[Double]]
  /// The mean log-likelihood of a row in the last round.
  public let lowerBound: Double
  /// Rounds of the best run.
  public let iterations: Int
  /// Whether they ended because little changed.
  public let hasConverged: Bool

  /// Finds distributions by expectation and maximisation, from the groups of k-means.
  ///
  /// - Parameters:
  ///   - x: The rows.
  ///   - configuration: How.
  ///   - groups: The group of each row to begin with, in place of k-means's.
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values, fewer rows than distributions, and covariances that
  ///   are not positive.
  public static func train(
    _ x: FeatureMatrix, _ configuration: Configuration = Configuration(), from groups: [Int]? = nil
  ) throws -> GaussianMixture {
    let what = "Gaussian mixture"
    let rows = try DenseRows(x, what: what)
    let count = configuration.components
    try LinearChecks.expect(
      count >= 1 && count <= rows.rows && configuration.runs >= 1
        && groups.map { $0.count == rows.rows && $0.allSatisfy { (0..<count).contains($0) } } ?? true,
      "\(what): \(count) distributions of \(rows.rows) rows; one is the least, no more than rows, and groups below that"
    )
    var best: GaussianMixture?
    for run in 0..<(groups == nil ? configuration.runs : 1) {
      var start = KMeans.Configuration(clusters: count)
      start.seed = configuration.seed &+ UInt64(run)
      let labels = try groups ?? KMeans.train(x, start).predict(x)
      let found = try fitted(rows, configuration, labels)
      if found.lowerBound > best?.lowerBound ?? -.infinity || best == nil { best = found }
    }
    guard let best else { throw LatheError(.invalidArgument, "\(what): there was no run") }
    return best
  }

  private static func fitted(
    _ x: DenseRows, _ configuration: Configuration, _ labels: [Int]
  ) throws -> GaussianMixture {
    let count = configuration.components
    var shares = [Double](repeating: 0, count: x.rows * count)
    for (row, label) in labels.enumerated() { shares[row * count + label] = 1 }
    var model = maximized(x, shares, configuration, bound: -.infinity, 0, false)
    var bound = -Double.infinity
    for iteration in 1...max(1, configuration.maxIterations) {
      var likelihoods = try model.weightedLogs(x)
      var sum = 0.0
      for row in 0..<x.rows {
        let range = row * count..<(row + 1) * count
        let most = likelihoods[range].max() ?? 0
        let total = logarithm(likelihoods[range].reduce(0) { $0 + exponential($1 - most) }) + most
        sum += total
        for i in range { likelihoods[i] = exponential(likelihoods[i] - total) }
      }
      let next = sum / Double(x.rows)
      let isSettled = abs(next - bound) < configuration.tolerance
      bound = next
      model = maximized(x, likelihoods, configuration, bound: bound, iteration, isSettled)
      if isSettled { break }
    }
    return model
  }

  /// The distributions that rows' shares in them make most likely.
  private static func maximized(
    _ x: DenseRows, _ shares: [Double], _ configuration: Configuration, bound: Double, _ iterations: Int,
    _ hasConverged: Bool
  ) -> GaussianMixture {
    let (count, columns) = (configuration.components, x.columns)
    let ofEach = (0..<count).map { k in (0..<x.rows).map { shares[$0 * count + k] } }
    let totals = ofEach.map { $0.reduce(0, +) + 10 * 0x1p-52 }
    let means = zip(ofEach, totals).map { list, total in x.weightedSum(list).map { $0 / total } }
    func moments(_ weights: [Double], _ mean: [Double], _ total: Double) -> [Double] {
      var values = x.values
      for i in values.indices { values[i] -= mean[i % columns] }
      return DenseRows(values, rows: x.rows, columns: columns).gram(weights).map { $0 / total }
    }
    var covariances = (0..<count).map { moments(ofEach[$0], means[$0], totals[$0]) }
    let diagonal = stride(from: 0, to: columns * columns, by: columns + 1)
    switch configuration.covariance {
    case .full: break
    case .tied:
      let all = totals.reduce(0, +)
      covariances = [
        (0..<columns * columns).map { i in
          (0..<count).reduce(0.0) { $0 + covariances[$1][i] * totals[$1] } / all
        }
      ]
    case .diag: covariances = covariances.map { matrix in diagonal.map { matrix[$0] } }
    case .spherical:
      covariances = covariances.map { matrix in
        [diagonal.reduce(0) { $0 + matrix[$1] + configuration.regularization } / Double(columns)]
      }
    }
    switch configuration.covariance {
    case .full, .tied:
      for k in covariances.indices { for i in diagonal { covariances[k][i] += configuration.regularization } }
    case .diag:
      for k in covariances.indices {
        for i in 0..<columns { covariances[k][i] += configuration.regularization }
      }
    case .spherical: break
    }
    let all = totals.reduce(0, +)
    return GaussianMixture(
      covariance: configuration.covariance, weights: totals.map { $0 / all }, means: means,
      covariances: covariances, lowerBound: bound, iterations: iterations, hasConverged: hasConverged)
  }

  /// For each row and distribution the logarithm of its part times its density.
  private func weightedLogs(_ x: DenseRows) throws -> [Double] {
    let (count, columns) = (weights.count, x.columns)
    var factors: [Cholesky?] = []
    if covariance == .full || covariance == .tied {
      factors = covariances.map { Cholesky($0, size: columns) }
      guard factors.allSatisfy({ $0 != nil }) else {
        throw LatheError(
          .invalidArgument,
          "Gaussian mixture: a covariance is not positive; take fewer distributions, or a larger regularization"
        )
      }
    }
    let constants = (0..<count).map { k -> Double in
      let logs: Double =
        switch covariance {
        case .full: factors[k]?.logDeterminant ?? 0
        case .tied: factors[0]?.logDeterminant ?? 0
        case .diag: covariances[k].reduce(0) { $0 + logarithm($1) }
        case .spherical: Double(columns) * logarithm(covariances[k][0])
        }
      return logarithm(weights[k]) - 0.5 * (Double(columns) * logarithm(2 * .pi) + logs)
    }
    let chosen = factors
    return [Double](unsafeUninitializedCapacity: x.rows * count) { target, made in
      nonisolated(unsafe) let target = target
      ThreadPool.shared.parallelFor(x.rows, grain: 64) { range in
        for row in range {
          for k in 0..<count {
            var distances = (0..<columns).map { x.values[row * columns + $0] - means[k][$0] }
            switch covariance {
            case .full, .tied:
              distances = chosen[covariance == .tied ? 0 : k]?.forward(distances) ?? distances
            case .diag: for j in 0..<columns { distances[j] /= covariances[k][j].squareRoot() }
            case .spherical: for j in 0..<columns { distances[j] /= covariances[k][0].squareRoot() }
            }
            target[row * count + k] = constants[k] - 0.5 * distances.reduce(0) { $0 + $1 * $1 }
          }
        }
      }
      made = x.rows * count
    }
  }

  private func logs(_ x: FeatureMatrix) throws -> [Double] {
    let rows = try DenseRows(x, what: "Gaussian mixture")
    require(
      rows.columns == means[0].count, "the mixture knows \(means[0].count) columns, not \(rows.columns)")
    return try weightedLogs(rows)
  }

  /// The logarithm of each row's density.
  public func logDensities(_ x: FeatureMatrix) throws -> [Double] {
    let (found, count) = (try logs(x), weights.count)
    return stride(from: 0, to: found.count, by: count).map { first in
      let range = found[first..<first + count]
      let most = range.max() ?? 0
      return logarithm(range.reduce(0) { $0 + exponential($1 - most) }) + most
    }
  }

  /// The probability of each distribution, one after the other in each row.
  public func probabilities(_ x: FeatureMatrix) throws -> [Double] {
    RowAnswers.softmax(try logs(x), classes: weights.count)
  }

  /// The most probable distribution of each row.
  public func predict(_ x: FeatureMatrix) throws -> [Int] {
    RowAnswers.largest(try logs(x), of: weights.count).map { Int($0) }
  }

  /// How many numbers there are to find.
  public var parameterCount: Int {
    let (count, columns) = (weights.count, means[0].count)
    let variances =
      switch covariance {
      case .full: count * columns * (columns + 1) / 2
      case .tied: columns * (columns + 1) / 2
      case .diag: count * columns
      case .spherical: count
      }
    return variances + count * columns + count - 1
  }

  /// Schwarz's criterion on rows; less is better.
  public func bic(_ x: FeatureMatrix) throws -> Double {
    -2 * (try logDensities(x).reduce(0, +)) + Double(parameterCount) * logarithm(Double(x.rows))
  }

  /// Akaike's criterion on rows; less is better.
  public func aic(_ x: FeatureMatrix) throws -> Double {
    -2 * (try logDensities(x).reduce(0, +)) + 2 * Double(parameterCount)
  }
}
