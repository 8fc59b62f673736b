import LatheCore

/// The probabilities of classes by weighted sums of features.
///
/// ```swift
/// let model = try LogisticRegression.train(LabelledRows(x, y), .init(c: 0.5))
/// let p = model.probabilities(x)
/// ```
public struct LogisticRegression: Sendable, Hashable, Codable {
  /// How it is trained, in scikit-learn's words and with its defaults.
  public struct Configuration: Sendable, Hashable, Codable {
    /// The inverse of the penalty's factor.
    public var c = 1.0
    /// The part of the penalty that is of absolute weights: 0 for L2, 1 for L1.
    public var l1Ratio = 0.0
    /// Whether there is a constant besides the weighted sum.
    public var fitsIntercept = true
    /// How much the rows of each class count.
    public var classWeights = ClassWeights.none
    /// The most iterations.
    public var maxIterations = 100
    /// The largest derivative of the mean loss at the minimum; with L1 the largest change of a weight, as a part of the largest.
    public var tolerance = 1e-4

    /// The defaults: an L2 penalty of factor 1.
    public init(c: Double = 1, l1Ratio: Double = 0) {
      self.c = c
      self.l1Ratio = l1Ratio
    }
  }

  /// For each output a weight for each feature: one output for two classes, else one for each class.
  public let coefficients: [[Double]]
  /// For each output the constant.
  public let intercepts: [Double]
  /// Iterations of training.
  public let iterations: Int
  /// Whether training ended at the minimum.
  public let hasConverged: Bool

  /// The number of classes.
  public var classes: Int { coefficients.count == 1 ? 2 : coefficients.count }

  /// Trains a model: by L-BFGS, or with an L1 part by coordinate descent in Newton's steps.
  ///
  /// Targets are classes 0, 1, ...; of two the loss is binary, of more multinomial.
  ///
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values, one class alone, and settings out of their range.
  public static func train(
    _ data: LabelledRows, _ configuration: Configuration = Configuration()
  ) throws -> LogisticRegression {
    let what = "logistic regression"
    try LinearChecks.expect(
      configuration.c > 0 && (0...1).contains(configuration.l1Ratio) && configuration.tolerance >= 0,
      "\(what): c is \(configuration.c), l1Ratio \(configuration.l1Ratio), tolerance \(configuration.tolerance); "
        + "c must be above 0, the ratio in 0...1, the tolerance not negative")
    let classes = try LinearChecks.classes(data, what: what)
    let weights = try configuration.classWeights.rowWeights(data, classes: classes, what: what)
    let total = weights?.reduce(0, +) ?? Double(data.targets.count)
    let factor = 1 / (configuration.c * total)
    let objective = LinearObjective(
      x: try DenseRows(data.features, what: what), targets: data.targets, weights: weights,
      loss: classes == 2 ? .logistic : .multinomial(classes), fitsIntercept: configuration.fitsIntercept,
      l2: factor * (1 - configuration.l1Ratio))
    let start = [Double](repeating: 0, count: objective.parameterCount)
    let result =
      configuration.l1Ratio > 0
      ? ProximalNewton(
        objective: objective, l1: factor * configuration.l1Ratio, maxIterations: configuration.maxIterations,
        tolerance: configuration.tolerance
      ).minimize()
      : LBFGS(maxIterations: configuration.maxIterations, tolerance: configuration.tolerance).minimize(
        from: start
      ) { objective.evaluate($0, gradient: &$1) }
    let columns = data.features.columns
    let outputs = objective.loss.outputs
    return LogisticRegression(
      coefficients: (0..<outputs).map { Array(result.point[$0 * columns..<($0 + 1) * columns]) },
      intercepts: configuration.fitsIntercept
        ? Array(result.point[(outputs * columns)...]) : .init(repeating: 0, count: outputs),
      iterations: result.iterations, hasConverged: result.hasConverged)
  }

  /// The weighted sums of rows, for each row one for each output.
  public func scores(_ x: FeatureMatrix) -> [Double] {
    LinearScores.of(x, coefficients: coefficients, intercepts: intercepts)
  }

  /// The probability of each class, class after class in each row.
  public func probabilities(_ x: FeatureMatrix) -> [Double] {
    let scores = scores(x)
    if coefficients.count == 1 { return scores.flatMap { [logistic(-$0), logistic($0)] } }
    return RowAnswers.softmax(scores, classes: classes)
  }

  /// The most probable class of each row.
  public func predict(_ x: FeatureMatrix) -> [Double] {
    RowAnswers.classes(scores(x), outputs: coefficients.count)
  }
}

/// Answers out of scores that lie row after row.
enum RowAnswers {
  /// Of one output whether it is above 0, of several which is largest.
  static func classes(_ scores: [Double], outputs: Int) -> [Double] {
    if outputs == 1 { return scores.map { $0 > 0 ? 1 : 0 } }
    return stride(from: 0, to: scores.count, by: outputs).map { first in
      var best = 0
      for k in 1..<outputs where scores[first + k] > scores[first + best] { best = k }
      return Double(best)
    }
  }

  /// Each row's scores as probabilities that add up to one.
  static func softmax(_ scores: [Double], classes: Int) -> [Double] {
    var result: [Double] = []
    result.reserveCapacity(scores.count)
    for first in stride(from: 0, to: scores.count, by: classes) {
      var row = Array(scores[first..<first + classes])
      LatheLearn.softmax(&row)
      result += row
    }
    return result
  }
}
