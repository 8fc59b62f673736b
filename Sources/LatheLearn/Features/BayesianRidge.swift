import LatheCPU
import LatheCore

/// Ridge regression whose penalty the rows decide by their likelihood (MacKay, 1992): scikit-learn's `BayesianRidge`.
public struct BayesianRidge: Sendable, Hashable, Codable {
  /// How it is trained, in scikit-learn's words and with its defaults.
  public struct Configuration: Sendable, Hashable, Codable {
    /// The most rounds.
    public var maxIterations = 300
    /// The sum of absolute changes of weights that ends them.
    public var tolerance = 1e-3
    /// Whether there is a constant besides the weighted sum.
    public var fitsIntercept = true

    /// The defaults.
    public init() {}
  }

  /// A weight for each feature.
  public let coefficients: [Double]
  /// The constant.
  public let intercept: Double
  /// The precision of the noise.
  public let alpha: Double
  /// The precision of the weights.
  public let lambda: Double

  /// Trains a model.
  ///
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values.
  public static func train(
    _ data: LabelledRows, _ configuration: Configuration = Configuration()
  ) throws -> BayesianRidge {
    let centered = try CenteredRows(
      data, fitsIntercept: configuration.fitsIntercept, what: "Bayesian ridge regression")
    let (rows, columns) = (centered.rows, centered.columns)
    let x = DenseRows(centered.values, rows: rows, columns: columns)
    let y = centered.targets
    let count = data.weights?.reduce(0, +) ?? Double(rows)
    let squares = y.reduce(0) { $0 + $1 * $1 }
    // The variance of the targets, whose mean is 0 where there is a constant.
    let mean = y.reduce(0, +) / Double(rows)
    let variance = data.weights == nil ? squares / Double(rows) - mean * mean : squares / count
    // In the directions of the eigenvectors of X^T X each weight is for itself.
    let gram = x.gram(.init(repeating: 1, count: rows))
    var matrix = DenseMatrix(columns, columns)
    for i in 0..<columns { for j in 0..<columns { matrix[i, j] = gram[i * columns + j] } }
    let (found, vectors) = matrix.eigenDecomposition()
    let values = found.map { max(0, $0) }
    let products = x.weightedSum(y)
    let turned = (0..<columns).map { k in
      (0..<columns).reduce(0.0) { $0 + vectors[$1, k] * products[$1] }
    }
    func weights(_ alpha: Double, _ lambda: Double) -> [Double] {
      let parts = (0..<columns).map { turned[$0] / (values[$0] + lambda / alpha) }
      return (0..<columns).map { j in (0..<columns).reduce(0.0) { $0 + vectors[j, $1] * parts[$1] } }
    }
    var (alpha, lambda) = (1 / (variance + 0x1p-52), 1.0)
    let small = 1e-6
    var before: [Double]?
    for _ in 0..<configuration.maxIterations {
      let w = weights(alpha, lambda)
      let errors = zip(y, x.scores(w, outputs: 1)).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      let gamma = values.reduce(0) { $0 + alpha * $1 / (lambda + alpha * $1) }
      lambda = (gamma + 2 * small) / (w.reduce(0) { $0 + $1 * $1 } + 2 * small)
      alpha = (count - gamma + 2 * small) / (errors + 2 * small)
      if let before, zip(before, w).reduce(0, { $0 + abs($1.0 - $1.1) }) < configuration.tolerance { break }
      before = w
    }
    let w = weights(alpha, lambda)
    return BayesianRidge(
      coefficients: w, intercept: configuration.fitsIntercept ? centered.intercept(w) : 0, alpha: alpha,
      lambda: lambda)
  }

  /// What is predicted of rows.
  public func predict(_ x: FeatureMatrix) -> [Double] {
    LinearScores.of(x, coefficients: [coefficients], intercepts: [intercept])
  }
}
