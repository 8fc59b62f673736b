import LatheCore
import LatheTables

/// Several pipelines that answer together: scikit-learn's voting and stacking.
///
/// ```swift
/// let ensemble = Ensemble(
///   [.init(linear, .logisticRegression()), .init(trees, .forest(.randomForest(.gini)))], .stacked(), target: "label")
/// let model = try ensemble.fit(train)
/// ```
///
/// The result is a `TableModel` like any other: it predicts from raw rows, and goes to and comes from a file.
public struct Ensemble: Sendable {
  /// Features and what learns from them.
  public struct Member: Sendable {
    /// What becomes of columns.
    public var features: ColumnTransformer
    /// What learns from them.
    public var estimator: Estimator

    /// A member that learns from some features.
    public init(_ features: ColumnTransformer, _ estimator: Estimator) {
      self.features = features
      self.estimator = estimator
    }
  }

  /// How one answer becomes of several.
  public enum Combination: Sendable {
    /// The mean of probabilities or numbers, by weights; all the same without.
    case mean(weights: [Double]? = nil)
    /// The class that most members tell, by weights.
    case votes(weights: [Double]? = nil)
    /// A final model learns from the answers that members give to rows they did not learn from.
    ///
    /// Without one, it is a logistic regression of classes, and ridge regression with a penalty of 1 of numbers. Without a seed
    /// the parts are those of rows in their order.
    case stacked(final: Estimator? = nil, folds: Int = 5, seed: UInt64? = nil)
  }

  /// The members.
  public var members: [Member]
  /// How one answer becomes of several.
  public var combination: Combination
  /// The column that is predicted.
  public var target: String

  /// An ensemble that predicts the column `target`.
  public init(_ members: [Member], _ combination: Combination = .mean(), target: String) {
    self.members = members
    self.combination = combination
    self.target = target
  }

  /// Learns from all rows of a table.
  ///
  /// - Parameters:
  ///   - table: The rows to learn from, and no others.
  ///   - weights: How much each row counts.
  /// - Throws: `LatheError.invalidArgument` where members are not all of classes or all of numbers, weights do not fit, a class
  ///   has too few rows for the parts, and as `Pipeline.fit`.
  public func fit(_ table: Table, weights: [Double]? = nil) throws -> TableModel {
    let isClassifier = members.first?.estimator.isClassifier ?? false
    guard !members.isEmpty, members.allSatisfy({ $0.estimator.isClassifier == isClassifier }) else {
      throw LatheError(
        .invalidArgument, "ensemble: members must be there, and all tell classes or all numbers")
    }
    let models = try members.map {
      try Pipeline($0.features, $0.estimator, target: target).fit(table, weights: weights)
    }
    let classes = models[0].classes.count
    let fitted: FittedEnsemble.Combination
    switch combination {
    case .mean(let given): fitted = .mean(try checked(given))
    case .votes(let given):
      guard isClassifier else {
        throw LatheError(.invalidArgument, "ensemble: votes are for classes; take the mean of numbers")
      }
      fitted = .votes(try checked(given))
    case .stacked(let final, let folds, let seed):
      fitted = .stacked(
        try trainFinal(
          final ?? (isClassifier ? .logisticRegression() : .linearRegression(.ridge())), table, models[0],
          weights, folds: folds, seed: seed))
    }
    return TableModel.joining(models, fitted, classes: classes)
  }

  private func checked(_ weights: [Double]?) throws -> [Double] {
    let weights = weights ?? members.map { _ in 1 }
    guard weights.count == members.count, weights.allSatisfy({ $0 >= 0 && $0.isFinite }),
      weights.contains(where: { $0 > 0 })
    else {
      throw LatheError(
        .invalidArgument,
        "ensemble: \(weights.count) weights for \(members.count) members; they must not be negative, nor all zero"
      )
    }
    return weights
  }

  /// Trains the final model on answers to rows that members did not learn from.
  private func trainFinal(
    _ final: Estimator, _ table: Table, _ model: TableModel, _ weights: [Double]?, folds: Int, seed: UInt64?
  ) throws -> FittedEstimator {
    let classes = model.classes.count
    guard final.isClassifier == (classes > 0) else {
      throw LatheError(.invalidArgument, "stacking: the final model must tell what the members tell")
    }
    let targets = try model.isClassifier ? model.labels(table).map { Double($0) } : model.targets(table)
    let splits =
      classes > 0
      ? try RowSplits.keepingSingleRows(labels: targets.map { Int($0) }) {
        try RowSplits.stratifiedKFold(labels: $0, folds: folds, seed: seed)
      } : try RowSplits.kFold(rows: table.rowCount, folds: folds, seed: seed)
    var answers = [[Double]](repeating: [], count: members.count)
    let rows = splits.flatMap(\.test)
    for split in splits {
      let (train, test) = (try table.take(split.train), try table.take(split.test))
      for (number, member) in members.enumerated() {
        let learned = split.train.map { targets[$0] }
        let (features, x) = try member.features.fitTransform(train, targets: learned, classes: classes)
        let data = LabelledRows(
          x, learned,
          weights: weights.map { weights in split.train.map { weights[$0] } })
        let fitted = try member.estimator.train(data, classes: classes)
        guard fitted.shape.classes == classes else {
          throw LatheError(
            .invalidArgument,
            "stacking: a class of '\(target)' is not in each part to learn from; take fewer folds, or join rare classes"
          )
        }
        let asked = try features.transform(test)
        try fitted.checkValues(asked, what: "stacking of '\(target)'")
        answers[number] += fitted.stackedAnswers(asked, classes: classes)
      }
    }
    let data = LabelledRows(
      FittedEnsemble.sideBySide(answers, rows: rows.count), rows.map { targets[$0] },
      weights: weights.map { weights in rows.map { weights[$0] } })
    // In the order of the table, so that sums are those of scikit-learn.
    let order = rows.indices.sorted { rows[$0] < rows[$1] }
    return try final.train(
      LabelledRows(
        data.features.selecting(rows: order), order.map { data.targets[$0] },
        weights: data.weights.map { weights in order.map { weights[$0] } }), classes: classes)
  }
}

extension TableModel {
  /// Models of one target as one, their features side by side; those that are the same are made once.
  package static func joining(
    _ models: [TableModel], _ combination: FittedEnsemble.Combination, classes: Int, temperature: Double = 1,
    threshold: Double = 0.5
  ) -> TableModel {
    var parts: [FittedTransformer.Part] = []
    var ranges: [Range<Int>] = []
    let members = models.map { model -> FittedEnsemble.Member in
      let columns = model.features.parts.map { part -> Range<Int> in
        if let place = parts.firstIndex(of: part) { return ranges[place] }
        let first = ranges.last?.upperBound ?? 0
        let width = FittedTransformer(parts: [part]).width ?? 0
        parts.append(part)
        ranges.append(first..<first + width)
        return ranges[parts.count - 1]
      }
      return FittedEnsemble.Member(columns: columns, estimator: model.estimator)
    }
    let ensemble = FittedEnsemble(
      members: members, combination: combination, classes: classes,
      columns: ranges.last?.upperBound ?? 0, temperature: temperature, threshold: threshold)
    return TableModel(
      target: models[0].encoding, features: FittedTransformer(parts: parts), estimator: .ensemble(ensemble))
  }

  /// The model with probabilities that a curve makes of its own.
  package func calibrated(_ curve: CalibratedClassifier.Curve) -> TableModel {
    TableModel(
      target: encoding, features: features,
      estimator: .calibrated(
        CalibratedClassifier(members: [.init(model: estimator, curve: curve)], classes: classes.count)))
  }
}
