import LatheCore

/// Classes by trees that are voted by weight, each grown where those before it were wrong (SAMME).
public struct AdaBoost: Sendable {
  /// The trees.
  public let trees: [Tree]
  /// What each tree's vote counts.
  public let votes: [Double]
  /// How many classes there are.
  public let classes: Int
  /// The names of the columns.
  public let featureNames: [String]

  /// How it is trained, with scikit-learn's defaults.
  public struct Configuration: Sendable, Hashable {
    /// The most trees.
    public var treeCount = 50
    /// What each vote is multiplied by.
    public var learningRate = 1.0
    /// How each tree is grown; nil for one condition.
    public var tree: TreeConfiguration?

    /// The defaults.
    public init(treeCount: Int = 50, learningRate: Double = 1, tree: TreeConfiguration? = nil) {
      self.treeCount = treeCount
      self.learningRate = learningRate
      self.tree = tree
    }
  }

  /// Grows trees as a configuration says.
  public static func train(_ data: LabelledRows, _ configuration: Configuration) throws -> AdaBoost {
    try train(
      data, treeCount: configuration.treeCount, learningRate: configuration.learningRate,
      tree: configuration.tree)
  }

  /// Grows at most `treeCount` trees of one condition, or as `tree` says.
  public static func train(
    _ data: LabelledRows, treeCount: Int = 50, learningRate: Double = 1, tree: TreeConfiguration? = nil
  ) throws -> AdaBoost {
    var configuration = tree ?? TreeConfiguration(criterion: .gini)
    if tree == nil { configuration.maxDepth = 1 }
    guard configuration.criterion != .squaredError, treeCount > 0, learningRate > 0 else {
      throw LatheError(.invalidArgument, "AdaBoost: needs classes, a tree and a learning rate above 0")
    }
    let classes = Int(data.targets.max() ?? 0) + 1
    var weights = data.weights ?? .init(repeating: 1, count: data.targets.count)
    let sum = weights.reduce(0, +)
    weights = weights.map { $0 / sum }
    var (trees, votes): ([Tree], [Double]) = ([], [])
    for number in 0..<treeCount {
      configuration.seed &+= 1
      let forest = try Forest.train(
        LabelledRows(data.features, data.targets, weights: weights), .decisionTree(configuration))
      let answers = forest.predict(data.features)
      let wrong = answers.indices.map { answers[$0] != data.targets[$0] }
      let error = weights.indices.reduce(0) { wrong[$1] ? $0 + weights[$1] : $0 } / weights.reduce(0, +)
      if error <= 0 {
        trees.append(forest.trees[0])
        votes.append(1)
        break
      }
      if error >= 1 - 1 / Double(classes) {
        if trees.isEmpty {
          throw LatheError(.training, "AdaBoost: the first tree is no better than chance; allow deeper trees")
        }
        break
      }
      let vote = learningRate * (logarithm((1 - error) / error) + logarithm(Double(classes - 1)))
      trees.append(forest.trees[0])
      votes.append(vote)
      if number == treeCount - 1 { break }
      for i in weights.indices where wrong[i] { weights[i] *= exponential(vote) }
      let total = weights.reduce(0, +)
      weights = weights.map { $0 / total }
    }
    return AdaBoost(trees: trees, votes: votes, classes: classes, featureNames: data.features.names)
  }

  /// The class with most votes of each row.
  public func predict(_ x: FeatureMatrix) -> [Double] {
    RowAnswers.largest(votes(x).flatMap { $0 }, of: classes)
  }

  /// The probability of each class, class after class in each row: the softmax of the votes for it less those against it.
  public func probabilities(_ x: FeatureMatrix) -> [Double] {
    let total = votes.reduce(0, +)
    let others = Double(classes - 1)
    let scores = votes(x).flatMap { own -> [Double] in
      // A vote for one class is a part of a vote against each other one.
      own.map { ($0 - (total - $0) / others) / total / others }
    }
    return RowAnswers.softmax(scores, classes: classes)
  }

  /// The votes for each class of each row.
  private func votes(_ x: FeatureMatrix) -> [[Double]] {
    (0..<x.rows).map { row in
      var sums = [Double](repeating: 0, count: classes)
      for (tree, vote) in zip(trees, votes) {
        let shares = tree.leaves[tree.leaf { x[row, $0] }].values
        let best = shares.indices.max { (shares[$0], -$0) < (shares[$1], -$1) } ?? 0
        sums[best] += vote
      }
      return sums
    }
  }
}
