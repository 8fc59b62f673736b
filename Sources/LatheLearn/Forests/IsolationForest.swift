import LatheCPU
import LatheCore

/// Outliers are rows that few random splits separate from all others.
public struct IsolationForest: Sendable {
  /// The trees; each leaf says how long the way to it is.
  public let trees: [Tree]
  private let sampleSize: Int

  /// Grows trees of `sampleSize` random rows each.
  public static func train(
    _ x: FeatureMatrix, treeCount: Int = 100, sampleSize: Int = 256, seed: UInt64 = 0
  ) throws -> IsolationForest {
    guard x.rows > 0, x.columns > 0, treeCount > 0, sampleSize > 0 else {
      throw LatheError(.invalidArgument, "isolation forest: no rows, no columns, no trees or no sample")
    }
    let size = min(sampleSize, x.rows)
    let table = try RankedTable(x, what: "isolation forest")
    var configuration = TreeConfiguration(criterion: .squaredError)
    configuration.drawsThresholds = true
    configuration.features = .count(1)
    configuration.seed = seed
    var depth = 0
    while 1 << depth < max(size, 2) { depth += 1 }
    configuration.maxDepth = depth
    let rules = configuration
    var trees = [Tree](repeating: Tree(value: [0]), count: treeCount)
    trees.withUnsafeMutableBufferPointer { trees in
      ThreadPool.shared.parallelFor(treeCount, grain: 1) { range in
        for number in range {
          var random = RandomSource(seed: seed, stream: UInt64(2 * number))
          var weights = [Double](repeating: 0, count: x.rows)
          for row in random.sample(size, of: x.rows) { weights[row] = 1 }
          // Targets only keep nodes from being pure.
          let targets = weights.map { _ in random.uniform() }
          var builder = ExactTreeBuilder(
            table, targets: targets, weights: weights, classes: 0, rules, stream: UInt64(2 * number + 1))
          trees[number] = lengths(builder.build())
        }
      }
    }
    return IsolationForest(trees: trees, sampleSize: size)
  }

  /// How much of an outlier each row is: near 1 for outliers, below 0.5 for the others.
  public func scores(_ x: FeatureMatrix) -> [Double] {
    let sums = EnsemblePredictor(trees: trees, outputs: 1).sums(x, from: [0])
    let usual = Self.meanLength(sampleSize)
    return sums.map { usual > 0 ? power(2, -$0 / Double(trees.count) / usual) : 0.5 }
  }

  /// The tree with the length of the way to each leaf as its value.
  private static func lengths(_ tree: Tree) -> Tree {
    var tree = tree
    var open = [(node: tree.splits.isEmpty ? ~0 : 0, depth: 0)]
    while let (node, depth) = open.popLast() {
      if node >= 0 {
        open.append((tree.splits[node].left, depth + 1))
        open.append((tree.splits[node].right, depth + 1))
      } else {
        tree.leaves[~node].values = [Double(depth) + meanLength(tree.leaves[~node].rows)]
      }
    }
    return tree
  }

  /// The mean length of the way to a row in a random tree of n rows.
  private static func meanLength(_ n: Int) -> Double {
    if n <= 1 { return 0 }
    if n == 2 { return 1 }
    let m = Double(n)
    return 2 * (logarithm(m - 1) + 0.577215664901532860606512) - 2 * (m - 1) / m
  }
}
