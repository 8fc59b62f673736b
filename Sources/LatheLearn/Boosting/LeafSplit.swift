import CPUKernels

/// The best split of a leaf.
struct LeafSplit {
  var column = -1
  /// By how much it improves the objective.
  var gain = -Double.infinity
  /// Codes up to this one go left, if no categories do.
  var threshold: Int32 = -1
  var missingGoesLeft = true
  /// The codes of categories that go left.
  var categories: [UInt8]?
  /// Sums of the left child.
  var gradient: Int64 = 0
  var hessian: Int64 = 0
  /// The penalty by which outputs of the children are computed.
  var l2 = 0.0
}

/// A leaf of a tree that grows.
struct GrowingLeaf {
  /// Its rows in the order of the tree's rows.
  var rows: Range<Int>
  var gradient: Int64
  var hessian: Int64
  var depth: Int
  var output: Double
  /// Bounds by monotone constraints.
  var lowest = -Double.infinity
  var highest = Double.infinity
  /// Where its histogram is.
  var histogram: Int
  /// The columns on the way here, for constraints of interaction.
  var path: Set<Int> = []
  var split = LeafSplit()
  /// The split that it hangs on, and whether as its left child.
  var parent: (node: Int, isLeft: Bool)?
}

extension lathe_split_rules {
  /// The magnitude of a sum of gradients above the L1 penalty, with its sign.
  func shrunk(_ gradient: Double) -> Double {
    let size = max(abs(gradient) - l1, 0)
    return gradient < 0 ? -size : size
  }

  /// What a leaf says.
  func output(_ gradient: Double, _ hessian: Double) -> Double {
    var value = -shrunk(gradient) / (hessian + l2 + 1e-15)
    if max_output > 0 { value = min(max(value, -max_output), max_output) }
    return min(max(value, lowest), highest)
  }

  /// How much a leaf's output improves the objective.
  func gain(_ gradient: Double, _ hessian: Double) -> Double {
    let value = output(gradient, hessian)
    return -(2 * shrunk(gradient) * value + (hessian + l2) * value * value)
  }
}
