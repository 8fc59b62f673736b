import CPUKernels
import LatheCore

/// Least squares with a penalty of absolute and squared weights, which leaves few of them: lasso and elastic net.
///
/// What is minimised is scikit-learn's: 1 / (2 n) |y - X w|^2 + alpha (l1Ratio |w|_1 + (1 - l1Ratio) / 2 |w|^2).
public struct ElasticNet: Sendable, Hashable, Codable {
  /// How it is trained.
  public struct Configuration: Sendable, Hashable, Codable {
    /// The factor of the penalty.
    public var alpha = 1.0
    /// The part of the penalty that is of absolute weights.
    public var l1Ratio = 0.5
    /// Whether there is a constant besides the weighted sum.
    public var fitsIntercept = true
    /// The most rounds through all weights.
    public var maxIterations = 1000
    /// The part of |y|^2 that the duality gap must fall below.
    public var tolerance = 1e-4

    /// The defaults of scikit-learn's `ElasticNet`.
    public init(alpha: Double = 1, l1Ratio: Double = 0.5) {
      self.alpha = alpha
      self.l1Ratio = l1Ratio
    }

    /// Only absolute weights, as scikit-learn's `Lasso`.
    public static func lasso(alpha: Double = 1) -> Configuration {
      Configuration(alpha: alpha, l1Ratio: 1)
    }
  }

  /// A weight for each feature.
  public let coefficients: [Double]
  /// The constant.
  public let intercept: Double
  /// Rounds through all weights.
  public let iterations: Int
  /// Whether the duality gap fell below the tolerance.
  public let hasConverged: Bool

  /// Trains a model by coordinate descent.
  ///
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values, and settings out of their range.
  public static func train(
    _ data: LabelledRows, _ configuration: Configuration = Configuration()
  ) throws -> ElasticNet {
    try LinearChecks.expect(
      configuration.alpha >= 0 && (0...1).contains(configuration.l1Ratio) && configuration.tolerance >= 0,
      "elastic net: alpha \(configuration.alpha), l1Ratio \(configuration.l1Ratio), tolerance "
        + "\(configuration.tolerance); none may be negative, and the ratio at most 1")
    let rows = data.features.rows
    let total = data.weights?.reduce(0, +) ?? Double(rows)
    let centered = try CenteredRows(
      data, fitsIntercept: configuration.fitsIntercept,
      weightScale: total > 0 ? Double(rows) / total : 1, what: "elastic net")
    var descent = CoordinateDescent(centered, configuration)
    let hasConverged = descent.run()
    return ElasticNet(
      coefficients: descent.weights, intercept: centered.intercept(descent.weights),
      iterations: descent.iterations, hasConverged: hasConverged)
  }

  /// What is predicted of rows.
  public func predict(_ x: FeatureMatrix) -> [Double] {
    LinearScores.of(x, coefficients: [coefficients], intercepts: [intercept])
  }
}

/// One weight after the other is set to its best value.
private struct CoordinateDescent {
  /// Column after column.
  let columns: [[Double]]
  let targets: [Double]
  let l1: Double
  let l2: Double
  let maxIterations: Int
  let tolerance: Double
  var weights: [Double]
  var iterations = 0
  private var residuals: [Double]

  init(_ rows: CenteredRows, _ configuration: ElasticNet.Configuration) {
    columns = (0..<rows.columns).map { j in (0..<rows.rows).map { rows.values[$0 * rows.columns + j] } }
    targets = rows.targets
    let scaled = configuration.alpha * Double(rows.rows)
    l1 = scaled * configuration.l1Ratio
    l2 = scaled * (1 - configuration.l1Ratio)
    maxIterations = configuration.maxIterations
    tolerance = configuration.tolerance
    weights = .init(repeating: 0, count: rows.columns)
    residuals = rows.targets
  }

  mutating func run() -> Bool {
    let count = targets.count
    let squares = columns.map { lathe_linear_dot($0, $0, count) }
    let enough = tolerance * lathe_linear_dot(targets, targets, count)
    while iterations < maxIterations {
      iterations += 1
      var (largest, largestChange) = (0.0, 0.0)
      for j in columns.indices where squares[j] > 0 {
        let old = weights[j]
        let pull = lathe_linear_dot(columns[j], residuals, count) + squares[j] * old
        let new = max(abs(pull) - l1, 0) * (pull < 0 ? -1 : 1) / (squares[j] + l2)
        if new != old { lathe_linear_add(old - new, columns[j], &residuals, count) }
        weights[j] = new
        largestChange = max(largestChange, abs(new - old))
        largest = max(largest, abs(new))
      }
      let isSettled = largest == 0 || largestChange <= tolerance * largest
      if (isSettled || iterations == maxIterations) && gap() <= enough { return true }
      // Rounding leaves nothing to change.
      if largestChange == 0 { return true }
    }
    return false
  }

  /// How far the objective is from the least one at most.
  private func gap() -> Double {
    let count = targets.count
    let square = lathe_linear_dot(residuals, residuals, count)
    let norm = lathe_linear_dot(weights, weights, weights.count)
    let largest = columns.indices.reduce(0) {
      max($0, abs(lathe_linear_dot(columns[$1], residuals, count) - l2 * weights[$1]))
    }
    let factor = largest > l1 ? l1 / largest : 1
    var gap = largest > l1 ? 0.5 * square * (1 + factor * factor) : square
    gap += l1 * weights.reduce(0) { $0 + abs($1) } - factor * lathe_linear_dot(residuals, targets, count)
    return gap + 0.5 * l2 * (1 + factor * factor) * norm
  }
}
