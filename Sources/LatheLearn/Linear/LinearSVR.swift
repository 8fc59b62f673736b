import CPUKernels
import LatheCore

/// Numbers by a weighted sum of features, off which rows may be by epsilon: liblinear's and scikit-learn's `LinearSVR`.
///
/// What is minimised is half the squared weights, the constant among them, and c times what rows are off beyond epsilon, or its
/// square.
public struct LinearSVR: Sendable, Hashable, Codable {
  /// How it is trained, in scikit-learn's words and with its defaults.
  public struct Configuration: Sendable, Hashable, Codable {
    /// The inverse of the penalty's factor.
    public var c = 1.0
    /// What a row may be off.
    public var epsilon = 0.0
    /// Whether what it is off beyond that counts squared.
    public var isSquared = false
    /// Whether there is a constant besides the weighted sum.
    public var fitsIntercept = true
    /// The most rounds through all rows.
    public var maxIterations = 1000
    /// The part of the first round's violations that they must fall below.
    public var tolerance = 1e-4
    /// What the order of rows depends on.
    public var seed: UInt64 = 0

    /// The defaults.
    public init(c: Double = 1, epsilon: Double = 0) { (self.c, self.epsilon) = (c, epsilon) }
  }

  /// A weight for each feature.
  public let coefficients: [Double]
  /// The constant.
  public let intercept: Double
  /// Whether training ended at the minimum.
  public let hasConverged: Bool

  /// Trains a model by dual coordinate descent (Ho and Lin, 2012).
  ///
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values.
  public static func train(
    _ data: LabelledRows, _ configuration: Configuration = Configuration()
  ) throws -> LinearSVR {
    let what = "linear SVM"
    try LinearChecks.check(data, what: what)
    try LinearChecks.expect(
      configuration.c > 0 && configuration.epsilon >= 0,
      "\(what): c \(configuration.c) must be above 0, epsilon \(configuration.epsilon) not negative")
    let x = try DenseRows(data.features, what: what)
    let columns = x.columns
    let c = (0..<x.rows).map { configuration.c * (data.weights?[$0] ?? 1) }
    let rows = (0..<x.rows).filter { c[$0] > 0 }
    let bias = configuration.fitsIntercept ? 1.0 : 0
    var weights = [Double](repeating: 0, count: columns)
    var intercept = 0.0
    var beta = [Double](repeating: 0, count: x.rows)
    var random = RandomSource(seed: configuration.seed)
    var order = rows
    var first = 0.0
    var hasConverged = false
    x.values.withUnsafeBufferPointer { values in
      guard let start = values.baseAddress else { return }
      let squares = (0..<x.rows).map {
        lathe_linear_dot(start + $0 * columns, start + $0 * columns, columns) + bias
      }
      for iteration in 0..<configuration.maxIterations {
        random.shuffle(&order)
        var violations = 0.0
        for row in order {
          let point = start + row * columns
          let smooth = configuration.isSquared ? 0.5 / c[row] : 0
          let limit = configuration.isSquared ? Double.infinity : c[row]
          let slope =
            lathe_linear_dot(weights, point, columns) + bias * intercept - data.targets[row] + smooth
            * beta[row]
          let bend = squares[row] + smooth
          let (up, down) = (slope + configuration.epsilon, slope - configuration.epsilon)
          violations += violation(beta[row], up, down, limit)
          guard bend > 0 else { continue }
          let step = up < bend * beta[row] ? -up / bend : down > bend * beta[row] ? -down / bend : -beta[row]
          let next = min(max(beta[row] + step, -limit), limit)
          let change = next - beta[row]
          guard change != 0 else { continue }
          beta[row] = next
          lathe_linear_add(change, point, &weights, columns)
          intercept += bias * change
        }
        if iteration == 0 { first = violations }
        if violations <= configuration.tolerance * first {
          hasConverged = true
          break
        }
      }
    }
    return LinearSVR(coefficients: weights, intercept: intercept, hasConverged: hasConverged)
  }

  /// How far a variable is from its conditions at the minimum.
  private static func violation(_ beta: Double, _ up: Double, _ down: Double, _ limit: Double) -> Double {
    if beta == 0 { return up < 0 ? -up : max(0, down) }
    if beta >= limit { return max(0, up) }
    if beta <= -limit { return max(0, -down) }
    return beta > 0 ? abs(up) : abs(down)
  }

  /// What is predicted of rows.
  public func predict(_ x: FeatureMatrix) -> [Double] {
    LinearScores.of(x, coefficients: [coefficients], intercepts: [intercept])
  }
}
