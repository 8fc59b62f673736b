import CPUKernels
import LatheCPU
import LatheCore

/// Adds up what many trees say of many rows, on all cores.
///
/// Trees of at most 64 leaves are looked at as a whole (`kernels/cpu/trees_masks.c`), larger ones are walked.
struct EnsemblePredictor {
  private enum Form {
    case masks(nodes: [lathe_mask_node], values: [Double])
    case walk(nodes: [lathe_walk_node], splitCount: Int, values: [Double])
  }

  private let trees: [Tree]
  private let forms: [Form]
  private let views: RankViews
  private let outputs: Int
  private static let rows = Int(LATHE_TREE_ROWS)
  private static let mostMaskLeaves = 64

  /// A predictor of `outputs` sums; where leaves have one number, tree t adds to sum t % outputs.
  init(trees: [Tree], outputs: Int) {
    self.trees = trees
    self.outputs = outputs
    let views = RankViews(trees)
    self.views = views
    forms = trees.map { tree in
      tree.outputs == 1 && tree.leaves.count <= Self.mostMaskLeaves
        ? Self.masks(tree, views) : Self.walk(tree, views)
    }
  }

  /// The sums of each row, row after row.
  func sums(_ x: FeatureMatrix, from base: [Double]) -> [Double] {
    require(
      (trees.flatMap(\.splits).map(\.feature).max() ?? -1) < x.columns,
      "predict: the matrix has \(x.columns) columns, the trees look at more")
    var result = [Double](repeating: 0, count: x.rows * outputs)
    guard views.fits else {
      slowSums(x, from: base, into: &result)
      return result
    }
    let blocks = (x.rows + Self.rows - 1) / Self.rows
    result.withUnsafeMutableBufferPointer { result in
      ThreadPool.shared.parallelFor(blocks, grain: 4) { range in
        let ranks = UnsafeMutablePointer<UInt16>.allocate(capacity: max(1, views.views.count * Self.rows))
        let sums = UnsafeMutablePointer<Double>.allocate(capacity: outputs * Self.rows)
        ranks.initialize(repeating: 0, count: max(1, views.views.count * Self.rows))
        defer {
          ranks.deallocate()
          sums.deallocate()
        }
        for block in range {
          let first = block * Self.rows
          views.fill(ranks, x, first: first)
          for k in 0..<outputs { (sums + k * Self.rows).update(repeating: base[k], count: Self.rows) }
          add(ranks, to: sums)
          for i in 0..<min(Self.rows, x.rows - first) {
            for k in 0..<outputs { result[(first + i) * outputs + k] = sums[k * Self.rows + i] }
          }
        }
      }
    }
    return result
  }

  private func add(_ ranks: UnsafePointer<UInt16>, to sums: UnsafeMutablePointer<Double>) {
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: Self.rows) { ends in
      guard let ends = ends.baseAddress else { return }
      for (number, form) in forms.enumerated() {
        switch form {
        case .masks(let nodes, let values):
          let to = sums + number % outputs * Self.rows
          if values.count <= 32 {
            lathe_tree_masks32(nodes, nodes.count, values, ranks, to)
          } else {
            lathe_tree_masks64(nodes, nodes.count, values, ranks, to)
          }
        case .walk(let nodes, let splitCount, let values):
          lathe_tree_walk(nodes, ranks, ends)
          addLeaves(values, number, ends, splitCount, to: sums)
        }
      }
    }
  }

  private func addLeaves(
    _ values: [Double], _ number: Int, _ ends: UnsafePointer<Int32>, _ splitCount: Int,
    to sums: UnsafeMutablePointer<Double>
  ) {
    let width = trees[number].outputs
    values.withUnsafeBufferPointer { values in
      for i in 0..<Self.rows {
        let leaf = Int(ends[i]) - splitCount
        if width == 1 {
          sums[number % outputs * Self.rows + i] += values[leaf]
        } else {
          for k in 0..<width { sums[k * Self.rows + i] += values[leaf * width + k] }
        }
      }
    }
  }

  /// Row by row, for more thresholds than ranks.
  private func slowSums(_ x: FeatureMatrix, from base: [Double], into result: inout [Double]) {
    result.withUnsafeMutableBufferPointer { result in
      ThreadPool.shared.parallelFor(x.rows, grain: 64) { range in
        for row in range {
          for k in 0..<outputs { result[row * outputs + k] = base[k] }
          for (number, tree) in trees.enumerated() {
            let values = tree.leaves[tree.leaf { x[row, $0] }].values
            if tree.outputs == 1 {
              result[row * outputs + number % outputs] += values[0]
            } else {
              for k in 0..<outputs { result[row * outputs + k] += values[k] }
            }
          }
        }
      }
    }
  }

  // MARK: Forms

  private static func masks(_ tree: Tree, _ views: RankViews) -> Form {
    var values: [Double] = []
    var nodes: [lathe_mask_node] = []
    /// Numbers leaves from left to right; returns those below a node.
    func visit(_ node: Int) -> UInt64 {
      if node < 0 {
        values.append(tree.leaves[~node].values[0])
        return 1 << UInt64(values.count - 1)
      }
      let split = tree.splits[node]
      let left = visit(split.left)
      let right = visit(split.right)
      let (view, threshold) = views.condition(split)
      nodes.append(
        lathe_mask_node(keep: ~left, column: Int32(view), threshold: UInt16(clamping: threshold), unused: 0))
      return left | right
    }
    _ = visit(tree.splits.isEmpty ? ~0 : 0)
    return .masks(nodes: nodes, values: values)
  }

  private static func walk(_ tree: Tree, _ views: RankViews) -> Form {
    let splitCount = tree.splits.count
    func place(_ child: Int) -> Int32 { Int32(child >= 0 ? child : splitCount + ~child) }
    var nodes = tree.splits.map { split in
      let (view, threshold) = views.condition(split)
      return lathe_walk_node(
        left: place(split.left), right: place(split.right), column: Int32(view), threshold: Int32(threshold))
    }
    for leaf in tree.leaves.indices {
      let own = Int32(splitCount + leaf)
      nodes.append(lathe_walk_node(left: own, right: own, column: 0, threshold: Int32.max))
    }
    return .walk(nodes: nodes, splitCount: splitCount, values: tree.leaves.flatMap(\.values))
  }
}
