import LatheCore
import LatheTables

/// Some of a matrix's columns, which something said are worth keeping.
///
/// ```swift
/// let best = try FeatureSelection.kBest(data, 10, by: .fClassif)
/// let model = try LogisticRegression.train(LabelledRows(best.transform(x), y))
/// ```
public struct FeatureSelection: Sendable, Hashable, Codable {
  /// How many columns there were.
  public let columns: Int
  /// Those that are kept, rising.
  public let kept: [Int]

  init(columns: Int, keeping: (Int) -> Bool) {
    self.columns = columns
    kept = (0..<columns).filter(keeping)
  }

  var isSound: Bool { kept.allSatisfy { $0 >= 0 && $0 < columns } }

  /// The columns that are kept.
  public func transform(_ x: FeatureMatrix) -> FeatureMatrix {
    require(x.columns == columns, "the selection knows \(columns) columns, not \(x.columns)")
    let rows = DenseRows.rowMajor(x)
    let places = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($1, $0) })
    return FeatureMatrix(
      (0..<x.rows).flatMap { row in kept.map { rows[row * columns + $0] } }, rows: x.rows,
      columns: kept.count,
      categorical: Set(x.categorical.compactMap { places[$0] }), names: kept.map { x.names[$0] })
  }

  /// The columns that vary more than a threshold: scikit-learn's `VarianceThreshold`.
  ///
  /// - Throws: `LatheError` for infinite values, and a column that has none.
  public static func variance(_ x: FeatureMatrix, threshold: Double = 0) throws -> FeatureSelection {
    let variances = try (0..<x.columns).map { column -> Double in
      let values = try PresentValues.of(x, column, "selection by variance")
      // Rounding may make a variance of a column that has one value.
      if values.allSatisfy({ $0 == values[0] }) { return 0 }
      return Sums.variance(values, freedom: 0)
    }
    return FeatureSelection(columns: x.columns) { variances[$0] > threshold }
  }

  /// The `k` columns with the largest scores: scikit-learn's `SelectKBest`.
  ///
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values, and what the score does not take.
  public static func kBest(_ data: LabelledRows, _ k: Int, by score: FeatureScore) throws -> FeatureSelection
  {
    kBest(try score.evaluate(data).scores, k)
  }

  /// The `k` columns with the largest numbers, of equals the last ones, as scikit-learn takes them.
  static func kBest(_ scores: [Double], _ k: Int) -> FeatureSelection {
    let order = scores.indices.sorted { a, b in
      let (x, y) = (scores[a].isNaN ? -.infinity : scores[a], scores[b].isNaN ? -.infinity : scores[b])
      return x != y ? x > y : a > b
    }
    let chosen = Set(order.prefix(max(0, k)))
    return FeatureSelection(columns: scores.count) { chosen.contains($0) }
  }

  /// The columns that a model says are important: scikit-learn's `SelectFromModel`.
  ///
  /// - Parameters:
  ///   - importances: A number for each column, such as `Forest.importances()`.
  ///   - threshold: What a column must reach; nil for the mean.
  ///   - mostFeatures: How many are kept at most.
  public static func fromModel(
    importances: [Double], threshold: Double? = nil, mostFeatures: Int? = nil
  ) -> FeatureSelection {
    let least = threshold ?? Sums.mean(importances)
    let best = kBest(importances, mostFeatures ?? importances.count)
    let chosen = Set(best.kept)
    return FeatureSelection(columns: importances.count) { chosen.contains($0) && importances[$0] >= least }
  }

  /// The columns that keep a weight under a penalty of absolute weights.
  ///
  /// - Parameters:
  ///   - data: The rows; columns should be scaled.
  ///   - classes: How many classes there are; 0 of numbers.
  ///   - strength: Of numbers lasso's `alpha`, of classes logistic regression's `c`.
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values.
  public static func l1(_ data: LabelledRows, classes: Int, strength: Double = 1) throws -> FeatureSelection {
    var weights: [[Double]]
    if classes > 0 {
      var configuration = LogisticRegression.Configuration(c: strength)
      configuration.l1Ratio = 1
      weights = try LogisticRegression.train(data, configuration).coefficients
    } else {
      weights = [try ElasticNet.train(data, .lasso(alpha: strength)).coefficients]
    }
    return FeatureSelection(columns: data.features.columns) { column in
      weights.reduce(0) { $0 + abs($1[column]) } >= 1e-5
    }
  }

  /// The columns that are left when the least important are taken away again and again: scikit-learn's `RFE`.
  ///
  /// - Parameters:
  ///   - data: The rows.
  ///   - count: How many are left; nil for half.
  ///   - step: How many are taken away at a time.
  ///   - importances: How important each column of rows is, by a model that is trained with them.
  /// - Returns: The selection, and each column's rank: 1 of those that are left.
  /// - Throws: What the model throws, and `LatheError.invalidArgument` for a count that is not possible.
  public static func recursive(
    _ data: LabelledRows, count: Int? = nil, step: Int = 1, importances: (LabelledRows) throws -> [Double]
  ) throws -> (selection: FeatureSelection, ranks: [Int]) {
    let columns = data.features.columns
    let wanted = count ?? max(1, columns / 2)
    guard wanted >= 1, wanted <= columns, step >= 1 else {
      throw LatheError(
        .invalidArgument,
        "recursive elimination: \(wanted) of \(columns) columns, \(step) at a time; one is the least")
    }
    var selection = FeatureSelection(columns: columns) { _ in true }
    var ranks = [Int](repeating: 1, count: columns)
    while selection.kept.count > wanted {
      var part = data
      part.features = selection.transform(data.features)
      let found = try importances(part)
      let away = min(step, selection.kept.count - wanted)
      let order = found.indices.sorted { (found[$0], $0) < (found[$1], $1) }
      let chosen = Set(order.prefix(away).map { selection.kept[$0] })
      let kept = Set(selection.kept).subtracting(chosen)
      for column in 0..<columns where !kept.contains(column) { ranks[column] += 1 }
      selection = FeatureSelection(columns: columns) { kept.contains($0) }
    }
    return (selection, ranks)
  }

  /// The columns without which predictions become worse: each is put into a random order several times.
  ///
  /// - Parameters:
  ///   - x: Rows that the model did not learn from.
  ///   - repeats: How often each column is put into an order.
  ///   - seed: What orders depend on.
  ///   - score: How good predictions of rows are; more is better.
  /// - Returns: The columns whose mean loss is above twice its deviation, and the mean losses.
  public static func permutation(
    _ x: FeatureMatrix, repeats: Int = 5, seed: UInt64 = 0, score: (FeatureMatrix) throws -> Double
  ) rethrows -> (selection: FeatureSelection, losses: [Double]) {
    let whole = try score(x)
    var random = RandomSource(seed: seed)
    var (losses, deviations) = ([Double](), [Double]())
    let values = DenseRows.rowMajor(x)
    for column in 0..<x.columns {
      let found = try (0..<repeats).map { _ in
        var order = Array(0..<x.rows)
        random.shuffle(&order)
        var moved = values
        for row in 0..<x.rows { moved[row * x.columns + column] = values[order[row] * x.columns + column] }
        return whole
          - (try score(
            FeatureMatrix(
              moved, rows: x.rows, columns: x.columns, categorical: x.categorical, names: x.names)))
      }
      losses.append(Sums.mean(found))
      deviations.append(repeats > 1 ? Sums.variance(found, freedom: 0).squareRoot() : 0)
    }
    return (
      FeatureSelection(columns: x.columns) { losses[$0] > 0 && losses[$0] > 2 * deviations[$0] }, losses
    )
  }

  /// The columns that a random forest finds more useful than the best of columns in random order (Kursa and Rudnicki, 2010).
  ///
  /// - Parameters:
  ///   - data: The rows.
  ///   - classes: How many classes there are; 0 of numbers.
  ///   - rounds: How many forests are grown at most.
  ///   - alpha: How often a column may be kept or left by chance.
  ///   - forest: How forests are grown; nil for 100 trees of depth 7.
  /// - Returns: The columns that are confirmed, and those that stayed undecided.
  /// - Throws: `LatheError.invalidArgument` for what forests do not take.
  public static func boruta(
    _ data: LabelledRows, classes: Int, rounds: Int = 100, alpha: Double = 0.05, seed: UInt64 = 0,
    forest: ForestConfiguration? = nil
  ) throws -> (selection: FeatureSelection, undecided: [Int]) {
    let x = data.features
    var configuration = forest ?? .randomForest(classes > 0 ? .gini : .squaredError)
    if forest == nil { configuration.tree.maxDepth = 7 }
    var random = RandomSource(seed: seed)
    var hits = [Int](repeating: 0, count: x.columns)
    // 0 of undecided ones, 1 of confirmed, -1 of rejected.
    var states = hits
    let values = DenseRows.rowMajor(x)
    for round in 1...max(1, rounds) where states.contains(0) {
      let active = states.indices.filter { states[$0] >= 0 }
      let shadows = (0..<max(5, active.count)).map { active[$0 % active.count] }
      let width = active.count + shadows.count
      var both = [Double](repeating: 0, count: x.rows * width)
      for (place, column) in active.enumerated() {
        for row in 0..<x.rows { both[row * width + place] = values[row * x.columns + column] }
      }
      for (place, column) in shadows.enumerated() {
        var order = Array(0..<x.rows)
        random.shuffle(&order)
        for row in 0..<x.rows {
          both[row * width + active.count + place] = values[order[row] * x.columns + column]
        }
      }
      configuration.tree.seed = random.next()
      var part = data
      part.features = FeatureMatrix(both, rows: x.rows, columns: width)
      let found = try Forest.train(part, configuration).importances()
      let best = found[active.count...].max() ?? 0
      for (place, column) in active.enumerated() where found[place] > best { hits[column] += 1 }
      // As many tests as columns: each may be wrong the less (Bonferroni).
      let limit = alpha / Double(x.columns)
      for column in states.indices where states[column] == 0 {
        if Tails.binomial(atLeast: hits[column], of: round) <= limit { states[column] = 1 }
        if Tails.binomial(atLeast: round - hits[column], of: round) <= limit { states[column] = -1 }
      }
    }
    return (
      FeatureSelection(columns: x.columns) { states[$0] == 1 }, states.indices.filter { states[$0] == 0 }
    )
  }
}
