import LatheCore
import LatheLearn
import LatheSearch
import LatheTables

/// A kind of model that takes part in a search.
public enum ModelFamily: String, Sendable, Hashable, Codable, CaseIterable {
  case logistic, ridge
  case elasticNet = "elastic-net"
  case quantile
  case naiveBayes = "naive-bayes"
  case countBayes = "count-bayes"
  case linearDiscriminant = "lda"
  case quadraticDiscriminant = "qda"
  case neighbors
  case kernelSVM = "kernel-svm"
  case gaussianProcess = "gaussian-process"
  case decisionTree = "decision-tree"
  case randomForest = "random-forest"
  case extraTrees = "extra-trees"
  case adaBoost = "adaboost"
  case boostedTrees = "boosted-trees"

  /// All kinds, those that are usually best first.
  static let byPromise: [ModelFamily] = [
    .logistic, .ridge, .boostedTrees, .randomForest, .extraTrees, .elasticNet, .quantile, .kernelSVM,
    .quadraticDiscriminant, .linearDiscriminant, .gaussianProcess, .decisionTree, .naiveBayes, .countBayes,
    .adaBoost, .neighbors,
  ]

  /// Those that `lathe train` knows and that are compared for an advice.
  static let advised: [ModelFamily] = [
    .logistic, .ridge, .elasticNet, .naiveBayes, .neighbors, .decisionTree, .randomForest, .boostedTrees,
  ]

  /// Whether it tells classes or numbers.
  func suits(classes: Int) -> Bool {
    switch self {
    case .logistic, .naiveBayes, .countBayes, .linearDiscriminant, .quadraticDiscriminant: classes > 0
    case .ridge, .elasticNet, .quantile: classes == 0
    default: true
    }
  }

  /// Whether it can learn from such rows in the time that others take.
  func suits(_ shape: TableShape) -> Bool {
    guard suits(classes: shape.classes) else { return false }
    switch self {
    // Time by the square of the rows, or their cube.
    case .kernelSVM: return shape.rows <= 5000 && shape.classes <= 10
    case .gaussianProcess: return shape.rows <= 800 && shape.classes <= 2
    // By the square or the cube of the columns.
    case .linearDiscriminant: return shape.width <= 300 && shape.rows > 2 * shape.classes
    case .quadraticDiscriminant:
      return shape.width <= 200 && shape.rows >= 10 * shape.classes && 2 * shape.width < shape.rows
    case .adaBoost: return shape.rows <= 50_000
    // The median is what the mean absolute error asks for.
    case .quantile: return shape.metric == .mae && shape.rows <= 20_000
    case .countBayes: return shape.isOfCounts
    default: return true
    }
  }

  /// Whether a person can follow what it says.
  var isExplainable: Bool {
    switch self {
    case .logistic, .ridge, .elasticNet, .quantile, .naiveBayes, .countBayes, .linearDiscriminant,
      .decisionTree:
      true
    default: false
    }
  }

  /// Whether its settings are in units of the number of columns.
  var measuresDistances: Bool { self == .kernelSVM || self == .gaussianProcess }

  /// What becomes of columns for it.
  var habit: ColumnTransformer.Habit {
    switch self {
    case .logistic, .ridge, .elasticNet, .quantile, .naiveBayes, .neighbors, .linearDiscriminant,
      .quadraticDiscriminant, .kernelSVM, .gaussianProcess:
      .linear
    case .decisionTree, .randomForest, .extraTrees, .adaBoost, .countBayes: .forests
    case .boostedTrees: .trees
    }
  }
}

/// What decides which kinds of models take part.
struct TableShape {
  let rows: Int
  /// Columns of features, about.
  let width: Int
  let classes: Int
  let metric: AutoMLMetric
  /// Whether all columns are counts: whole numbers from 0 on, none missing, of which some are above 1.
  let isOfCounts: Bool

  init(_ table: Table, target: String, classes: Int, metric: AutoMLMetric) {
    let columns = table.columns.filter { $0.name != target }
    rows = table.rowCount
    width = columns.reduce(0) {
      $0 + ($1.type == .text || $1.type == .categorical ? min($1.uniqueCount, 1000) : 1)
    }
    self.classes = classes
    self.metric = metric
    let counts = columns.compactMap { column -> Double? in
      guard column.type == .int64, column.missingCount == 0, let numbers = try? column.numbers(),
        let least = numbers.min(), least >= 0
      else { return nil }
      return numbers.max()
    }
    isOfCounts = counts.count == columns.count && counts.contains { $0 > 1 }
  }
}
