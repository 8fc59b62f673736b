/// Shapley values of one tree where columns that are not known take the values of one other row.
///
/// Only where both rows part does a column matter. A leaf that is reached when a columns are the row's own (a of those
/// that part) and b are the other's counts with (a - 1)! b! / (a + b)! for each of the former, and with
/// - a! (b - 1)! / (a + b)! for each of the latter.
struct InterventionalWalk {
  /// Which row a column's value is taken from on the way: 0 undecided, 1 the row's own, 2 the other's.
  private var sides: [UInt8]
  private var own: [Int] = []
  private var others: [Int] = []

  init(columns: Int) { sides = [UInt8](repeating: 0, count: columns) }

  mutating func add(
    _ tree: Tree, _ x: [Double], _ reference: [Double], share: Double, to result: UnsafeMutablePointer<Double>
  ) {
    visit(tree, tree.splits.isEmpty ? ~0 : 0, x, reference, share, result)
  }

  private mutating func visit(
    _ tree: Tree, _ node: Int, _ x: [Double], _ reference: [Double], _ share: Double,
    _ result: UnsafeMutablePointer<Double>
  ) {
    if node < 0 {
      addLeaf(tree.leaves[~node].values[0] * share, result)
      return
    }
    let split = tree.splits[node]
    let feature = split.feature
    let mine = split.goesLeft(x[feature]) ? split.left : split.right
    let theirs = split.goesLeft(reference[feature]) ? split.left : split.right
    if mine == theirs || sides[feature] == 1 {
      visit(tree, mine, x, reference, share, result)
    } else if sides[feature] == 2 {
      visit(tree, theirs, x, reference, share, result)
    } else {
      sides[feature] = 1
      own.append(feature)
      visit(tree, mine, x, reference, share, result)
      own.removeLast()
      sides[feature] = 2
      others.append(feature)
      visit(tree, theirs, x, reference, share, result)
      others.removeLast()
      sides[feature] = 0
    }
  }

  private func addLeaf(_ value: Double, _ result: UnsafeMutablePointer<Double>) {
    let (a, b) = (own.count, others.count)
    if a + b == 0 { return }
    // 1 / ((a + b) * binomial(a + b - 1, k))
    func weight(_ k: Int) -> Double {
      var binomial = 1.0
      for i in 0..<k { binomial = binomial * Double(a + b - 1 - i) / Double(i + 1) }
      return 1 / (Double(a + b) * binomial)
    }
    if a > 0 {
      let change = value * weight(a - 1)
      for feature in own { result[feature] += change }
    }
    if b > 0 {
      let change = value * weight(b - 1)
      for feature in others { result[feature] -= change }
    }
  }
}
