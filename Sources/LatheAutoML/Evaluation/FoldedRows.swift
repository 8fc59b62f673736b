import LatheCore
import LatheLearn
import LatheTables

/// Rows divided into parts, each with its features learned from the other parts; those are made once for all models.
final class FoldedRows {
  let table: Table
  let targets: [Double]
  let classes: Int
  let splits: [RowSplit]
  /// How often all rows are divided; the parts of one division follow each other.
  let divisions: Int
  let target: String
  let spread: Double
  private var made: [ColumnTransformer.Habit: [Fold]] = [:]
  private var madeDivision = 0

  private struct Fold {
    let train: LabelledRows
    let test: FeatureMatrix
  }

  /// - Parameters:
  ///   - folds: How many parts; 1 for one part in five alone.
  ///   - divisions: How often the rows are divided anew, so that chance in parts of few rows counts less.
  init(
    _ table: Table, _ targets: [Double], classes: Int, target: String, folds: Int, divisions: Int = 1,
    seed: UInt64
  ) throws {
    self.divisions = divisions
    self.table = table
    self.targets = targets
    self.classes = classes
    self.target = target
    let mean = targets.reduce(0, +) / Double(targets.count)
    spread = (targets.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(targets.count)).squareRoot()
    splits = try (0..<divisions).flatMap {
      try Self.splits(targets, classes: classes, folds: folds, seed: seed &+ UInt64($0))
    }
  }

  /// The places of the parts of a division among `splits`.
  func parts(ofDivision division: Int) -> Range<Int> {
    let each = splits.count / divisions
    return division * each..<(division + 1) * each
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

  /// The features of a division, kept until another one is asked for.
  private func folds(_ habit: ColumnTransformer.Habit, division: Int) throws -> [Fold] {
    if division != madeDivision {
      made = [:]
      madeDivision = division
    }
    if let folds = made[habit] { return folds }
    let folds = try splits[parts(ofDivision: division)].map { split in
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
  /// - Parameters:
  ///   - division: Whose parts.
  ///   - isOver: Asked before each part; true gives up.
  /// - Returns: Answers part after part; nil where it was given up.
  func answers(
    _ candidate: Candidate, division: Int = 0, seed: UInt64, isOver: () -> Bool
  ) throws -> [[Double]]? {
    var result: [[Double]] = []
    for fold in try folds(candidate.habit, division: division) {
      if isOver() { return nil }
      let estimator = candidate.estimator(
        classes: classes, rows: fold.train.targets.count, columns: fold.train.features.columns,
        spread: spread, seed: seed)
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

  /// What the shares of classes, or the mean, of the rows to learn from would answer.
  var baselineAnswers: [[Double]] {
    splits.map { split in
      let learned = split.train.map { targets[$0] }
      guard classes > 0 else {
        let mean = learned.reduce(0, +) / Double(learned.count)
        return split.test.map { _ in mean }
      }
      var shares = [Double](repeating: 0, count: classes)
      for target in learned { shares[Int(target)] += 1 / Double(learned.count) }
      return split.test.flatMap { _ in shares }
    }
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
  var score: Double
  var foldScores: [Double]
  /// Answers to rows that were not learned from, part after part.
  var answers: [[Double]]
  let seconds: Double
  let rows: Int
  /// What it was made for.
  let stage: String
}
