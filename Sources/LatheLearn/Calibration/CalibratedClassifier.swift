import LatheCore

/// A classifier whose probabilities are right on average: scikit-learn's `CalibratedClassifierCV`.
///
/// ```swift
/// let model = try CalibratedClassifier.train(LabelledRows(x, y), .naiveBayes(), .init(method: .isotonic))
/// let p = model.probabilities(x)
/// ```
public struct CalibratedClassifier: Sendable {
  /// How it is trained.
  public struct Configuration: Sendable, Hashable, Codable {
    /// How scores become probabilities.
    public var method: CalibrationMethod
    /// Parts of the rows; each is scored by a model that learned from the others.
    public var folds: Int
    /// Whether the models of all folds are kept and averaged; otherwise one model learns from all rows.
    public var isEnsemble: Bool
    /// What the order of rows depends on; nil keeps it.
    public var seed: UInt64?

    /// Five folds, whose models are averaged.
    public init(
      method: CalibrationMethod = .platt, folds: Int = 5, isEnsemble: Bool = true, seed: UInt64? = nil
    ) {
      self.method = method
      self.folds = folds
      self.isEnsemble = isEnsemble
      self.seed = seed
    }
  }

  /// What makes probabilities of one model's scores.
  public enum Curve: Sendable, Hashable, Codable {
    /// A curve for each class, or one of two classes.
    case platt([PlattCalibration])
    /// Steps for each class, or for the second of two.
    case isotonic([IsotonicRegression])
    /// A factor.
    case temperature(TemperatureScaling)
  }

  /// A model and its curve.
  public struct Member: Sendable {
    /// What scores rows.
    public let model: FittedEstimator
    /// What makes probabilities of the scores.
    public let curve: Curve

    package init(model: FittedEstimator, curve: Curve) { (self.model, self.curve) = (model, curve) }
  }

  /// The models whose probabilities are averaged.
  public let members: [Member]
  /// How many classes there are.
  public let classes: Int

  package init(members: [Member], classes: Int) {
    self.members = members
    self.classes = classes
  }

  /// Trains models on all folds but one, and curves on that one.
  ///
  /// - Throws: `LatheError.invalidArgument` where the estimator predicts numbers, or a class has fewer rows than folds.
  public static func train(
    _ data: LabelledRows, _ estimator: Estimator, _ configuration: Configuration = Configuration()
  ) throws -> CalibratedClassifier {
    let what = "calibration"
    guard estimator.isClassifier else {
      throw LatheError(.invalidArgument, "\(what): \(estimator) predicts numbers, not classes")
    }
    let classes = try LinearChecks.classes(data, what: what)
    let labels = data.targets.map { Int($0) }
    let least = RowSplits.rowsByClass(labels).map(\.count).min() ?? 0
    guard configuration.folds >= 2, least >= configuration.folds else {
      throw LatheError(
        .invalidArgument,
        "\(what): \(configuration.folds) folds; there must be two at least, and the rarest class has "
          + counted(least, "rows"))
    }
    let splits = try RowSplits.stratifiedKFold(
      labels: labels, folds: configuration.folds, seed: configuration.seed)
    var members: [Member] = []
    var all: [(rows: [Int], scores: [Double])] = []
    for split in splits {
      let model = try estimator.train(data.selecting(split.train), classes: classes)
      let test = data.selecting(split.test)
      guard let scores = model.calibrationScores(test.features, configuration.method) else {
        throw LatheError(.unsupported, "\(what): the model knows neither scores nor probabilities")
      }
      if configuration.isEnsemble {
        members.append(Member(model: model, curve: try curve(scores, test, classes, configuration.method)))
      } else {
        all.append((split.test, scores))
      }
    }
    if !configuration.isEnsemble {
      let rows = all.flatMap(\.rows)
      let curve = try curve(all.flatMap(\.scores), data.selecting(rows), classes, configuration.method)
      members = [Member(model: try estimator.train(data, classes: classes), curve: curve)]
    }
    return CalibratedClassifier(members: members, classes: classes)
  }

  /// What makes probabilities of scores that models gave to rows that they did not learn from.
  package static func curve(
    _ scores: [Double], _ data: LabelledRows, _ classes: Int, _ method: CalibrationMethod
  ) throws -> Curve {
    let rows = data.targets.count
    let labels = data.targets.map { Int($0) }
    let width = scores.count / max(rows, 1)
    if method == .temperature {
      return .temperature(
        try TemperatureScaling(
          fit: pairs(scores, width), labels: labels, classes: classes, weights: data.weights))
    }
    let columns = (0..<width).map { k in (0..<rows).map { scores[$0 * width + k] } }
    let own = columns.enumerated().map { k, scores in
      (scores, labels.map { $0 == (width == 1 ? 1 : k) })
    }
    if method == .platt {
      return .platt(try own.map { try PlattCalibration(fit: $0.0, labels: $0.1, weights: data.weights) })
    }
    return .isotonic(
      try own.map {
        try IsotonicRegression(fit: $0.0, $0.1.map { $0 ? 1 : 0 }, weights: data.weights, range: 0...1)
      })
  }

  /// Of one score a row one of each class, as scikit-learn has them.
  private static func pairs(_ scores: [Double], _ width: Int) -> [Double] {
    width == 1 ? scores.flatMap { [-$0, $0] } : scores
  }

  /// The probability of each class, class after class in each row.
  public func probabilities(_ x: FeatureMatrix) -> [Double] {
    var sums = [Double](repeating: 0, count: x.rows * classes)
    for member in members {
      // They were there in training.
      guard let scores = member.model.calibrationScores(x, member.curve.method) else { continue }
      let own = member.curve.probabilities(scores, rows: x.rows, classes: classes)
      for i in sums.indices { sums[i] += own[i] }
    }
    return sums.map { $0 / Double(members.count) }
  }

  /// The most probable class of each row.
  public func predict(_ x: FeatureMatrix) -> [Double] {
    RowAnswers.classes(probabilities(x), outputs: classes)
  }
}

extension CalibratedClassifier.Curve {
  /// How scores become probabilities.
  public var method: CalibrationMethod {
    switch self {
    case .platt: .platt
    case .isotonic: .isotonic
    case .temperature: .temperature
    }
  }

  /// Probabilities of a model's scores.
  package func probabilities(_ scores: [Double], rows: Int, classes: Int) -> [Double] {
    let width = rows > 0 ? scores.count / rows : 1
    func column(_ k: Int) -> [Double] { (0..<rows).map { scores[$0 * width + k] } }
    let lists: [[Double]]
    switch self {
    case .temperature(let scaling):
      return scaling.predict(width == 1 ? scores.flatMap { [-$0, $0] } : scores, classes: classes)
    case .platt(let curves): lists = curves.enumerated().map { $1.predict(column($0)) }
    case .isotonic(let curves): lists = curves.enumerated().map { $1.predict(column($0)) }
    }
    if lists.count == 1 { return lists[0].flatMap { [1 - $0, $0] } }
    return (0..<rows).flatMap { row in
      let own = lists.map { $0[row] }
      let sum = own.reduce(0, +)
      return sum > 0 ? own.map { $0 / sum } : own.map { _ in 1 / Double(classes) }
    }
  }
}

extension FittedEstimator {
  /// What calibration starts from: one score of two classes, or one of each; nil where a model has neither scores nor probabilities.
  ///
  /// Of models without scores they are probabilities, for a temperature their logarithms.
  func calibrationScores(_ x: FeatureMatrix, _ method: CalibrationMethod) -> [Double]? {
    switch self {
    case .logisticRegression(let model): return model.scores(x)
    case .linearSVC(let model): return model.scores(x)
    case .svc(let model): return model.scores(x)
    case .sgdClassifier(let model): return model.scores(x)
    case .linearDiscriminant(let model): return model.scores(x)
    case .quadraticDiscriminant(let model):
      // As scikit-learn, of two classes how much the second is more likely.
      let found = model.jointLogLikelihoods(x)
      if model.classes > 2 { return found }
      return stride(from: 0, to: found.count, by: 2).map { found[$0 + 1] - found[$0] }
    case .boostedTrees(let model) where model.loss.isClassification: return model.scores(x)
    default:
      guard let found = probabilities(x) else { return nil }
      if method == .temperature { return TemperatureScaling.logits(found) }
      return found.count == 2 * x.rows ? stride(from: 1, to: found.count, by: 2).map { found[$0] } : found
    }
  }
}
