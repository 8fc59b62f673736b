import LatheCore
import LatheLearn
import LatheSearch

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
  ///   - columns: How many columns of features there are, by which distances are measured.
  ///   - spread: The standard deviation of a target of numbers, by which penalties are measured.
  func estimator(classes: Int, rows: Int, columns: Int, spread: Double, seed: UInt64) -> Estimator {
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
    case .quantile: return .quantile(.init(quantile: 0.5, alpha: number("alpha", 0.001)))
    case .naiveBayes: return .naiveBayes(.gaussian(varianceSmoothing: 1e-3))
    case .countBayes: return .naiveBayes(.multinomial(alpha: number("alpha", 1)))
    case .linearDiscriminant: return .linearDiscriminant
    case .quadraticDiscriminant:
      return .quadraticDiscriminant(.init(regularization: number("regularization", 0.1)))
    case .kernelSVM:
      return kernelSVM(isClassifier: isClassifier, spread: spread, seed: seed, columns: columns)
    case .gaussianProcess: return gaussianProcess(isClassifier: isClassifier, columns: columns)
    case .adaBoost:
      var tree = TreeConfiguration(criterion: criterion)
      tree.maxDepth = integer("depth", 1)
      let (count, rate) = (integer("trees", 50), number("learning_rate", 1))
      return isClassifier
        ? .adaBoost(.init(treeCount: count, learningRate: rate, tree: tree))
        : .adaBoostRegressor(.init(treeCount: count, learningRate: rate, tree: tree))
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

  private func number(_ name: String, _ usual: Double) -> Double { settings[name]?.number ?? usual }
  private func integer(_ name: String, _ usual: Int) -> Int { settings[name]?.integer ?? usual }

  /// A plane among kernels: gamma is in units of the usual one, c and what rows may be off in those of the target's spread.
  private func kernelSVM(isClassifier: Bool, spread: Double, seed: UInt64, columns: Int) -> Estimator {
    var kernel = KernelConfiguration(.rbf)
    // Features have a variance of about 1.
    kernel.gamma = .value(number("gamma", 1) / Double(max(1, columns)))
    guard isClassifier else {
      let scale = spread > 0 ? spread : 1
      return .svr(.init(c: number("c", 1) * scale, epsilon: 0.1 * scale, kernel: kernel))
    }
    // It knows no probabilities of itself.
    return .calibrated(
      .svc(.init(c: number("c", 1), kernel: kernel)),
      .init(method: .platt, folds: 5, isEnsemble: false, seed: seed))
  }

  /// A smooth process with noise: a length is in units of the root of the columns, noise in those of the variance.
  private func gaussianProcess(isClassifier: Bool, columns: Int) -> Estimator {
    let length = number("length", 1) * Double(max(1, columns)).squareRoot()
    if isClassifier {
      // Behind a logistic function the process needs a wide range; its noise is that of the classes.
      var configuration = GaussianProcessClassifier.Configuration(
        .constant(10 / number("noise", 0.3)) * .rbf(lengths: [length]))
      configuration.isOptimized = false
      return .gaussianProcessClassifier(configuration)
    }
    var configuration = GaussianProcessRegressor.Configuration(
      .rbf(lengths: [length]) + .white(number("noise", 0.3)))
    configuration.isOptimized = false
    configuration.normalizesTargets = true
    return .gaussianProcess(configuration)
  }
}
