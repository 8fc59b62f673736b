import LatheCore

/// Counts whose logarithm is a weighted sum of features.
public struct PoissonRegressor: Sendable, Hashable, Codable {
  /// How it is trained, in scikit-learn's words and with its defaults.
  public struct Configuration: Sendable, Hashable, Codable {
    /// The factor of half the squared weights.
    public var alpha = 1.0
    /// Whether there is a constant besides the weighted sum.
    public var fitsIntercept = true
    /// The most iterations.
    public var maxIterations = 100
    /// The largest derivative of the mean loss at the minimum.
    public var tolerance = 1e-4

    /// The defaults.
    public init(alpha: Double = 1) { self.alpha = alpha }
  }

  /// A weight for each feature.
  public let coefficients: [Double]
  /// The constant.
  public let intercept: Double
  /// Iterations of training.
  public let iterations: Int
  /// Whether training ended at the minimum.
  public let hasConverged: Bool

  /// Trains a model by L-BFGS.
  ///
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values, and negative targets or ones that are all zero.
  public static func train(
    _ data: LabelledRows, _ configuration: Configuration = Configuration()
  ) throws -> PoissonRegressor {
    let what = "Poisson regression"
    try LinearChecks.check(data, what: what)
    try LinearChecks.expect(
      configuration.alpha >= 0, "\(what): alpha is \(configuration.alpha); it must not be negative")
    try LinearChecks.expect(
      data.targets.allSatisfy { $0 >= 0 } && data.targets.contains { $0 > 0 },
      "\(what): counts must not be negative, and not all zero")
    let objective = LinearObjective(
      x: try DenseRows(data.features, what: what), targets: data.targets, weights: data.weights,
      loss: .poisson, fitsIntercept: configuration.fitsIntercept, l2: configuration.alpha)
    var start = [Double](repeating: 0, count: objective.parameterCount)
    if configuration.fitsIntercept {
      let sum = data.targets.enumerated().reduce(0) { $0 + $1.element * (data.weights?[$1.offset] ?? 1) }
      start[start.count - 1] = logarithm(sum / objective.weightSum)
    }
    let result = LBFGS(maxIterations: configuration.maxIterations, tolerance: configuration.tolerance)
      .minimize(from: start) { objective.evaluate($0, gradient: &$1) }
    return PoissonRegressor(
      coefficients: Array(result.point.prefix(data.features.columns)),
      intercept: configuration.fitsIntercept ? result.point[data.features.columns] : 0,
      iterations: result.iterations, hasConverged: result.hasConverged)
  }

  /// The expected count of each row.
  public func predict(_ x: FeatureMatrix) -> [Double] {
    LinearScores.of(x, coefficients: [coefficients], intercepts: [intercept]).map { exponential($0) }
  }
}
