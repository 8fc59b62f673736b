import LatheCPU
import LatheCore

/// Classes by a Gaussian process behind a logistic function: scikit-learn's `GaussianProcessClassifier`.
///
/// The process is found by Laplace's approximation; of several classes each has one against all others.
public struct GaussianProcessClassifier: Sendable, Hashable, Codable {
  /// How it is trained, in scikit-learn's words and with its defaults.
  public struct Configuration: Sendable, Hashable, Codable {
    /// How values vary together, and where the search for settings begins.
    public var kernel: ProcessKernel
    /// Whether the kernel's settings become those under which the rows are most likely.
    public var isOptimized = true
    /// How many starts more the search has.
    public var restarts = 0
    /// The most steps to the mode.
    public var maxIterations = 100
    /// What starts depend on.
    public var seed: UInt64 = 0

    /// The defaults of a kernel.
    public init(_ kernel: ProcessKernel = .constant() * .rbf()) { self.kernel = kernel }
  }

  /// One class against another, or all others.
  struct Binary: Sendable, Hashable, Codable {
    var kernel: ProcessKernel
    var likelihood: Double
    /// The target less the probability, at each row.
    var lack: [Double]
    /// The root of the curvature at each row.
    var roots: [Double]
  }

  /// How many classes there are.
  public let classes: Int
  let columns: Int
  let rows: [Double]
  let machines: [Binary]

  /// The mean logarithm of the likelihood of the rows over all processes.
  public var logMarginalLikelihood: Double {
    machines.reduce(0) { $0 + $1.likelihood } / Double(machines.count)
  }

  /// Trains a model; targets are classes 0, 1, ...
  ///
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values, one class alone, weights, and more rows than memory
  ///   holds.
  public static func train(
    _ data: LabelledRows, _ configuration: Configuration = Configuration()
  ) throws -> GaussianProcessClassifier {
    let what = "Gaussian process"
    let classes = try LinearChecks.classes(data, what: what)
    let x = try DenseRows(data.features, what: what)
    try GaussianProcessLimits.check(data, x, configuration.kernel)
    let machines = try (classes == 2 ? [1] : Array(0..<classes)).map { own -> Binary in
      let y = data.targets.map { Int($0) == own ? 1.0 : 0 }
      let kernel =
        configuration.isOptimized
        ? ProcessMatrix.best(configuration.kernel, restarts: configuration.restarts, seed: configuration.seed)
        {
          laplace(x, y, configuration.kernel.with(theta: $0), configuration.maxIterations, &$1, wanted: true)?
            .likelihood
        } : configuration.kernel
      var none: [Double] = []
      guard let found = laplace(x, y, kernel, configuration.maxIterations, &none, wanted: false) else {
        throw LatheError(.invalidArgument, "\(what): the kernel's matrix is not positive; add white noise")
      }
      return found
    }
    return GaussianProcessClassifier(classes: classes, columns: x.columns, rows: x.values, machines: machines)
  }

  private static func dot(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for i in a.indices { sum += a[i] * b[i] }
    return sum
  }

  /// The mode of the process, and the likelihood with its derivatives there (Rasmussen and Williams, 2006, algorithms 3.1 and
  /// 5.1).
  private static func laplace(
    _ x: DenseRows, _ y: [Double], _ kernel: ProcessKernel, _ maxIterations: Int, _ gradient: inout [Double],
    wanted: Bool
  ) -> Binary? {
    let n = x.rows
    let (k, slopes) = ProcessMatrix.whole(x, kernel, gradients: wanted)
    func times(_ v: [Double]) -> [Double] { DenseRows(k, rows: n, columns: n).scores(v, outputs: 1) }
    var f = [Double](repeating: 0, count: n)
    var value = -Double.infinity
    var factor: Cholesky?
    var (p, roots, a) = (f, f, f)
    for _ in 0..<maxIterations {
      p = f.map { logistic($0) }
      roots = p.map { ($0 * (1 - $0)).squareRoot() }
      var b = [Double](repeating: 0, count: n * n)
      for i in 0..<n {
        for j in 0..<n { b[i * n + j] = roots[i] * k[i * n + j] * roots[j] }
        b[i * n + i] += 1
      }
      guard let own = Cholesky(b, size: n) else { return nil }
      factor = own
      let right = (0..<n).map { (i: Int) -> Double in roots[i] * roots[i] * f[i] + (y[i] - p[i]) }
      let inner = own.solve(zip(roots, times(right)).map { $0 * $1 })
      a = (0..<n).map { (i: Int) -> Double in right[i] - roots[i] * inner[i] }
      f = times(a)
      var next = -0.5 * (own.logDeterminant + Self.dot(a, f))
      for i in 0..<n {
        let z: Double = (2 * y[i] - 1) * f[i]
        next -= z > 0 ? logOnePlus(exponential(-z)) : logOnePlus(exponential(z)) - z
      }
      if next - value < 1e-10 {
        value = max(value, next)
        break
      }
      value = next
    }
    guard let factor else { return nil }
    let lack = zip(y, p).map { $0 - $1 }
    if wanted {
      // R = W^1/2 B^-1 W^1/2, and the posterior variances K - C^T C.
      let inverse = factor.inverse
      var r = inverse
      for i in 0..<n { for j in 0..<n { r[i * n + j] *= roots[i] * roots[j] } }
      let spread = GaussianProcessLimits.each(n) { i in
        let column = factor.forward((0..<n).map { (j: Int) -> Double in roots[j] * k[j * n + i] })
        return k[i * n + i] - Self.dot(column, column)
      }
      let bends = (0..<n).map { (i: Int) -> Double in
        let slope = p[i] * (1 - p[i])
        return -0.5 * spread[i] * slope * (1 - 2 * p[i])
      }
      for (s, slope) in slopes.enumerated() {
        let own = DenseRows(slope, rows: n, columns: n)
        let moved = own.scores(a, outputs: 1)
        var direct = 0.5 * Self.dot(a, moved)
        for i in 0..<n * n { direct -= 0.5 * r[i] * slope[i] }
        let b = own.scores(lack, outputs: 1)
        let inside = DenseRows(r, rows: n, columns: n).scores(b, outputs: 1)
        let outside = times(inside)
        gradient[s] = direct + Self.dot(bends, b) - Self.dot(bends, outside)
      }
    }
    return Binary(kernel: kernel, likelihood: value, lack: lack, roots: roots)
  }

  var isSound: Bool {
    columns > 0 && columns <= rows.count && rows.count % columns == 0 && classes >= 2
      && machines.count == (classes == 2 ? 1 : classes)
      && machines.allSatisfy { machine in
        machine.lack.count * columns == rows.count && machine.roots.count == machine.lack.count
          && (try? machine.kernel.check(columns: columns)) != nil
      }
  }

  /// The probability of each class, class after class in each row.
  public func probabilities(_ x: FeatureMatrix) -> [Double] {
    require(x.columns == columns, "the model knows \(columns) columns, the matrix has \(x.columns)")
    let (points, n) = (DenseRows.rowMajor(x), rows.count / columns)
    let known = DenseRows(rows, rows: n, columns: columns)
    let each = machines.map { machine -> [Double] in
      let k = ProcessMatrix.whole(known, machine.kernel, gradients: false).k
      var b = k
      for i in 0..<n {
        for j in 0..<n { b[i * n + j] = machine.roots[i] * k[i * n + j] * machine.roots[j] }
        b[i * n + i] += 1
      }
      // The identity and a kernel's matrix together are positive.
      let factor = Cholesky(b, size: n)
      require(factor != nil, "Gaussian process: a kernel whose values are beyond float64")
      return GaussianProcessLimits.each(x.rows) { row in
        points.withUnsafeBufferPointer { points in
          guard let point = points.baseAddress.map({ $0 + row * columns }) else { return 0 }
          let own = ProcessMatrix.row(point, known, machine.kernel)
          let mean = Self.dot(own, machine.lack)
          let scaled = zip(own, machine.roots).map { $0 * $1 }
          let part = factor?.forward(scaled) ?? scaled
          var none: [Double] = []
          let whole = machine.kernel.value(point, point, columns, isSame: true, &none, from: 0, wanted: false)
          return Self.meanLogistic(mean, whole - Self.dot(part, part))
        }
      }
    }
    return (0..<x.rows).flatMap { row -> [Double] in
      if classes == 2 { return [1 - each[0][row], each[0][row]] }
      let own = each.map { $0[row] }
      let sum = own.reduce(0, +)
      return own.map { sum > 0 ? $0 / sum : 1 / Double(classes) }
    }
  }

  /// The most probable class of each row.
  public func predict(_ x: FeatureMatrix) -> [Double] {
    RowAnswers.largest(probabilities(x), of: classes)
  }

  /// The mean of the logistic function of a normal distribution, by five error functions (Williams and Barber, 1998).
  private static func meanLogistic(_ mean: Double, _ variance: Double) -> Double {
    let lambdas = [0.41, 0.4, 0.37, 0.44, 0.39]
    let weights = [-1854.8214151, 3516.89893646, 221.29346712, 128.12323805, -2010.49422654]
    var sum = 0.0
    for (lambda, weight) in zip(lambdas, weights) {
      let spread: Double = 1 + 2 * variance * lambda * lambda
      let error: Double = 1 - complementaryError(lambda * mean / spread.squareRoot())
      sum += weight * (0.5 * error + 0.5)
    }
    return sum
  }
}
