import LatheCore

/// Classes by planes among the rows' kernels: a support vector machine, as libsvm's C-SVC and scikit-learn's `SVC`.
///
/// Of several classes each pair has a plane, and the class that wins most pairs is the answer.
public struct SVC: Sendable, Hashable, Codable {
  /// How it is trained, in scikit-learn's words and with its defaults.
  public struct Configuration: Sendable, Hashable, Codable {
    /// How much a row on the wrong side counts.
    public var c = 1.0
    /// How rows are compared.
    public var kernel = KernelConfiguration()
    /// How much the rows of each class count.
    public var classWeights = ClassWeights.none
    /// The violation of the conditions of the minimum at which training ends.
    public var tolerance = 1e-3
    /// The most steps; nil for as many as libsvm takes.
    public var maxIterations: Int?

    /// The defaults.
    public init(c: Double = 1, kernel: KernelConfiguration = .init()) {
      (self.c, self.kernel) = (c, kernel)
    }
  }

  /// How many classes there are.
  public let classes: Int
  /// Whether training ended at the minimum.
  public let hasConverged: Bool
  let vectors: SupportVectors
  /// Of the classes 0 and 1, 0 and 2, ..., 1 and 2, ...; above 0 the first wins.
  let machines: [KernelMachine]

  /// How many rows decide.
  public var supportVectorCount: Int { vectors.count }
  var columns: Int { vectors.columns }
  var isSound: Bool {
    classes >= 2 && machines.count == classes * (classes - 1) / 2 && vectors.isSound(machines)
  }

  /// Trains a model; targets are classes 0, 1, ...
  ///
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values, and one class alone.
  public static func train(
    _ data: LabelledRows, _ configuration: Configuration = Configuration()
  ) throws -> SVC {
    let what = "kernel SVM"
    try LinearChecks.expect(
      configuration.c > 0 && configuration.tolerance > 0,
      "\(what): c is \(configuration.c), the tolerance \(configuration.tolerance); both must be above 0")
    let classes = try LinearChecks.classes(data, what: what)
    // Balanced classes are so by their rows, whatever these weigh.
    let ofClasses = try configuration.classWeights.rowWeights(
      LabelledRows(data.features, data.targets), classes: classes, what: what)
    let weights =
      data.weights.map { own in ofClasses.map { zip($0, own).map { $0 * $1 } } ?? own } ?? ofClasses
    let x = try DenseRows(data.features, what: what)
    let kernel = try configuration.kernel.function(x, what: what)
    var machines: [KernelMachine] = []
    var hasConverged = true
    for first in 0..<classes {
      for second in first + 1..<max(classes, first + 1) {
        // Rows without weight have no place.
        let rows = (0..<x.rows).filter {
          (Int(data.targets[$0]) == first || Int(data.targets[$0]) == second) && weights?[$0] ?? 1 > 0
        }
        let part = DenseRows(
          rows.flatMap { Array(x.values[$0 * x.columns..<($0 + 1) * x.columns]) }, rows: rows.count,
          columns: x.columns)
        let y = rows.map { Int(data.targets[$0]) == first ? 1.0 : -1 }
        try LinearChecks.expect(
          y.contains(1) && y.contains(-1), "\(what): all rows of a class have no weight")
        let result = SequentialMinimal(
          kernel: KernelRows(part, kernel), y: y, p: .init(repeating: -1, count: rows.count),
          c: rows.map { configuration.c * (weights?[$0] ?? 1) }, tolerance: configuration.tolerance,
          maxIterations: configuration.maxIterations ?? max(10_000_000, 100 * rows.count)
        ).solve()
        hasConverged = hasConverged && result.hasConverged
        let used = rows.indices.filter { result.alpha[$0] > 0 }
        machines.append(
          KernelMachine(
            places: used.map { rows[$0] }, coefficients: used.map { result.alpha[$0] * y[$0] },
            intercept: -result.rho))
      }
    }
    let kept = SupportVectors.kept(x, kernel, machines)
    return SVC(classes: classes, hasConverged: hasConverged, vectors: kept.vectors, machines: kept.machines)
  }

  /// For each row what each pair's plane says: above 0 the first class of the pair wins.
  public func pairScores(_ x: FeatureMatrix) -> [Double] { vectors.scores(x, machines) }

  /// For each row a number for each class, of two classes one number for the second: scikit-learn's `decision_function`.
  public func scores(_ x: FeatureMatrix) -> [Double] {
    let pairs = pairScores(x)
    if classes == 2 { return pairs.map { -$0 } }
    return stride(from: 0, to: pairs.count, by: machines.count).flatMap { start in
      var votes = [Double](repeating: 0, count: classes)
      var sums = votes
      eachPair { pair, first, second in
        let score = pairs[start + pair]
        sums[first] += score
        sums[second] -= score
        votes[score >= 0 ? first : second] += 1
      }
      // What is less than a vote tells classes with as many votes apart.
      return zip(votes, sums).map { $0 + $1 / (3 * (abs($1) + 1)) }
    }
  }

  /// The class of each row: that which wins most pairs, of equals the first.
  public func predict(_ x: FeatureMatrix) -> [Double] {
    let pairs = pairScores(x)
    return stride(from: 0, to: pairs.count, by: machines.count).map { start in
      var votes = [Int](repeating: 0, count: classes)
      eachPair { pair, first, second in votes[pairs[start + pair] > 0 ? first : second] += 1 }
      return Double(votes.firstIndex(of: votes.max() ?? 0) ?? 0)
    }
  }

  private func eachPair(_ body: (Int, Int, Int) -> Void) {
    var pair = 0
    for first in 0..<classes {
      for second in first + 1..<max(classes, first + 1) {
        body(pair, first, second)
        pair += 1
      }
    }
  }
}

/// Numbers by a plane among the rows' kernels, off which rows may be by epsilon: libsvm's epsilon-SVR and scikit-learn's `SVR`.
public struct SVR: Sendable, Hashable, Codable {
  /// How it is trained, in scikit-learn's words and with its defaults.
  public struct Configuration: Sendable, Hashable, Codable {
    /// How much what a row is off beyond epsilon counts.
    public var c = 1.0
    /// What a row may be off.
    public var epsilon = 0.1
    /// How rows are compared.
    public var kernel = KernelConfiguration()
    /// The violation of the conditions of the minimum at which training ends.
    public var tolerance = 1e-3
    /// The most steps; nil for as many as libsvm takes.
    public var maxIterations: Int?

    /// The defaults.
    public init(c: Double = 1, epsilon: Double = 0.1, kernel: KernelConfiguration = .init()) {
      (self.c, self.epsilon, self.kernel) = (c, epsilon, kernel)
    }
  }

  /// Whether training ended at the minimum.
  public let hasConverged: Bool
  let vectors: SupportVectors
  let machine: KernelMachine

  /// How many rows decide.
  public var supportVectorCount: Int { vectors.count }
  var columns: Int { vectors.columns }
  var isSound: Bool { vectors.isSound([machine]) }

  /// Trains a model.
  ///
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values.
  public static func train(
    _ data: LabelledRows, _ configuration: Configuration = Configuration()
  ) throws -> SVR {
    let what = "kernel SVM"
    try LinearChecks.check(data, what: what)
    try LinearChecks.expect(
      configuration.c > 0 && configuration.epsilon >= 0 && configuration.tolerance > 0,
      "\(what): c \(configuration.c) and tolerance \(configuration.tolerance) must be above 0, epsilon "
        + "\(configuration.epsilon) not negative")
    let x = try DenseRows(data.features, what: what)
    let kernel = try configuration.kernel.function(x, what: what)
    let c = (0..<x.rows).map { configuration.c * (data.weights?[$0] ?? 1) }
    let result = SequentialMinimal(
      kernel: KernelRows(x, kernel),
      y: .init(repeating: 1, count: x.rows) + .init(repeating: -1, count: x.rows),
      p: data.targets.map { configuration.epsilon - $0 } + data.targets.map { configuration.epsilon + $0 },
      c: c + c, tolerance: configuration.tolerance,
      maxIterations: configuration.maxIterations ?? max(10_000_000, 200 * x.rows)
    ).solve()
    let coefficients = (0..<x.rows).map { result.alpha[$0] - result.alpha[$0 + x.rows] }
    let used = coefficients.indices.filter { coefficients[$0] != 0 }
    let machine = KernelMachine(
      places: used, coefficients: used.map { coefficients[$0] }, intercept: -result.rho)
    let kept = SupportVectors.kept(x, kernel, [machine])
    return SVR(hasConverged: result.hasConverged, vectors: kept.vectors, machine: kept.machines[0])
  }

  /// What is predicted of rows.
  public func predict(_ x: FeatureMatrix) -> [Double] { vectors.scores(x, [machine]) }
}
