import LatheCore

/// Classes by the side of a plane, as far from the rows of both as they allow: a linear support vector machine.
///
/// What is minimised is liblinear's: half the squared weights, the constant among them, and c times the sum of squared hinge
/// losses; of several classes each against all others.
public struct LinearSVC: Sendable, Hashable, Codable {
  /// How it is trained, in scikit-learn's words and with its defaults.
  public struct Configuration: Sendable, Hashable, Codable {
    /// The inverse of the penalty's factor.
    public var c = 1.0
    /// Whether there is a constant besides the weighted sum.
    public var fitsIntercept = true
    /// How much the rows of each class count.
    public var classWeights = ClassWeights.none
    /// The most iterations.
    public var maxIterations = 1000
    /// The largest derivative of the mean loss at the minimum.
    public var tolerance = 1e-4

    /// The defaults.
    public init(c: Double = 1) { self.c = c }
  }

  /// For each output a weight for each feature: one output for two classes, else one for each class.
  public let coefficients: [[Double]]
  /// For each output the constant.
  public let intercepts: [Double]
  /// Whether training ended at the minimum.
  public let hasConverged: Bool

  /// The number of classes.
  public var classes: Int { coefficients.count == 1 ? 2 : coefficients.count }

  /// Trains a model by L-BFGS.
  ///
  /// Targets are classes 0, 1, ...
  ///
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values, and one class alone.
  public static func train(
    _ data: LabelledRows, _ configuration: Configuration = Configuration()
  ) throws -> LinearSVC {
    let what = "linear SVM"
    try LinearChecks.expect(
      configuration.c > 0, "\(what): c is \(configuration.c); it must be above 0")
    let classes = try LinearChecks.classes(data, what: what)
    let weights = try configuration.classWeights.rowWeights(data, classes: classes, what: what)
    let total = weights?.reduce(0, +) ?? Double(data.targets.count)
    let x = try DenseRows(data.features, what: what)
    return minimized(data.targets, classes: classes, columns: x.columns, configuration) { signs in
      let objective = LinearObjective(
        x: x, targets: signs, weights: weights, loss: .squaredHinge,
        fitsIntercept: configuration.fitsIntercept, l2: 1 / (configuration.c * total),
        penalizesIntercept: true)
      return { objective.evaluate($0, gradient: &$1) }
    }
  }

  /// A plane between each class and the others, of two classes one alone.
  ///
  /// - Parameter objective: What a plane minimises, by 1 for rows of its class and -1 for others.
  static func minimized(
    _ targets: [Double], classes: Int, columns: Int, _ configuration: Configuration,
    _ objective: ([Double]) -> LBFGS.Function
  ) -> LinearSVC {
    let search = LBFGS(maxIterations: configuration.maxIterations, tolerance: configuration.tolerance)
    let results = (classes == 2 ? [1] : Array(0..<classes)).map { own in
      search.minimize(
        from: .init(repeating: 0, count: columns + (configuration.fitsIntercept ? 1 : 0)),
        objective(targets.map { Int($0) == own ? 1 : -1 }))
    }
    return LinearSVC(
      coefficients: results.map { Array($0.point.prefix(columns)) },
      intercepts: results.map { configuration.fitsIntercept ? $0.point[columns] : 0 },
      hasConverged: results.allSatisfy(\.hasConverged))
  }

  /// The weighted sums of rows, for each row one for each output.
  public func scores(_ x: FeatureMatrix) -> [Double] {
    LinearScores.of(x, coefficients: coefficients, intercepts: intercepts)
  }

  /// The class of each row.
  public func predict(_ x: FeatureMatrix) -> [Double] {
    RowAnswers.classes(scores(x), outputs: coefficients.count)
  }
}
