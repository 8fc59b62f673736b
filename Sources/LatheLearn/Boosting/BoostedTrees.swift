import LatheCore

/// A model of boosted trees.
///
/// ```swift
/// var configuration = BoostingConfiguration(loss: .binary)
/// configuration.leafCount = 15
/// let model = try BoostedTrees.train(LabelledRows(x, y), configuration)
/// let p = model.probabilities(x)
/// ```
public struct BoostedTrees: Sendable {
  /// The trees, round after round, in each one for each output.
  public var trees: [Tree]
  /// What scores start from, one number for each output.
  public var baseScores: [Double]
  /// What was minimised; says how scores become predictions.
  public var loss: BoostingLoss
  /// The names of the columns.
  public var featureNames: [String]

  /// A model of trees that were made elsewhere.
  public init(trees: [Tree], baseScores: [Double], loss: BoostingLoss, featureNames: [String]) {
    self.trees = trees
    self.baseScores = baseScores
    self.loss = loss
    self.featureNames = featureNames
  }

  /// Scores of a row.
  public var outputs: Int { baseScores.count }
  /// How often trees were added.
  public var rounds: Int { trees.count / max(outputs, 1) }

  /// Trains a model.
  ///
  /// - Parameters:
  ///   - data: The rows to learn from.
  ///   - configuration: How.
  ///   - validation: Rows by which training may end early.
  ///   - metric: What is measured on them.
  ///   - objective: A loss of one's own in the place of the configuration's, which then says only how scores become
  ///     predictions.
  ///   - report: Told of each round; ends training by `false`.
  public static func train(
    _ data: LabelledRows, _ configuration: BoostingConfiguration, validation: LabelledRows? = nil,
    metric: BoostingMetric = .loss, objective: (any BoostingObjective)? = nil,
    report: ((BoostingProgress) -> Bool)? = nil
  ) throws -> BoostedTrees {
    try BoostingChecks.check(data, configuration, what: "training")
    if let validation {
      try BoostingChecks.check(validation, configuration, what: "validation")
      guard validation.features.columns == data.features.columns else {
        throw LatheError(
          .invalidArgument,
          "validation rows have \(validation.features.columns) columns, training rows \(data.features.columns)"
        )
      }
    }
    let run = BoostingRun(
      data, configuration, objective ?? makeObjective(data, configuration.loss), validation: validation)
    let rounds = try run.train(metric: metric, report: report)
    let base = run.baseScores
    return BoostedTrees(
      trees: Array(run.trees.prefix(rounds * base.count)), baseScores: base, loss: configuration.loss,
      featureNames: data.features.names)
  }

  private static func makeObjective(_ data: LabelledRows, _ loss: BoostingLoss) -> any BoostingObjective {
    switch loss {
    case .binary: BinaryObjective(targets: data.targets, weights: data.weights)
    case .multiclass(let classes):
      MulticlassObjective(classes: classes, targets: data.targets.map { Int($0) }, weights: data.weights)
    case .lambdaRank(let truncation):
      RankingObjective(
        targets: data.targets.map { Int($0) }, weights: data.weights,
        groups: data.groups ?? [data.targets.count], truncation: truncation)
    default: RegressionObjective(loss: loss, targets: data.targets, weights: data.weights)
    }
  }

  /// The scores of rows, for each row one for each output.
  ///
  /// - Parameter rounds: How many rounds to use; nil for all.
  public func scores(_ x: FeatureMatrix, rounds: Int? = nil) -> [Double] {
    let used = Array(trees.prefix((rounds ?? self.rounds) * outputs))
    return EnsemblePredictor(trees: used, outputs: outputs).sums(x, from: baseScores)
  }

  /// What is predicted of rows: a number, the class of two or more, or a ranking's score.
  public func predict(_ x: FeatureMatrix, rounds: Int? = nil) -> [Double] {
    let scores = scores(x, rounds: rounds)
    switch loss {
    case .poisson: return scores.map { exponential($0) }
    case .binary: return scores.map { $0 > 0 ? 1 : 0 }
    case .multiclass(let classes):
      return (0..<x.rows).map { row in
        var best = 0
        for k in 1..<classes where scores[row * classes + k] > scores[row * classes + best] { best = k }
        return Double(best)
      }
    default: return scores
    }
  }

  /// The probability of class 1 of each row, or of each class where there are more than two.
  public func probabilities(_ x: FeatureMatrix, rounds: Int? = nil) -> [Double] {
    require(loss.isClassification, "probabilities: the model was trained for numbers, not for classes")
    let scores = scores(x, rounds: rounds)
    if outputs == 1 { return scores.map { logistic($0) } }
    var result = scores
    for row in 0..<x.rows {
      var p = Array(scores[row * outputs..<(row + 1) * outputs])
      softmax(&p)
      for k in 0..<outputs { result[row * outputs + k] = p[k] }
    }
    return result
  }

  /// How much each column improved the objective in all its splits.
  public func gains() -> [Double] {
    var result = [Double](repeating: 0, count: featureNames.count)
    for tree in trees { for split in tree.splits { result[split.feature] += split.gain } }
    return result
  }

  /// How often each column is looked at.
  public func splitCounts() -> [Int] {
    var result = [Int](repeating: 0, count: featureNames.count)
    for tree in trees { for split in tree.splits { result[split.feature] += 1 } }
    return result
  }
}
