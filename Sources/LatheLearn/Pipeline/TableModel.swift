import LatheCore
import LatheTables

/// A trained pipeline: predicts a column from raw rows of tables, and goes to and comes from a file.
public struct TableModel: Sendable {
  let encoding: TargetEncoding
  /// What makes features of columns.
  public let features: FittedTransformer
  /// What learned from them.
  public let estimator: FittedEstimator
  /// How classes are told by probabilities; nil for the most probable one.
  public internal(set) var decision: DecisionRule?
  /// Rules of experts above the model; the first one that holds decides.
  public internal(set) var rules: [ExpertRule] = []
  var parsedRules: [RuledModel.Rule] = []
  /// The scorecard that it was made of.
  public internal(set) var scorecard: Scorecard?

  init(target: TargetEncoding, features: FittedTransformer, estimator: FittedEstimator) {
    encoding = target
    self.features = features
    self.estimator = estimator
  }

  /// The column that is predicted.
  public var target: String { encoding.name }
  /// The classes in the order of their places; none where numbers are predicted.
  public var classes: [String] { encoding.classes }
  /// Whether classes are predicted, not numbers.
  public var isClassifier: Bool { !classes.isEmpty }

  /// Whether training ended at the minimum; true of models that have none.
  public var hasConverged: Bool {
    switch estimator {
    case .logisticRegression(let model): model.hasConverged
    case .linearSVC(let model): model.hasConverged
    case .elasticNet(let model): model.hasConverged
    case .poisson(let model): model.hasConverged
    case .svc(let model): model.hasConverged
    case .svr(let model): model.hasConverged
    case .linearSVR(let model): model.hasConverged
    case .quantile(let model): model.hasConverged
    case .sgdClassifier(let model): model.hasConverged
    case .sgdRegressor(let model): model.hasConverged
    case .calibrated(let model):
      model.members.allSatisfy {
        TableModel(target: encoding, features: features, estimator: $0.model).hasConverged
      }
    default: true
    }
  }

  /// The target of each row, by the target's name: the most probable class, or a number.
  ///
  /// Columns are found by their names, in any order; others are passed over.
  ///
  /// - Throws: `LatheError.invalidArgument` naming a column that is not there, or a value that the features have no place for.
  public func predict(_ table: Table) throws -> Column {
    guard rules.isEmpty else { return try RuledModel(withoutRules, parsedRules).predict(table) }
    let answers = try answers(table)
    if !isClassifier { return Column(target, answers.map { Optional($0) }) }
    return Column(target, answers.map { classes[Int($0)] })
  }

  /// The places of rows' predicted classes among `classes`.
  public func predictedClasses(_ table: Table) throws -> [Int] {
    require(isClassifier, "predictedClasses: the model predicts numbers")
    guard rules.isEmpty else {
      let places = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
      return try predict(table).strings().map { places[$0 ?? ""] ?? 0 }
    }
    return try answers(table).map { Int($0) }
  }

  /// The probability of each class, for each row a list.
  ///
  /// - Throws: `LatheError.unsupported` where the model knows no probabilities.
  public func probabilities(_ table: Table) throws -> [[Double]] {
    guard rules.isEmpty else { return try RuledModel(withoutRules, parsedRules).probabilities(table) }
    guard isClassifier, let found = try chances(table) else {
      throw LatheError(.unsupported, "the model of '\(target)' knows no probabilities")
    }
    let width = classes.count
    return stride(from: 0, to: found.count, by: width).map { Array(found[$0..<$0 + width]) }
  }

  /// The true classes of a table's rows as places among `classes`, for scores.
  ///
  /// - Throws: `LatheError.invalidArgument` where the target is not there, missing, or of a class that is not known.
  public func labels(_ table: Table) throws -> [Int] {
    require(isClassifier, "labels: the model predicts numbers")
    return try encoding.targets(table[target]).map { Int($0) }
  }

  /// The true numbers of a table's rows, for scores.
  public func targets(_ table: Table) throws -> [Double] { try encoding.targets(table[target]) }

  /// Numbers or places of classes; what fails on the device of a model of another library is thrown.
  private func answers(_ table: Table) throws -> [Double] {
    if let decision, let found = try chances(table) { return decision.classes(found, of: classes.count) }
    let x = try matrix(table)
    if case .custom(let model) = estimator { return try model.predict(x) }
    return estimator.predict(x)
  }

  private func chances(_ table: Table) throws -> [Double]? {
    let x = try matrix(table)
    if case .custom(let model) = estimator { return try model.probabilities(x) }
    return estimator.probabilities(x)
  }

  /// Features of rows, for models that need all values refused where one is missing.
  private func matrix(_ table: Table) throws -> FeatureMatrix {
    let x = try features.transform(table)
    try estimator.checkValues(x, what: "prediction of '\(target)'")
    return x
  }
}
