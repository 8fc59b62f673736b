import LatheCore

/// Numbers as weighted sums of features: least squares, with or without a penalty of squared weights.
public struct LinearRegression: Sendable, Hashable, Codable {
  /// How it is trained.
  public struct Configuration: Sendable, Hashable, Codable {
    /// The factor of the squared weights: 0 for least squares, above for ridge regression.
    public var alpha: Double
    /// Whether there is a constant besides the weighted sum.
    public var fitsIntercept: Bool
    /// The part of the largest singular value below which one counts as zero, without a penalty.
    public var tolerance: Double

    /// Least squares, as scikit-learn's `LinearRegression`.
    public init(alpha: Double = 0, fitsIntercept: Bool = true, tolerance: Double = 1e-6) {
      self.alpha = alpha
      self.fitsIntercept = fitsIntercept
      self.tolerance = tolerance
    }

    /// Ridge regression, as scikit-learn's `Ridge`.
    public static func ridge(alpha: Double = 1, fitsIntercept: Bool = true) -> Configuration {
      Configuration(alpha: alpha, fitsIntercept: fitsIntercept)
    }
  }

  /// A weight for each feature.
  public let coefficients: [Double]
  /// The constant.
  public let intercept: Double

  /// A model of known weights.
  public init(coefficients: [Double], intercept: Double) {
    self.coefficients = coefficients
    self.intercept = intercept
  }

  /// Trains a model.
  ///
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values, and a negative `alpha`.
  public static func train(
    _ data: LabelledRows, _ configuration: Configuration = Configuration()
  ) throws -> LinearRegression {
    let what = configuration.alpha > 0 ? "ridge regression" : "linear regression"
    try LinearChecks.expect(
      configuration.alpha >= 0 && configuration.alpha.isFinite,
      "\(what): alpha is \(configuration.alpha); it must not be negative")
    let centered = try CenteredRows(data, fitsIntercept: configuration.fitsIntercept, what: what)
    let (weights, _) = LeastSquares.solve(
      centered.withTargets(), l2: configuration.alpha,
      tolerance: configuration.alpha > 0 ? 0 : configuration.tolerance)
    return LinearRegression(coefficients: weights, intercept: centered.intercept(weights))
  }

  /// What is predicted of rows.
  public func predict(_ x: FeatureMatrix) -> [Double] {
    LinearScores.of(x, coefficients: [coefficients], intercepts: [intercept])
  }
}

/// Rows less the columns' means, each times the root of its weight.
struct CenteredRows {
  let rows: Int
  let columns: Int
  let values: [Double]
  let targets: [Double]
  let means: [Double]
  let targetMean: Double

  init(_ data: LabelledRows, fitsIntercept: Bool, weightScale: Double = 1, what: String) throws {
    try LinearChecks.check(data, what: what)
    let x = try DenseRows(data.features, what: what)
    let weights = data.weights
    let total = weights?.reduce(0, +) ?? Double(x.rows)
    let means = fitsIntercept ? x.means(weights) : .init(repeating: 0, count: x.columns)
    var targetMean = 0.0
    if fitsIntercept {
      for (row, target) in data.targets.enumerated() { targetMean += target * (weights?[row] ?? 1) }
      targetMean /= total
    }
    (rows, columns) = (x.rows, x.columns)
    var values = x.values
    var targets = data.targets
    for row in 0..<x.rows {
      let root = ((weights?[row] ?? 1) * weightScale).squareRoot()
      targets[row] = (targets[row] - targetMean) * root
      for j in 0..<x.columns {
        values[row * x.columns + j] = (values[row * x.columns + j] - means[j]) * root
      }
    }
    self.values = values
    self.targets = targets
    self.means = means
    self.targetMean = targetMean
  }

  /// The same with the targets as a column more.
  func withTargets() -> DenseRows {
    var all: [Double] = []
    all.reserveCapacity(rows * (columns + 1))
    for row in 0..<rows {
      all += values[row * columns..<(row + 1) * columns]
      all.append(targets[row])
    }
    return DenseRows(all, rows: rows, columns: columns + 1)
  }

  /// The constant that belongs to weights.
  func intercept(_ weights: [Double]) -> Double {
    targetMean - zip(means, weights).reduce(0) { $0 + $1.0 * $1.1 }
  }
}

/// Weighted sums of features.
enum LinearScores {
  /// For each row one for each vector of coefficients; NaN where a value is missing.
  static func of(_ x: FeatureMatrix, coefficients: [[Double]], intercepts: [Double]) -> [Double] {
    require(
      coefficients.allSatisfy { $0.count == x.columns },
      "the model knows \(coefficients.first?.count ?? 0) columns, the matrix has \(x.columns)")
    let outputs = coefficients.count
    let rows = DenseRows(DenseRows.rowMajor(x), rows: x.rows, columns: x.columns)
    var scores = rows.scores(coefficients.flatMap { $0 }, outputs: outputs)
    for i in scores.indices { scores[i] += intercepts[i % outputs] }
    return scores
  }
}
