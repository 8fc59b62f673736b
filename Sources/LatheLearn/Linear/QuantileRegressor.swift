import LatheCore

/// Quantiles as weighted sums of features: scikit-learn's `QuantileRegressor`.
///
/// What is minimised is the mean pinball loss and alpha times the absolute weights.
public struct QuantileRegressor: Sendable, Hashable, Codable {
  /// How it is trained, in scikit-learn's words and with its defaults.
  public struct Configuration: Sendable, Hashable, Codable {
    /// The part of rows that lie below what is predicted.
    public var quantile = 0.5
    /// The factor of absolute weights.
    public var alpha = 1.0
    /// Whether there is a constant besides the weighted sum.
    public var fitsIntercept = true

    /// The defaults.
    public init(quantile: Double = 0.5, alpha: Double = 1) { (self.quantile, self.alpha) = (quantile, alpha) }
  }

  /// A weight for each feature.
  public let coefficients: [Double]
  /// The constant.
  public let intercept: Double
  /// Whether training ended at the minimum.
  public let hasConverged: Bool

  /// Trains a model by an interior-point method for the linear program (Portnoy and Koenker, 1997).
  ///
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values, and a quantile that is not between 0 and 1.
  public static func train(
    _ data: LabelledRows, _ configuration: Configuration = Configuration()
  ) throws -> QuantileRegressor {
    let what = "quantile regression"
    try LinearChecks.check(data, what: what)
    let (q, alpha) = (configuration.quantile, configuration.alpha)
    try LinearChecks.expect(
      q > 0 && q < 1 && alpha >= 0,
      "\(what): the quantile \(q) must be between 0 and 1, alpha \(alpha) not negative")
    let x = try DenseRows(data.features, what: what)
    let total = data.weights?.reduce(0, +) ?? Double(x.rows)
    let constant = configuration.fitsIntercept ? 1 : 0
    let width = x.columns + constant
    // Penalties are rows more, with a target of 0.
    var (rows, targets, above, below) = ([Double](), [Double](), [Double](), [Double]())
    for row in 0..<x.rows {
      let weight = (data.weights?[row] ?? 1) / total
      guard weight > 0 else { continue }
      rows += x.values[row * x.columns..<(row + 1) * x.columns]
      if constant == 1 { rows.append(1) }
      targets.append(data.targets[row])
      above.append(q * weight)
      below.append((1 - q) * weight)
    }
    if alpha > 0 {
      for j in 0..<x.columns {
        rows += (0..<width).map { $0 == j ? 1 : 0 }
        targets.append(0)
        above.append(alpha)
        below.append(alpha)
      }
    }
    let program = PinballProgram(
      x: DenseRows(rows, rows: targets.count, columns: width), targets: targets, above: above, below: below)
    let (weights, hasConverged) = program.solve()
    return QuantileRegressor(
      coefficients: Array(weights.prefix(x.columns)), intercept: constant == 1 ? weights[x.columns] : 0,
      hasConverged: hasConverged)
  }

  /// What is predicted of rows.
  public func predict(_ x: FeatureMatrix) -> [Double] {
    LinearScores.of(x, coefficients: [coefficients], intercepts: [intercept])
  }
}

/// The weights that make the sum of residuals, each multiplied by a number for its side, least.
///
/// The dual problem has a variable for each row between -below and above; a is its distance from the lower end, s from the upper.
private struct PinballProgram {
  let x: DenseRows
  let targets: [Double]
  let above: [Double]
  let below: [Double]

  func solve() -> (weights: [Double], hasConverged: Bool) {
    let (count, width) = (x.rows, x.columns)
    var (a, s) = (below, above)
    var weights = [Double](repeating: 0, count: width)
    let size = max(1e-3, targets.reduce(0) { $0 + abs($1) } / Double(count))
    // The parts of residuals above and below zero, both kept above it.
    var w = targets.map { max($0, 0) + size }
    var z = targets.map { max(-$0, 0) + size }
    for _ in 0..<200 {
      let residuals = zip(targets, x.scores(weights, outputs: 1)).map { $0 - $1 }
      var (gap, loss) = (0.0, 0.0)
      for i in 0..<count {
        gap += a[i] * z[i] + s[i] * w[i]
        loss += residuals[i] > 0 ? above[i] * residuals[i] : -below[i] * residuals[i]
      }
      if gap <= 1e-12 * max(1e-12, loss) + 1e-300 { return (weights, true) }
      // What rounding left of the dual conditions and of X^T d = 0.
      var (lack, scale, off) = (residuals, residuals, residuals)
      for i in 0..<count {
        lack[i] = w[i] - z[i] - residuals[i]
        scale[i] = 1 / (z[i] / a[i] + w[i] / s[i])
        off[i] = below[i] - a[i]
      }
      let drift = x.weightedSum(off)
      var gram = x.gram(scale)
      let trace = (0..<width).reduce(0.0) { max($0, gram[$1 * width + $1]) }
      for j in 0..<width { gram[j * width + j] += 1e-14 * trace }
      guard let factor = Cholesky(gram, size: width) else { return (weights, gap <= 1e-6 * loss) }
      typealias Step = (weights: [Double], a: [Double], z: [Double], w: [Double])
      func direction(_ ra: [Double], _ rs: [Double]) -> Step {
        // The negative of the weights is the multiplier of X^T a.
        var (right, scaled) = (lack, lack)
        for i in 0..<count {
          right[i] = ra[i] / a[i] - rs[i] / s[i] - lack[i]
          scaled[i] = scale[i] * right[i]
        }
        let pull = x.weightedSum(scaled)
        let beta = factor.solve(zip(drift, pull).map { $0 - $1 })
        let moved = x.scores(beta, outputs: 1)
        var (da, dz, dw) = (lack, lack, lack)
        for i in 0..<count {
          da[i] = scale[i] * (moved[i] + right[i])
          dz[i] = (ra[i] - z[i] * da[i]) / a[i]
          dw[i] = (rs[i] + w[i] * da[i]) / s[i]
        }
        return (beta.map { -$0 }, da, dz, dw)
      }
      func longest(_ step: Step) -> (primal: Double, dual: Double) {
        var (primal, dual) = (1.0, 1.0)
        for i in 0..<count {
          if step.a[i] < 0 { primal = min(primal, -0.9995 * a[i] / step.a[i]) }
          if step.a[i] > 0 { primal = min(primal, 0.9995 * s[i] / step.a[i]) }
          if step.z[i] < 0 { dual = min(dual, -0.9995 * z[i] / step.z[i]) }
          if step.w[i] < 0 { dual = min(dual, -0.9995 * w[i] / step.w[i]) }
        }
        return (primal, dual)
      }
      // Mehrotra's predictor, and a step towards the middle as far as it lets one expect.
      var (lower, upper) = (lack, lack)
      for i in 0..<count { (lower[i], upper[i]) = (-a[i] * z[i], -s[i] * w[i]) }
      let first = direction(lower, upper)
      let reach = longest(first)
      var expected = 0.0
      for i in 0..<count {
        let move: Double = reach.primal * first.a[i]
        expected += (a[i] + move) * (z[i] + reach.dual * first.z[i])
        expected += (s[i] - move) * (w[i] + reach.dual * first.w[i])
      }
      let share = expected / gap
      let center = share * share * share * gap / Double(2 * count)
      for i in 0..<count {
        lower[i] += center - first.a[i] * first.z[i]
        upper[i] += center + first.a[i] * first.w[i]
      }
      let step = direction(lower, upper)
      let length = longest(step)
      for i in 0..<count {
        a[i] += length.primal * step.a[i]
        s[i] -= length.primal * step.a[i]
        z[i] += length.dual * step.z[i]
        w[i] += length.dual * step.w[i]
      }
      for j in 0..<width { weights[j] += length.dual * step.weights[j] }
    }
    return (weights, false)
  }
}
