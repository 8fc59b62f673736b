import LatheCPU
import LatheCore

/// How many trees are grown side by side.
public struct ForestConfiguration: Sendable, Hashable {
  /// How each tree is grown; its seed decides all random choices of the forest.
  public var tree: TreeConfiguration
  /// How many trees there are.
  public var treeCount = 100
  /// Whether each tree learns from rows that are drawn with replacement, as many as there are.
  public var isBootstrapped = true

  /// One tree, grown from all rows.
  public static func decisionTree(_ tree: TreeConfiguration) -> ForestConfiguration {
    ForestConfiguration(tree: tree, treeCount: 1, isBootstrapped: false)
  }

  /// A random forest: classes by the square root of the columns at each split, numbers by all.
  public static func randomForest(_ criterion: TreeConfiguration.Criterion) -> ForestConfiguration {
    var tree = TreeConfiguration(criterion: criterion)
    if criterion != .squaredError { tree.features = .squareRoot }
    return ForestConfiguration(tree: tree)
  }

  /// Extremely randomised trees: drawn thresholds, all rows.
  public static func extraTrees(_ criterion: TreeConfiguration.Criterion) -> ForestConfiguration {
    var configuration = randomForest(criterion)
    configuration.tree.drawsThresholds = true
    configuration.isBootstrapped = false
    return configuration
  }

  /// Bagging: trees of drawn rows that look at all columns.
  public static func bagging(_ criterion: TreeConfiguration.Criterion) -> ForestConfiguration {
    ForestConfiguration(tree: TreeConfiguration(criterion: criterion), treeCount: 10)
  }
}

/// Trees whose answers are averaged: a single one, a random forest, extremely randomised trees or bagging.
///
/// A missing value goes to the side of a split that gains most (to one that is drawn, where thresholds are), as in scikit-learn;
/// where no row to learn from was missing, to the side with more rows.
///
/// ```swift
/// let forest = try Forest.train(LabelledRows(x, y), .randomForest(.gini))
/// let classes = forest.predict(x)
/// ```
public struct Forest: Sendable {
  /// The trees; leaves have the share of each class, or a mean.
  public let trees: [Tree]
  /// How many classes there are; 0 for numbers.
  public let classes: Int
  /// The names of the columns.
  public let featureNames: [String]

  init(trees: [Tree], classes: Int, featureNames: [String]) {
    self.trees = trees
    self.classes = classes
    self.featureNames = featureNames
  }

  /// Grows a forest; targets are classes 0, 1, ..., or numbers where the criterion is the squared error.
  ///
  /// - Throws: `LatheError.invalidArgument` for infinite values, and targets or weights that do not fit.
  public static func train(_ data: LabelledRows, _ configuration: ForestConfiguration) throws -> Forest {
    let isClassification = configuration.tree.criterion != .squaredError
    let rows = data.features.rows
    guard rows > 0, data.features.columns > 0, data.targets.count == rows, configuration.treeCount > 0,
      data.weights.map({
        $0.count == rows && $0.allSatisfy { $0 >= 0 && $0.isFinite } && $0.contains { $0 > 0 }
      }) ?? true
    else {
      throw LatheError(
        .invalidArgument,
        "forest: \(rows) x \(data.features.columns) features, \(data.targets.count) targets, "
          + "\(data.weights?.count ?? rows) weights and \(configuration.treeCount) trees do not fit")
    }
    let isValid: (Double) -> Bool =
      isClassification ? { $0 >= 0 && $0 < 65536 && $0 == $0.rounded() } : \.isFinite
    if let bad = data.targets.firstIndex(where: { !isValid($0) }) {
      throw LatheError(
        .invalidArgument,
        "forest: the target of row \(bad) is \(data.targets[bad]); \(isClassification ? "classes are 0, 1, ..." : "it must be finite")"
      )
    }
    let classes = isClassification ? Int(data.targets.max() ?? 0) + 1 : 0
    let table = try RankedTable(data.features, what: "forest", allowsMissing: true)
    var trees = [Tree](repeating: Tree(value: [0]), count: configuration.treeCount)
    trees.withUnsafeMutableBufferPointer { trees in
      ThreadPool.shared.parallelFor(configuration.treeCount, grain: 1) { range in
        for number in range {
          let weights = drawnWeights(data.weights, rows, configuration, number)
          var builder = ExactTreeBuilder(
            table, targets: data.targets, weights: weights, classes: classes, configuration.tree,
            stream: UInt64(2 * number + 1))
          trees[number] = builder.build()
        }
      }
    }
    return Forest(trees: trees, classes: classes, featureNames: data.features.names)
  }

  private static func drawnWeights(
    _ weights: [Double]?, _ rows: Int, _ configuration: ForestConfiguration, _ number: Int
  ) -> [Double] {
    guard configuration.isBootstrapped else { return weights ?? .init(repeating: 1, count: rows) }
    var random = RandomSource(seed: configuration.tree.seed, stream: UInt64(2 * number))
    while true {
      var drawn = [Double](repeating: 0, count: rows)
      for _ in 0..<rows { drawn[random.below(rows)] += 1 }
      if let weights { for i in 0..<rows { drawn[i] *= weights[i] } }
      if drawn.contains(where: { $0 > 0 }) { return drawn }
    }
  }

  /// The share of each class, class after class in each row, or the mean.
  public func probabilities(_ x: FeatureMatrix) -> [Double] {
    let width = max(classes, 1)
    let sums = EnsemblePredictor(trees: trees, outputs: width).sums(
      x, from: .init(repeating: 0, count: width))
    return sums.map { $0 / Double(trees.count) }
  }

  /// The most probable class of each row, or the mean.
  public func predict(_ x: FeatureMatrix) -> [Double] {
    let shares = probabilities(x)
    if classes == 0 { return shares }
    return (0..<x.rows).map { row in
      var best = 0
      for k in 1..<max(classes, 1) where shares[row * classes + k] > shares[row * classes + best] { best = k }
      return Double(best)
    }
  }

  /// How much each column lowers impurity, in all trees together; the shares add up to one.
  public func importances() -> [Double] {
    var result = [Double](repeating: 0, count: featureNames.count)
    for tree in trees {
      var own = result.map { _ in 0.0 }
      for split in tree.splits { own[split.feature] += split.gain }
      let sum = own.reduce(0, +)
      if sum > 0 { for i in own.indices { result[i] += own[i] / sum } }
    }
    let sum = result.reduce(0, +)
    return sum > 0 ? result.map { $0 / sum } : result
  }
}
