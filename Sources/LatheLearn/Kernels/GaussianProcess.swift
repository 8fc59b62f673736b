import LatheCPU
import LatheCore

/// Numbers as values of a Gaussian process, with their uncertainty: scikit-learn's `GaussianProcessRegressor`.
///
/// It takes memory by the square of the rows, and time by their cube.
public struct GaussianProcessRegressor: Sendable, Hashable, Codable {
  /// How it is trained, in scikit-learn's words and with its defaults.
  public struct Configuration: Sendable, Hashable, Codable {
    /// How values vary together, and where the search for settings begins.
    public var kernel: ProcessKernel
    /// What is added to the kernel of each row with itself.
    public var alpha = 1e-10
    /// Whether the kernel's settings become those under which the rows are most likely.
    public var isOptimized = true
    /// How many starts more the search has.
    public var restarts = 0
    /// Whether targets are scaled to mean 0 and variance 1.
    public var normalizesTargets = false
    /// What starts depend on.
    public var seed: UInt64 = 0

    /// The defaults of a kernel.
    public init(_ kernel: ProcessKernel = .rbf()) { self.kernel = kernel }
  }

  /// How values vary together.
  public let kernel: ProcessKernel
  /// The logarithm of the likelihood of the rows.
  public let logMarginalLikelihood: Double
  let columns: Int
  private let rows: [Double]
  private let weights: [Double]
  private let alpha: Double
  private let targetMean: Double
  private let targetDeviation: Double

  /// Trains a model.
  ///
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values, weights, more rows than memory holds, and kernels
  ///   that are not positive.
  public static func train(
    _ data: LabelledRows, _ configuration: Configuration = Configuration()
  ) throws -> GaussianProcessRegressor {
    let what = "Gaussian process"
    try LinearChecks.check(data, what: what)
    let x = try DenseRows(data.features, what: what)
    try GaussianProcessLimits.check(data, x, configuration.kernel)
    let mean = configuration.normalizesTargets ? data.targets.reduce(0, +) / Double(x.rows) : 0
    let square = data.targets.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.rows)
    let deviation = configuration.normalizesTargets && square > 0 ? square.squareRoot() : 1
    let y = data.targets.map { ($0 - mean) / deviation }
    func evaluate(_ kernel: ProcessKernel, _ gradient: inout [Double], wanted: Bool) -> (Double, [Double])? {
      var (k, slopes) = ProcessMatrix.whole(x, kernel, gradients: wanted)
      for i in 0..<x.rows { k[i * x.rows + i] += configuration.alpha }
      guard let factor = Cholesky(k, size: x.rows) else { return nil }
      let weights = factor.solve(y)
      var value: Double = factor.logDeterminant + Double(x.rows) * logarithm(2 * .pi)
      for i in 0..<x.rows { value += y[i] * weights[i] }
      value *= -0.5
      if wanted {
        let inverse = factor.inverse
        for (s, slope) in slopes.enumerated() {
          var sum = 0.0
          for i in 0..<x.rows {
            for j in 0..<x.rows {
              let place = i * x.rows + j
              sum += (weights[i] * weights[j] - inverse[place]) * slope[place]
            }
          }
          gradient[s] = 0.5 * sum
        }
        slopes = []
      }
      return (value, weights)
    }
    let kernel =
      configuration.isOptimized
      ? ProcessMatrix.best(configuration.kernel, restarts: configuration.restarts, seed: configuration.seed) {
        evaluate(configuration.kernel.with(theta: $0), &$1, wanted: true)?.0
      } : configuration.kernel
    var none: [Double] = []
    guard let (value, weights) = evaluate(kernel, &none, wanted: false) else {
      throw LatheError(
        .invalidArgument,
        "\(what): the kernel's matrix is not positive; take a larger alpha, or add white noise")
    }
    return GaussianProcessRegressor(
      kernel: kernel, logMarginalLikelihood: value, columns: x.columns, rows: x.values, weights: weights,
      alpha: configuration.alpha, targetMean: mean, targetDeviation: deviation)
  }

  var isSound: Bool {
    columns > 0 && columns <= rows.count && rows.count == weights.count * columns
      && (try? kernel.check(columns: columns)) != nil
  }

  /// What is predicted of rows.
  public func predict(_ x: FeatureMatrix) -> [Double] {
    require(x.columns == columns, "the model knows \(columns) columns, the matrix has \(x.columns)")
    let (known, points) = (DenseRows(rows, rows: weights.count, columns: columns), DenseRows.rowMajor(x))
    return GaussianProcessLimits.each(x.rows) { row in
      let k = points.withUnsafeBufferPointer { points in
        points.baseAddress.map { ProcessMatrix.row($0 + row * columns, known, kernel) } ?? []
      }
      return targetMean + targetDeviation * zip(k, weights).reduce(0) { $0 + $1.0 * $1.1 }
    }
  }

  /// The standard deviation of what is predicted of rows.
  ///
  /// - Throws: `LatheError.invalidArgument` where the kernel's matrix is not positive.
  public func deviations(_ x: FeatureMatrix) throws -> [Double] {
    require(x.columns == columns, "the model knows \(columns) columns, the matrix has \(x.columns)")
    let known = DenseRows(rows, rows: weights.count, columns: columns)
    var k = ProcessMatrix.whole(known, kernel, gradients: false).k
    for i in 0..<known.rows { k[i * known.rows + i] += alpha }
    guard let factor = Cholesky(k, size: known.rows) else {
      throw LatheError(.invalidArgument, "Gaussian process: the kernel's matrix is not positive")
    }
    let points = DenseRows.rowMajor(x)
    return GaussianProcessLimits.each(x.rows) { row in
      points.withUnsafeBufferPointer { points in
        guard let point = points.baseAddress.map({ $0 + row * columns }) else { return 0 }
        let part = factor.forward(ProcessMatrix.row(point, known, kernel))
        var none: [Double] = []
        let own = kernel.value(point, point, columns, isSame: true, &none, from: 0, wanted: false)
        return targetDeviation * max(0, own - part.reduce(0) { $0 + $1 * $1 }).squareRoot()
      }
    }
  }
}

enum GaussianProcessLimits {
  private static let mostRows = 20_000

  static func check(_ data: LabelledRows, _ x: DenseRows, _ kernel: ProcessKernel) throws {
    let what = "Gaussian process"
    try LinearChecks.expect(data.weights == nil, "\(what): rows cannot have weights")
    try LinearChecks.expect(
      x.rows <= mostRows,
      "\(what): \(x.rows) rows; the kernels of \(mostRows) take 3 GB, which are the most: take a sample")
    try kernel.check(columns: x.columns)
  }

  static func each(_ rows: Int, _ make: (Int) -> Double) -> [Double] {
    [Double](unsafeUninitializedCapacity: rows) { target, count in
      nonisolated(unsafe) let (target, make) = (target, make)
      ThreadPool.shared.parallelFor(rows, grain: 4) { for row in $0 { target[row] = make(row) } }
      count = rows
    }
  }
}
