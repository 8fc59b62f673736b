import Foundation
import LatheML

/// What a model of tables is worth on rows that it did not learn from.
struct TableScores {
  /// By name, as JSON has them.
  let figures: [String: Double]
  /// For a person: scikit-learn's report, or the errors.
  let text: String

  init(_ model: TableModel, _ table: Table) throws {
    guard model.isClassifier else {
      let found = try model.predict(table).numbers()
      var metrics = RegressionMetrics()
      try metrics.update(predictions: found, targets: model.targets(table))
      figures = [
        "mean_absolute_error": metrics.meanAbsoluteError,
        "root_mean_squared_error": metrics.rootMeanSquaredError,
        "r2": metrics.r2,
      ]
      text = Self.lines(figures)
      return
    }
    let labels = try model.labels(table)
    var confusion = ConfusionMatrix(classes: model.classes.count)
    try confusion.update(predicted: model.predictedClasses(table), labels: labels)
    var figures = [
      "accuracy": confusion.accuracy, "balanced_accuracy": confusion.balancedAccuracy,
      "f1_macro": confusion.score(.macro).f1,
    ]
    if let probabilities = try? model.probabilities(table) {
      var loss = LogLoss()
      try loss.update(probabilities: probabilities, labels: labels)
      figures["log_loss"] = loss.value
      if model.classes.count == 2 {
        var scores = BinaryScores()
        try scores.update(scores: probabilities.map { $0[1] }, labels: labels.map { $0 == 1 })
        figures["roc_auc"] = scores.rocAUC
      } else {
        var scores = MulticlassScores(classes: model.classes.count)
        try scores.update(probabilities: probabilities, labels: labels)
        figures["roc_auc_ovr"] = scores.rocAUC(oneVersusRest: .macro)
      }
    }
    // A class without a row in the test has no curve.
    self.figures = figures.filter { $0.value.isFinite }
    text = confusion.report(names: model.classes.map { printable($0) }) + "\n" + Self.lines(self.figures)
  }

  private static func lines(_ figures: [String: Double]) -> String {
    let width = figures.keys.map(\.count).max() ?? 0
    return figures.sorted { $0.key < $1.key }.map {
      Terminal.left($0.key, width) + "  " + Terminal.fixed($0.value, 4)
    }.joined(separator: "\n")
  }

  /// The scores of each part of the rows by a model that learned, features included, from the others.
  static func ofFolds(
    _ folds: Int, seed: UInt64, _ pipeline: Pipeline, _ table: Table, _ fit: (Table) throws -> TableModel
  )
    throws
    -> [TableScores]
  {
    let splits =
      pipeline.estimator.isClassifier
      ? try RowSplits.keepingSingleRows(labels: table[pipeline.target].classPlaces()) {
        try RowSplits.stratifiedKFold(labels: $0, folds: folds, seed: seed)
      }
      : try RowSplits.kFold(rows: table.rowCount, folds: folds, seed: seed)
    return try splits.map { split in
      try TableScores(fit(table.take(split.train)), table.take(split.test))
    }
  }

  /// The mean of each figure over folds.
  static func means(_ folds: [TableScores]) -> [String: Double] {
    Dictionary(
      uniqueKeysWithValues: Set(folds.flatMap { $0.figures.keys }).map { name in
        (name, Sums.mean(folds.compactMap { $0.figures[name] }))
      })
  }

  /// Means and deviations of all folds' scores.
  static func summary(_ folds: [TableScores]) -> String {
    var lines = ["\(folds.count) folds of the rows to learn from, mean and deviation"]
    let names = Set(folds.flatMap { $0.figures.keys }).sorted()
    let width = names.map(\.count).max() ?? 0
    for name in names {
      let values = folds.compactMap { $0.figures[name] }
      lines.append(
        Terminal.left(name, width) + "  " + Terminal.fixed(Sums.mean(values), 4) + " +- "
          + Terminal.fixed(Sums.variance(values, freedom: 0).squareRoot(), 4))
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
