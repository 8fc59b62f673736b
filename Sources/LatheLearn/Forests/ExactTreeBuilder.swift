import CPUKernels
import LatheCore

/// Grows one tree by splits between neighbouring values.
struct ExactTreeBuilder {
  /// A node while the tree grows.
  struct Node {
    var values: [Double]
    var cover: Double
    var rows: Int
    var impurity: Double
    var feature = -1
    var threshold = 0.0
    var missingGoesLeft = true
    var left = -1
    var right = -1
    var isLeaf: Bool { left < 0 }
  }

  let table: RankedTable
  /// Classes from 0 on, or numbers.
  let targets: [Double]
  let weights: [Double]
  let classes: Int
  let configuration: TreeConfiguration
  private var random: RandomSource
  private let memory: Memory
  private let rows: UnsafeMutablePointer<UInt32>
  private var features: [Int]
  private let totalWeight: Double
  private(set) var nodes: [Node] = []

  /// Rows without weight take no part.
  init(
    _ table: RankedTable, targets: [Double], weights: [Double], classes: Int,
    _ configuration: TreeConfiguration,
    stream: UInt64 = 0
  ) {
    self.table = table
    self.targets = targets
    self.weights = weights
    self.classes = classes
    self.configuration = configuration
    random = RandomSource(seed: configuration.seed, stream: stream)
    memory = Memory((0..<UInt32(table.rows)).filter { weights[Int($0)] > 0 }, classes: classes)
    rows = memory.rows
    features = Array(0..<table.columns)
    totalWeight = weights.reduce(0, +)
  }

  /// What the kernels work in.
  private final class Memory {
    let rowCount: Int
    let rows: UnsafeMutablePointer<UInt32>
    let others: UnsafeMutablePointer<UInt32>
    let ranked: UnsafeMutablePointer<lathe_ranked_row>
    let scratch: UnsafeMutablePointer<lathe_ranked_row>
    let sums: UnsafeMutablePointer<Double>

    init(_ used: [UInt32], classes: Int) {
      rowCount = used.count
      rows = .allocate(capacity: max(1, rowCount))
      others = .allocate(capacity: max(1, rowCount))
      ranked = .allocate(capacity: max(1, rowCount))
      scratch = .allocate(capacity: max(1, rowCount))
      sums = .allocate(capacity: 3 * max(classes, 1))
      for (i, row) in used.enumerated() { rows[i] = row }
    }

    deinit {
      rows.deallocate()
      others.deallocate()
      ranked.deallocate()
      scratch.deallocate()
      sums.deallocate()
    }
  }

  /// The grown and pruned tree.
  mutating func build() -> Tree {
    var open = [(rows: 0..<memory.rowCount, depth: 0, parent: -1, isLeft: false)]
    while let (range, depth, parent, isLeft) = open.popLast() {
      var node = makeNode(range)
      let number = nodes.count
      if parent >= 0 {
        if isLeft { nodes[parent].left = number } else { nodes[parent].right = number }
      }
      let isOpen =
        depth < configuration.maxDepth ?? Int.max && range.count >= configuration.minRowsToSplit
        && range.count >= 2 * configuration.minRowsInLeaf && node.impurity > 0x1p-52
      if isOpen, let split = bestSplit(range), isWorthIt(split, node) {
        node.feature = split.feature
        node.threshold = threshold(split)
        let middle = divide(range, split)
        // Where no row to learn from was missing, a missing value goes where most rows went.
        node.missingGoesLeft =
          split.missingGoesLeft ?? (middle - range.lowerBound > range.upperBound - middle)
        nodes.append(node)
        open.append((middle..<range.upperBound, depth + 1, number, false))
        open.append((range.lowerBound..<middle, depth + 1, number, true))
      } else {
        nodes.append(node)
      }
    }
    if configuration.pruningAlpha > 0 { TreePruning.prune(&nodes, alpha: configuration.pruningAlpha) }
    return tree()
  }

  private struct Split {
    var feature = -1
    var score = -Double.infinity
    /// Ranks up to this one go left.
    var rank: UInt32 = 0
    /// The next rank that occurs.
    var nextRank: UInt32 = 0
    /// A threshold that was drawn.
    var drawn: Double?
    /// Where the missing values go; nil where there are none.
    ///
    /// On the left side their rank is 0, and the others' one more.
    var missingGoesLeft: Bool?
  }

  private var isClassification: Bool { configuration.criterion != .squaredError }

  private func makeNode(_ range: Range<Int>) -> Node {
    let own = rows + range.lowerBound
    var weights = (0.0, 0.0)
    // All ranks are on the left side of the largest one.
    withUnsafeMutablePointer(to: &weights) {
      $0.withMemoryRebound(to: Double.self, capacity: 2) {
        _ = lathe_tree_side_sums(
          table.column(0), own, range.count, .max, targets, self.weights, classes, memory.sums, $0)
      }
    }
    let weight = weights.0
    if isClassification {
      let shares = (0..<classes).map { memory.sums[$0] / weight }
      let impurity =
        configuration.criterion == .gini
        ? 1 - shares.reduce(0) { $0 + $1 * $1 }
        : -shares.reduce(0) { $1 > 0 ? $0 + $1 * logarithm($1) / logarithm(2) : $0 }
      return Node(values: shares, cover: weight, rows: range.count, impurity: impurity)
    }
    let mean = memory.sums[0] / weight
    var squares = 0.0
    for i in 0..<range.count {
      let row = Int(own[i])
      let difference = targets[row] - mean
      squares += self.weights[row] * difference * difference
    }
    return Node(values: [mean], cover: weight, rows: range.count, impurity: squares / weight)
  }

  /// The best split by as many columns as are looked at; of those that are constant here more are drawn.
  private mutating func bestSplit(_ range: Range<Int>) -> Split? {
    let wanted = configuration.features.count(of: features.count)
    var best = Split()
    var open = features.count
    var seen = 0
    while open > 0 && (seen < wanted || best.feature < 0) {
      let place =
        wanted < features.count || configuration.drawsThresholds ? random.below(open) : features.count - open
      let feature = features[place]
      if wanted < features.count || configuration.drawsThresholds { features.swapAt(place, open - 1) }
      open -= 1
      seen += 1
      let split = configuration.drawsThresholds ? drawnSplit(range, feature) : sortedSplit(range, feature)
      if let split, split.score > best.score { best = split }
    }
    return best.feature >= 0 ? best : nil
  }

  /// The best split between neighbours, with missing values on the right side and on the left one.
  private mutating func sortedSplit(_ range: Range<Int>, _ feature: Int) -> Split? {
    var ends: [UInt32] = [0, 0]
    lathe_tree_gather(
      table.column(feature), rows + range.lowerBound, range.count, memory.ranked, &ends)
    if ends[0] == ends[1] { return nil }
    guard let missingFirst = table.missingFirst(feature), ends[1] == table.missingRank(feature) else {
      return gatheredSplit(range.count, feature)
    }
    var best = gatheredSplit(range.count, feature)
    best?.missingGoesLeft = false
    lathe_tree_gather(missingFirst, rows + range.lowerBound, range.count, memory.ranked, &ends)
    if var other = gatheredSplit(range.count, feature), other.score > best?.score ?? -.infinity {
      other.missingGoesLeft = true
      best = other
    }
    return best
  }

  /// The best split of the rows that were gathered.
  private func gatheredSplit(_ count: Int, _ feature: Int) -> Split? {
    lathe_tree_sort(memory.ranked, count, memory.scratch)
    let criterion: lathe_criterion =
      switch configuration.criterion {
      case .gini: LATHE_GINI
      case .entropy: LATHE_ENTROPY
      case .squaredError: LATHE_SQUARED_ERROR
      }
    let found = lathe_tree_exact_split(
      memory.ranked, count, targets, weights, criterion, max(classes, 1), configuration.minRowsInLeaf, 0,
      memory.sums)
    guard found.last_left >= 0 else { return nil }
    return Split(
      feature: feature, score: found.score, rank: memory.ranked[found.last_left].rank,
      nextRank: memory.ranked[found.last_left + 1].rank)
  }

  /// A threshold anywhere between the least and the largest value; missing values go to a side that is drawn, too.
  private mutating func drawnSplit(_ range: Range<Int>, _ feature: Int) -> Split? {
    let (ranks, values) = (table.column(feature), table.values[feature])
    var ends: [UInt32] = [0, 0]
    lathe_tree_rank_range(ranks, rows + range.lowerBound, range.count, &ends)
    var (least, most) = (ends[0], ends[1])
    if least == most { return nil }
    var missingFirst: UnsafePointer<UInt32>?
    if most == table.missingRank(feature), let first = table.missingFirst(feature) {
      missingFirst = first
      lathe_tree_rank_range(first, rows + range.lowerBound, range.count, &ends)
      most = ends[1] - 1
      if least == most {
        // One value, and missing ones: they are divided from each other.
        return score(range, ranks, upTo: least).map {
          Split(
            feature: feature, score: $0, rank: least, nextRank: table.missingRank(feature),
            missingGoesLeft: false)
        }
      }
    }
    let (low, high) = (values[Int(least)], values[Int(most)])
    let drawn = low + random.uniform() * (high - low)
    let threshold = drawn >= high ? low : drawn
    // The last rank whose value is not above the threshold.
    var (a, b) = (Int(least), Int(most))
    while b - a > 1 {
      let middle = (a + b) / 2
      if values[middle] <= threshold { a = middle } else { b = middle }
    }
    guard let missingFirst else {
      guard let score = score(range, ranks, upTo: UInt32(a)) else { return nil }
      return Split(feature: feature, score: score, rank: UInt32(a), drawn: threshold)
    }
    let goesLeft = random.below(2) == 0
    let rank = UInt32(goesLeft ? a + 1 : a)
    guard let score = score(range, goesLeft ? missingFirst : ranks, upTo: rank) else { return nil }
    return Split(
      feature: feature, score: score, rank: rank, drawn: threshold, missingGoesLeft: goesLeft)
  }

  private func score(_ range: Range<Int>, _ ranks: UnsafePointer<UInt32>, upTo rank: UInt32) -> Double? {
    let width = isClassification ? classes : 1
    var weight = [0.0, 0.0]
    let lefts = lathe_tree_side_sums(
      ranks, rows + range.lowerBound, range.count, rank, targets, weights, classes, memory.sums, &weight)
    guard lefts >= configuration.minRowsInLeaf, range.count - lefts >= configuration.minRowsInLeaf else {
      return nil
    }
    var result = 0.0
    for side in 0..<2 {
      let own = UnsafeBufferPointer(start: memory.sums + side * width, count: width)
      if configuration.criterion == .entropy {
        result += own.reduce(0) { $1 > 0 ? $0 + $1 * logarithm($1 / weight[side]) / logarithm(2) : $0 }
      } else {
        result += own.reduce(0) { $0 + $1 * $1 } / weight[side]
      }
    }
    return result
  }

  private func isWorthIt(_ split: Split, _ node: Node) -> Bool {
    guard configuration.minImpurityDecrease > 0 else { return true }
    // The score of the node as a whole, from which the children's differs by the fall of impurity.
    let whole: Double
    switch configuration.criterion {
    case .entropy: whole = -node.impurity * node.cover
    case .gini: whole = node.values.reduce(0) { $0 + $1 * $1 } * node.cover
    case .squaredError: whole = node.values[0] * node.values[0] * node.cover
    }
    return (split.score - whole) / totalWeight >= configuration.minImpurityDecrease
  }

  private func threshold(_ split: Split) -> Double {
    if let drawn = split.drawn { return drawn }
    let values = table.values[split.feature]
    let before = split.missingGoesLeft == true ? 1 : 0
    let (left, right) = (Int(split.rank) - before, Int(split.nextRank) - before)
    // All values on one side, the missing ones on the other.
    if left < 0 { return -.greatestFiniteMagnitude }
    if right >= values.count { return .greatestFiniteMagnitude }
    let (a, b) = (values[left], values[right])
    let middle = a / 2 + b / 2
    return middle >= b ? a : middle
  }

  private mutating func divide(_ range: Range<Int>, _ split: Split) -> Int {
    let missingFirst = split.missingGoesLeft == true ? table.missingFirst(split.feature) : nil
    let lefts = lathe_tree_divide(
      missingFirst ?? table.column(split.feature), rows + range.lowerBound, range.count, split.rank,
      memory.others)
    return range.lowerBound + lefts
  }

  private func tree() -> Tree {
    var splits: [TreeSplit] = []
    var leaves: [TreeLeaf] = []
    func place(_ number: Int) -> Int {
      let node = nodes[number]
      if node.isLeaf {
        leaves.append(TreeLeaf(values: node.values, cover: node.cover, rows: node.rows))
        return ~(leaves.count - 1)
      }
      let own = splits.count
      let (left, right) = (nodes[node.left], nodes[node.right])
      let gain = node.cover * node.impurity - left.cover * left.impurity - right.cover * right.impurity
      splits.append(
        TreeSplit(
          feature: node.feature, threshold: node.threshold, categories: nil, missing: .nan,
          missingGoesLeft: node.missingGoesLeft,
          left: 0, right: 0, gain: gain, values: node.values, cover: node.cover, rows: node.rows))
      splits[own].left = place(node.left)
      splits[own].right = place(node.right)
      return own
    }
    _ = place(0)
    return Tree(splits: splits, leaves: leaves)
  }
}

/// Minimal cost-complexity pruning.
enum TreePruning {
  /// Cuts the weakest branches off while a leaf's cost is not below what they bring.
  static func prune(_ nodes: inout [ExactTreeBuilder.Node], alpha: Double) {
    guard let total = nodes.first?.cover, total > 0 else { return }
    func risk(_ node: ExactTreeBuilder.Node) -> Double { node.impurity * node.cover / total }
    while true {
      // Children are behind their parents, so that sums are made from the end.
      var risks = nodes.map(risk)
      var leaves = [Int](repeating: 1, count: nodes.count)
      var weakest: (node: Int, alpha: Double)?
      var isInside = [Bool](repeating: false, count: nodes.count)
      isInside[0] = true
      for i in nodes.indices where isInside[i] && !nodes[i].isLeaf {
        isInside[nodes[i].left] = true
        isInside[nodes[i].right] = true
      }
      for i in nodes.indices.reversed() where isInside[i] && !nodes[i].isLeaf {
        let (left, right) = (nodes[i].left, nodes[i].right)
        risks[i] = risks[left] + risks[right]
        leaves[i] = leaves[left] + leaves[right]
        let own = (risk(nodes[i]) - risks[i]) / Double(leaves[i] - 1)
        if own <= weakest?.alpha ?? .infinity { weakest = (i, own) }
      }
      guard let weakest, weakest.alpha <= alpha else { return }
      nodes[weakest.node].left = -1
      nodes[weakest.node].right = -1
    }
  }
}
