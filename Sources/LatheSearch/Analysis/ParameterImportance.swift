import LatheLearn

/// Which share of the variation of a goal each parameter explains by itself.
///
/// Hutter et al., "An Efficient Approach for Assessing Hyperparameter Importance" (fANOVA), ICML 2014: a random forest learns the
/// goal from the configurations, and of each tree the variance of what it says over the whole space is divided. What is missing
/// to 1 comes of parameters together.
public struct ParameterImportance: Sendable, Hashable {
  /// The parameter.
  public let name: String
  /// The share of the variance, 0...1.
  public let share: Double
}

extension Study {
  /// The parameters by importance for a goal, the largest first; none with fewer than four complete trials.
  public func importance(goal: Int = 0) throws -> [ParameterImportance] {
    precondition(goals.indices.contains(goal), "importance: goal \(goal) of \(goals.count)")
    let complete = try trials().filter { $0.state == .complete }
    guard complete.count >= 4 else { return [] }
    let columns = space.parameters.count
    let places = complete.flatMap { trial in
      space.parameters.map { Self.place($0, trial.configuration[$0.name]) }
    }
    var configuration = ForestConfiguration.randomForest(.squaredError)
    configuration.tree.seed = seed
    configuration.treeCount = 64
    let forest = try Forest.train(
      LabelledRows(
        FeatureMatrix(places, rows: complete.count, columns: columns), complete.map { $0.values[goal] }),
      configuration)
    var shares = [Double](repeating: 0, count: columns)
    for tree in forest.trees {
      for (i, share) in VarianceShares(tree, columns: columns).shares.enumerated() {
        shares[i] += share / Double(forest.trees.count)
      }
    }
    return zip(space.parameters, shares).map { ParameterImportance(name: $0.name, share: $1) }
      .sorted { $0.share == $1.share ? $0.name < $1.name : $0.share > $1.share }
  }

  /// A value as a number in 0...1; choices in the middles of equal parts.
  private static func place(_ parameter: SearchParameter, _ value: SearchValue?) -> Double {
    if case .choice(let values) = parameter.domain {
      let place = value.flatMap { values.firstIndex(of: $0) }
      return place.map { (Double($0) + 0.5) / Double(values.count) } ?? 0.5
    }
    return value.flatMap { CMAESSampler.share($0, parameter.domain) } ?? 0.5
  }
}

/// The variance of a tree over the unit cube, divided among its columns.
private struct VarianceShares {
  /// What part of the variance each column makes alone.
  let shares: [Double]

  private struct Box {
    var low: [Double]
    var high: [Double]
    var value: Double
    var volume: Double { zip(low, high).reduce(1) { $0 * ($1.1 - $1.0) } }
  }

  init(_ tree: Tree, columns: Int) {
    var boxes: [Box] = []
    let whole = Box(
      low: [Double](repeating: 0, count: columns), high: [Double](repeating: 1, count: columns), value: 0)
    var open: [(node: Int, box: Box)] = [(tree.splits.isEmpty ? ~0 : 0, whole)]
    while let (node, box) = open.popLast() {
      if node < 0 {
        var leaf = box
        leaf.value = tree.leaves[~node].values[0]
        boxes.append(leaf)
        continue
      }
      let split = tree.splits[node]
      let at = min(max(split.threshold, box.low[split.feature]), box.high[split.feature])
      var (left, right) = (box, box)
      left.high[split.feature] = at
      right.low[split.feature] = at
      open.append((split.left, left))
      open.append((split.right, right))
    }
    let mean = boxes.reduce(0) { $0 + $1.volume * $1.value }
    let variance = boxes.reduce(0) { $0 + $1.volume * ($1.value - mean) * ($1.value - mean) }
    shares = (0..<columns).map { column in
      guard variance > 0 else { return 0 }
      let cuts = Set(boxes.flatMap { [$0.low[column], $0.high[column]] }).sorted()
      var own = 0.0
      for (low, high) in zip(cuts, cuts.dropFirst()) {
        // What the tree says on average where this column lies between two cuts.
        var says = 0.0
        for box in boxes where box.low[column] <= low && box.high[column] >= high {
          says += box.value * box.volume / (box.high[column] - box.low[column])
        }
        own += (high - low) * (says - mean) * (says - mean)
      }
      return own / variance
    }
  }
}
