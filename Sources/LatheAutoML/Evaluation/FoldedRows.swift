import LatheCore
import LatheLearn
import LatheTables

/// Rows divided into parts, each with its features learned from the other parts; those are made once for all models.
final class FoldedRows {
  let table: Table
  let targets: [Double]
  let classes: Int
  let splits: [RowSplit]
  let target: String
  let spread: Double
  private var made: [ColumnTransformer.Habit: [Fold]] = [:]

  private struct Fold {
    let train: LabelledRows
    let test: FeatureMatrix
  }

  /// - Parameter folds: How many parts; 1 for one part in five alone.
  init(_ table: Table, _ targets: [Double], classes: Int, target: String, folds: Int, seed: UInt64) throws {
    self.table = table
    self.targets = targets
    self.classes = classes
    self.target = target
    let mean = targets.reduce(0, +) / Double(targets.count)
    spread = (targets.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(targets.count)).squareRoot()
    splits = try Self.splits(targets, classes: classes, folds: folds, seed: seed)
  }

  private static func splits(_ targets: [Double], classes: Int, folds: Int, seed: UInt64) throws -> [RowSplit]
  {
    let parts = folds == 1 ? 5 : max(2, min(folds, targets.count / 2))
    var splits: [RowSplit]
    if classes > 0 {
      let labels = targets.map { Int($0) }
      do {
        splits = try RowSplits.keepingSingleRows(labels: labels) {
          try RowSplits.stratifiedKFold(labels: $0, folds: parts, seed: seed)
        }
      } catch {
        // No class has a row for each part.
        splits = try RowSplits.keepingSingleRows(labels: labels) {
          try RowSplits.stratifiedKFold(labels: $0, folds: 2, seed: seed)
        }
      }
    } else {
      splits = try RowSplits.kFold(rows: targets.count, folds: parts, seed: seed)
    }
    return folds == 1 ? Array(splits.prefix(1)) : splits
  }

  /// The rows that are tested on, part after part.
  lazy var testedRows: [Int] = splits.flatMap(\.test)

  private func folds(_ habit: ColumnTransformer.Habit) throws -> [Fold] {
    if let folds = made[habit] { return folds }
    let folds = try splits.map { split in
      let train = try table.take(split.train)
      let learned = split.train.map { targets[$0] }
      let (features, x) = try ColumnTransformer.standard(for: train, target: target, habit).features
        .fitTransform(train, targets: learned, classes: classes)
      return Fold(
        train: LabelledRows(x, learned), test: try features.transform(table.take(split.test)))
    }
    made[habit] = folds
    return folds
  }

  /// What a candidate answers to rows that it did not learn from.
  ///
  /// - Parameter isOver: Asked before each part; true gives up.
  /// - Returns: Answers part after part; nil where it was given up.
  func answers(_ candidate: Candidate, seed: UInt64, isOver: () -> Bool) throws -> [[Double]]? {
    var result: [[Double]] = []
    for fold in try folds(candidate.habit) {
      if isOver() { return nil }
      let estimator = candidate.estimator(
        classes: classes, rows: fold.train.targets.count, spread: spread, seed: seed)
      let model = try estimator.train(fold.train, classes: classes)
      guard model.shape.classes == classes else {
        throw LatheError(.training, "a class of '\(target)' is not in each part to learn from")
      }
      let found = classes > 0 ? model.probabilities(fold.test) : model.predict(fold.test)
      guard let found, found.allSatisfy(\.isFinite) else {
        throw LatheError(.training, "\(candidate.family.rawValue): answers are no numbers")
      }
      result.append(found)
    }
    return result
  }

  /// The metric of each part's answers.
  func scores(_ answers: [[Double]], _ metric: AutoMLMetric) -> [Double] {
    zip(answers, splits).map { answers, split in
      metric.value(answers, split.test.map { targets[$0] }, classes: classes)
    }
  }
}

/// What a candidate reached.
struct Evaluation: Sendable {
  let candidate: Candidate
  /// The metric, the mean of all parts.
  let score: Double
  let foldScores: [Double]
  /// Answers to rows that were not learned from, part after part.
  let answers: [[Double]]
  let seconds: Double
  let rows: Int
  /// What it was made for.
  let stage: String
}
