import LatheCore
import LatheLearn
import LatheSearch

/// A kind of model that takes part in a search.
public enum ModelFamily: String, Sendable, Hashable, Codable, CaseIterable {
  case logistic, ridge
  case elasticNet = "elastic-net"
  case naiveBayes = "naive-bayes"
  case neighbors
  case decisionTree = "decision-tree"
  case randomForest = "random-forest"
  case extraTrees = "extra-trees"
  case boostedTrees = "boosted-trees"

  /// All kinds, those that are usually best first.
  static let byPromise: [ModelFamily] = [
    .logistic, .ridge, .boostedTrees, .randomForest, .extraTrees, .elasticNet, .decisionTree, .naiveBayes,
    .neighbors,
  ]

  /// Whether it tells classes or numbers.
  func suits(classes: Int) -> Bool {
    switch self {
    case .logistic, .naiveBayes: classes > 0
    case .ridge, .elasticNet: classes == 0
    default: true
    }
  }

  /// Whether a person can follow what it says.
  var isExplainable: Bool {
    switch self {
    case .logistic, .ridge, .elasticNet, .naiveBayes, .decisionTree: true
    default: false
    }
  }

  /// What becomes of columns for it.
  var habit: ColumnTransformer.Habit {
    switch self {
    case .logistic, .ridge, .elasticNet, .naiveBayes, .neighbors: .linear
    case .decisionTree, .randomForest, .extraTrees: .forests
    case .boostedTrees: .trees
    }
  }

  /// Settings to begin with.
  var beginnings: [[String: SearchValue]] {
    switch self {
    case .logistic: [["c": 1], ["c": 0.1], ["c": 0.01], ["c": 10]]
    case .ridge: [["alpha": 1], ["alpha": 10], ["alpha": 100]]
    case .elasticNet: [["alpha": 0.01, "l1_ratio": 0.5], ["alpha": 0.1, "l1_ratio": 0.5]]
    case .naiveBayes: [[:]]
    case .neighbors: [["k": 5, "weights": "uniform"], ["k": 25, "weights": "distance"]]
    case .decisionTree: [["depth": 3, "leaf_rows": 5], ["depth": 5, "leaf_rows": 5]]
    case .randomForest: [["leaf_rows": 1, "features": 0], ["leaf_rows": 5, "features": 0]]
    case .extraTrees: [["leaf_rows": 1, "features": 0], ["leaf_rows": 5, "features": 0]]
    case .boostedTrees:
      [
        [
          "trees": 100, "learning_rate": 0.1, "leaves": 31, "leaf_rows": 20, "columns": 1.0, "rows": 1.0,
          "l2": 0.001, "texts": "one-hot",
        ],
        [
          "trees": 200, "learning_rate": 0.03, "leaves": 8, "leaf_rows": 20, "columns": 0.7, "rows": 0.8,
          "l2": 1.0, "texts": "categories",
        ],
      ]
    }
  }

  /// What it is tuned in; nil where nothing can be set.
  func space(rows: Int) throws -> SearchSpace? {
    let mostLeafRows = max(2, min(100, rows / 10))
    switch self {
    case .logistic: return try SearchSpace([.init("c", .logUniform(1e-4...1e3))])
    case .ridge: return try SearchSpace([.init("alpha", .logUniform(1e-4...1e5))])
    case .elasticNet:
      return try SearchSpace([
        .init("alpha", .logUniform(1e-5...1)), .init("l1_ratio", .uniform(0...1)),
      ])
    case .naiveBayes: return nil
    case .neighbors:
      return try SearchSpace([
        .init("k", .logInteger(1...max(2, min(200, rows / 4)))),
        .init("weights", .choice(["uniform", "distance"])),
      ])
    case .decisionTree:
      return try SearchSpace([
        .init("depth", .integer(1...6)), .init("leaf_rows", .logInteger(1...mostLeafRows)),
      ])
    case .randomForest, .extraTrees:
      return try SearchSpace([
        .init("leaf_rows", .logInteger(1...mostLeafRows)), .init("features", .uniform(0...1)),
      ])
    case .boostedTrees:
      return try SearchSpace([
        .init("trees", .logInteger(30...600)), .init("learning_rate", .logUniform(0.01...0.3)),
        .init("leaves", .logInteger(2...64)), .init("leaf_rows", .logInteger(1...mostLeafRows)),
        .init("columns", .uniform(0.3...1)), .init("rows", .uniform(0.5...1)),
        .init("l2", .logUniform(1e-3...30)), .init("texts", .choice(["categories", "one-hot"])),
      ])
    }
  }
}

/// A kind of model with its settings.
struct Candidate: Sendable, Hashable {
  let family: ModelFamily
  let settings: [String: SearchValue]

  /// What becomes of columns for it: boosted trees know categories, or get a column for each.
  var habit: ColumnTransformer.Habit { settings["texts"]?.text == "one-hot" ? .forests : family.habit }

  /// The name with its settings, for people.
  var name: String {
    let texts = settings.sorted { $0.key < $1.key }.map { name, value in
      if case .number(let number) = value { return "\(name) \(formatted(number, "%.3g"))" }
      return "\(name) \(value)"
    }
    return family.rawValue + (texts.isEmpty ? "" : " (\(texts.joined(separator: ", ")))")
  }

  /// What is trained.
  ///
  /// - Parameters:
  ///   - rows: How many rows there are to learn from.
  ///   - spread: The standard deviation of a target of numbers, by which penalties are measured.
  func estimator(classes: Int, rows: Int, spread: Double, seed: UInt64) -> Estimator {
    func number(_ name: String, _ usual: Double) -> Double { settings[name]?.number ?? usual }
    func integer(_ name: String, _ usual: Int) -> Int { settings[name]?.integer ?? usual }
    let isClassifier = classes > 0
    let criterion: TreeConfiguration.Criterion = isClassifier ? .gini : .squaredError
    switch family {
    case .logistic:
      var configuration = LogisticRegression.Configuration(c: number("c", 1))
      configuration.maxIterations = 1000
      return .logisticRegression(configuration)
    case .ridge: return .linearRegression(.ridge(alpha: number("alpha", 1)))
    case .elasticNet:
      return .elasticNet(.init(alpha: number("alpha", 0.01) * spread, l1Ratio: number("l1_ratio", 0.5)))
    case .naiveBayes: return .naiveBayes(.gaussian(varianceSmoothing: 1e-3))
    case .neighbors:
      return .nearestNeighbors(
        .init(
          k: min(integer("k", 5), max(1, rows)),
          weights: settings["weights"]?.text == "distance" ? .distance : .uniform,
          isClassification: isClassifier))
    case .decisionTree:
      var tree = TreeConfiguration(criterion: criterion)
      tree.maxDepth = integer("depth", 5)
      tree.minRowsInLeaf = integer("leaf_rows", 5)
      return .forest(.decisionTree(tree))
    case .randomForest, .extraTrees:
      var forest: ForestConfiguration =
        family == .extraTrees ? .extraTrees(criterion) : .randomForest(criterion)
      forest.treeCount = 200
      forest.tree.minRowsInLeaf = integer("leaf_rows", 1)
      // None is the usual number: the square root for classes, all for numbers.
      let part = number("features", 0)
      if part > 0 { forest.tree.features = .fraction(part) }
      forest.tree.seed = seed
      return .forest(forest)
    case .boostedTrees:
      var boosting = BoostingConfiguration(loss: isClassifier ? .binary : .squared)
      boosting.treeCount = integer("trees", 100)
      boosting.learningRate = number("learning_rate", 0.1)
      boosting.leafCount = integer("leaves", 31)
      boosting.minRowsInLeaf = integer("leaf_rows", 20)
      boosting.featureFraction = number("columns", 1)
      let part = number("rows", 1)
      if part < 1 { boosting.sampling = .bagging(fraction: part) }
      boosting.l2 = number("l2", 0)
      // The usual hundred rows leave few groups of few rows.
      boosting.minRowsInGroup = max(5, min(100, rows / 100))
      boosting.seed = seed
      return .boostedTrees(boosting)
    }
  }
}
