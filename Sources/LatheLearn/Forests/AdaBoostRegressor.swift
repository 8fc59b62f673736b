import LatheCore

/// Numbers by trees whose weighted median answers, each grown where those before it were far off: AdaBoost.R2 (Drucker, 1997),
/// scikit-learn's `AdaBoostRegressor`.
public struct AdaBoostRegressor: Sendable {
  /// How much an error counts beside the largest one.
  public enum Loss: String, Sendable, Hashable, Codable {
    case linear, square, exponential
  }

  /// How it is trained, with scikit-learn's defaults.
  public struct Configuration: Sendable, Hashable {
    /// The most trees.
    public var treeCount = 50
    /// What the logarithm of each vote is multiplied by.
    public var learningRate = 1.0
    /// How much an error counts beside the largest one.
    public var loss = Loss.linear
    /// How each tree is grown; nil for three conditions at most.
    public var tree: TreeConfiguration?

    /// The defaults.
    public init(treeCount: Int = 50, learningRate: Double = 1, tree: TreeConfiguration? = nil) {
      self.treeCount = treeCount
      self.learningRate = learningRate
      self.tree = tree
    }
  }

  /// The trees.
  public let trees: [Tree]
  /// What each tree's vote counts.
  public let votes: [Double]
  /// The names of the columns.
  public let featureNames: [String]

  init(trees: [Tree], votes: [Double], featureNames: [String]) {
    (self.trees, self.votes, self.featureNames) = (trees, votes, featureNames)
  }

  /// Grows trees as a configuration says; each learns from rows that are drawn by their weights.
  ///
  /// - Throws: `LatheError.invalidArgument` for infinite values, and targets or weights that do not fit.
  public static func train(
    _ data: LabelledRows, _ configuration: Configuration = Configuration()
  ) throws -> AdaBoostRegressor {
    var tree = configuration.tree ?? TreeConfiguration(criterion: .squaredError)
    if configuration.tree == nil { tree.maxDepth = 3 }
    try LinearChecks.check(data, what: "AdaBoost")
    try LinearChecks.expect(
      tree.criterion == .squaredError && configuration.treeCount > 0 && configuration.learningRate > 0,
      "AdaBoost of numbers: needs trees of the squared error, one at least, and a learning rate above 0")
    var random = RandomSource(seed: tree.seed, stream: 1)
    let rows = data.targets.count
    var trees: [Tree] = []
    let votes = try rounds(data.targets, weights: data.weights, configuration) { weights in
      var sums: [Double] = []
      sums.reserveCapacity(rows)
      for weight in weights { sums.append((sums.last ?? 0) + weight) }
      var counts = [Double](repeating: 0, count: rows)
      for _ in 0..<rows {
        let place = random.uniform() * (sums.last ?? 1)
        var (low, high) = (0, rows - 1)
        while low < high {
          let middle = (low + high) / 2
          if sums[middle] > place { high = middle } else { low = middle + 1 }
        }
        counts[low] += 1
      }
      tree.seed &+= 1
      let grown = try Forest.train(
        LabelledRows(data.features, data.targets, weights: counts), .decisionTree(tree))
      trees.append(grown.trees[0])
      return grown.predict(data.features)
    }
    return AdaBoostRegressor(
      trees: Array(trees.prefix(votes.count)), votes: votes, featureNames: data.features.names)
  }

  /// The votes of models that learn one after the other; `answers` trains one by weights of rows and asks it for all rows.
  package static func rounds(
    _ targets: [Double], weights: [Double]?, _ configuration: Configuration,
    _ answers: ([Double]) throws -> [Double]
  ) throws -> [Double] {
    var weights = weights ?? .init(repeating: 1, count: targets.count)
    let sum = weights.reduce(0, +)
    weights = weights.map { $0 / sum }
    var votes: [Double] = []
    for number in 0..<configuration.treeCount {
      var errors = zip(try answers(weights), targets).map { abs($0 - $1) }
      let largest = errors.indices.reduce(0) { weights[$1] > 0 ? max($0, errors[$1]) : $0 }
      if largest > 0 { errors = errors.map { $0 / largest } }
      switch configuration.loss {
      case .linear: break
      case .square: errors = errors.map { $0 * $0 }
      case .exponential: errors = errors.map { 1 - exponential(-$0) }
      }
      let mean = zip(weights, errors).reduce(0) { $1.0 > 0 ? $0 + $1.0 * $1.1 : $0 }
      if mean <= 0 {
        votes.append(1)
        break
      }
      if mean >= 0.5 {
        // The first one is kept, whatever it is.
        if votes.isEmpty { votes.append(0) }
        break
      }
      let beta = mean / (1 - mean)
      votes.append(configuration.learningRate * logarithm(1 / beta))
      if number == configuration.treeCount - 1 { break }
      for row in weights.indices where weights[row] > 0 {
        weights[row] *= exponential(logarithm(beta) * (1 - errors[row]) * configuration.learningRate)
      }
      let total = weights.reduce(0, +)
      weights = weights.map { $0 / total }
    }
    return votes
  }

  /// The answer of which the votes for less are not yet half of all.
  package static func median(_ answers: [Double], _ votes: [Double]) -> Double {
    let order = answers.indices.sorted { (answers[$0], $0) < (answers[$1], $1) }
    let half = votes.reduce(0, +) / 2
    var sum = 0.0
    for place in order {
      sum += votes[place]
      if sum >= half { return answers[place] }
    }
    return order.last.map { answers[$0] } ?? .nan
  }

  /// The weighted median of the trees' answers for each row.
  public func predict(_ x: FeatureMatrix) -> [Double] {
    (0..<x.rows).map { row in
      Self.median(trees.map { tree in tree.leaves[tree.leaf { x[row, $0] }].values[0] }, votes)
    }
  }
}
