import CPUKernels
import LatheCPU
import LatheCore

/// A tree with what is needed to use it on codes.
struct GrownTree {
  var tree: Tree
  /// For each split and each code, 1 where it goes left.
  var goesLeft: [[UInt8]]
  /// The rows of each leaf in the order of the grower's rows.
  var leafRows: [Range<Int>]
}

/// Grows trees from histograms of gradients.
final class TreeGrower {
  private let matrix: BinnedMatrix
  private let configuration: BoostingConfiguration
  private let gradients: QuantizedGradients
  private let builder: HistogramBuilder
  private let division: RowDivision
  /// The rows of the tree; those of a leaf lie together.
  let rows: UnsafeMutablePointer<UInt32>
  private(set) var rowCount: Int
  private var histograms: [UnsafeMutablePointer<Int64>] = []
  private var freeHistograms: [Int] = []
  /// The best splits of each column: first of the smaller leaf, behind them of the larger one.
  private let numeric: UnsafeMutablePointer<lathe_split>
  private let categorical: UnsafeMutablePointer<LeafSplit?>
  /// The columns that the tree may use.
  private var isUsed: [Bool]

  init(_ matrix: BinnedMatrix, _ gradients: QuantizedGradients, _ configuration: BoostingConfiguration) {
    self.matrix = matrix
    self.configuration = configuration
    self.gradients = gradients
    builder = HistogramBuilder(matrix, gradients)
    division = RowDivision(rows: matrix.rows)
    rows = .allocate(capacity: max(matrix.rows, 1))
    rowCount = matrix.rows
    let columns = matrix.bins.count
    numeric = .allocate(capacity: max(1, 2 * columns))
    numeric.initialize(repeating: lathe_split(), count: 2 * columns)
    categorical = .allocate(capacity: max(1, 2 * columns))
    categorical.initialize(repeating: nil, count: 2 * columns)
    isUsed = matrix.bins.map { !$0.isConstant }
  }

  deinit {
    rows.deallocate()
    numeric.deallocate()
    categorical.deinitialize(count: 2 * matrix.bins.count)
    categorical.deallocate()
    for memory in histograms { memory.deallocate() }
  }

  /// Grows a tree; its outputs are multiplied by `rate`.
  ///
  /// - Parameters:
  ///   - sample: The rows to use, rising; nil for all.
  ///   - usedColumns: The columns to use; nil for all.
  func grow(sample: [UInt32]?, usedColumns: [Int]?, rate: Double) -> GrownTree {
    start(sample, usedColumns)
    let total = gradients.totals(sample == nil ? nil : UnsafePointer(rows), count: rowCount)
    let rules = self.rules()
    let value = rules.output(
      Double(total.gradient) * gradients.gradientUnit, Double(total.hessian) * gradients.hessianUnit)
    var leaves = [
      GrowingLeaf(
        rows: 0..<rowCount, gradient: total.gradient, hessian: total.hessian, depth: 0, output: value,
        histogram: takeHistogram())
    ]
    var splits: [TreeSplit] = []
    var tables: [[UInt8]] = []
    search(&leaves, 0, nil, isRoot: sample == nil)
    while leaves.count < configuration.leafCount, let next = nextLeaf(leaves) {
      let other = divide(&leaves, next, &splits, &tables)
      if leaves.count < configuration.leafCount {
        let (small, large) =
          leaves[next].rows.count < leaves[other].rows.count ? (next, other) : (other, next)
        search(&leaves, small, large, isRoot: false)
      }
    }
    freeHistograms = Array(histograms.indices)
    let unit = gradients.hessianUnit
    var tree = Tree(
      splits: splits,
      leaves: leaves.map {
        TreeLeaf(values: [$0.output], cover: Double($0.hessian) * unit, rows: $0.rows.count)
      })
    tree.scale(by: rate)
    return GrownTree(tree: tree, goesLeft: tables, leafRows: leaves.map(\.rows))
  }

  private func start(_ sample: [UInt32]?, _ usedColumns: [Int]?) {
    if let sample {
      rowCount = sample.count
      sample.withUnsafeBufferPointer {
        if let base = $0.baseAddress { rows.update(from: base, count: rowCount) }
      }
    } else {
      rowCount = matrix.rows
      ThreadPool.shared.parallelFor(rowCount, grain: 65536) { range in
        for i in range { rows[i] = UInt32(truncatingIfNeeded: i) }
      }
    }
    isUsed = matrix.bins.map { !$0.isConstant }
    if let usedColumns {
      let wanted = Set(usedColumns)
      for column in isUsed.indices where !wanted.contains(column) { isUsed[column] = false }
    }
  }

  /// Memory for a histogram that nobody uses.
  private func takeHistogram() -> Int {
    if let free = freeHistograms.popLast() { return free }
    histograms.append(.allocate(capacity: max(1, 2 * matrix.pairCount)))
    return histograms.count - 1
  }

  private func rules(_ leaf: GrowingLeaf? = nil) -> lathe_split_rules {
    lathe_split_rules(
      l1: configuration.l1, l2: configuration.l2, min_hessian: configuration.minHessianInLeaf,
      gradient_unit: gradients.gradientUnit, hessian_unit: gradients.hessianUnit,
      min_rows: Double(configuration.minRowsInLeaf), max_output: configuration.maxOutput,
      lowest: leaf?.lowest ?? -.infinity, highest: leaf?.highest ?? .infinity, monotone: 0)
  }

  /// The leaf to be split next.
  private func nextLeaf(_ leaves: [GrowingLeaf]) -> Int? {
    var best: Int?
    for i in leaves.indices where leaves[i].split.column >= 0 && leaves[i].split.gain > 0 {
      guard let old = best else {
        best = i
        continue
      }
      let (a, b) = (leaves[i], leaves[old])
      if configuration.growth == .depthWise && a.depth != b.depth {
        if a.depth < b.depth { best = i }
      } else if a.split.gain > b.split.gain {
        best = i
      }
    }
    return best
  }

  // MARK: The best split of a leaf

  /// Finds the best splits of a leaf, and of its sibling, whose histogram is its parent's until now.
  private func search(_ leaves: inout [GrowingLeaf], _ small: Int, _ large: Int?, isRoot: Bool) {
    let candidates = [small] + (large.map { [$0] } ?? [])
    for leaf in candidates { leaves[leaf].split = LeafSplit() }
    let deepest = configuration.maxDepth ?? Int.max
    let isOpen = candidates.contains { leaves[$0].rows.count >= 2 * configuration.minRowsInLeaf }
    guard isOpen, leaves[small].depth < deepest else { return }
    let (a, b) = (leaves[small], large.map { leaves[$0] })
    let pairs = histograms[a.histogram]
    let parent = b.map { histograms[$0.histogram] }
    let allowed = candidates.map { allowedColumns(leaves[$0]) }
    let begin = rows + a.rows.lowerBound
    builder.build(isRoot ? nil : UnsafePointer(begin), count: a.rows.count, into: pairs) { columns in
      if let parent {
        let first = 2 * Int(matrix.offsets[columns.lowerBound])
        let last = columns.upperBound - 1
        let end = 2 * Int(matrix.offsets[last] + matrix.binCounts[last])
        lathe_tree_subtract(parent + first, pairs + first, end - first)
      }
      for column in columns {
        examine(a, column, pairs, allowed[0][column], at: column)
        if let b, let parent {
          examine(b, column, parent, allowed[1][column], at: matrix.bins.count + column)
        }
      }
    }
    leaves[small].split = choose(a, from: 0)
    if let b, let large { leaves[large].split = choose(b, from: matrix.bins.count) }
  }

  private func allowedColumns(_ leaf: GrowingLeaf) -> [Bool] {
    guard !configuration.interactions.isEmpty else { return isUsed }
    var allowed = Set<Int>()
    for group in configuration.interactions where leaf.path.isSubset(of: group) { allowed.formUnion(group) }
    return isUsed.indices.map { isUsed[$0] && allowed.contains($0) }
  }

  private func examine(
    _ leaf: GrowingLeaf, _ column: Int, _ pairs: UnsafeMutablePointer<Int64>, _ isAllowed: Bool, at place: Int
  ) {
    numeric[place].gain = -.infinity
    categorical[place] = nil
    guard isAllowed else { return }
    let bins = matrix.bins[column]
    let own = pairs + 2 * Int(matrix.offsets[column])
    var rules = rules(leaf)
    if bins.isCategorical {
      categorical[place] = CategoricalSplit(
        configuration: configuration, rules: rules, pairs: own, bins: bins.count, gradient: leaf.gradient,
        hessian: leaf.hessian, rows: Double(leaf.rows.count)
      ).best()
      return
    }
    if !configuration.monotone.isEmpty { rules.monotone = Int32(configuration.monotone[column]) }
    lathe_tree_split(
      own, Int(matrix.binCounts[column]), bins.hasMissing, leaf.gradient, leaf.hessian,
      Double(leaf.rows.count), &rules, numeric + place)
  }

  private func choose(_ leaf: GrowingLeaf, from first: Int) -> LeafSplit {
    // Bounds by constraints hold for the children alone, as in LightGBM.
    let rules = rules()
    let least =
      rules.gain(Double(leaf.gradient) * gradients.gradientUnit, Double(leaf.hessian) * gradients.hessianUnit)
      + configuration.minGain
    var best = LeafSplit()
    for column in matrix.bins.indices {
      if var split = categorical[first + column] {
        split.gain -= least
        split.column = column
        if split.gain > max(best.gain, 0) { best = split }
      } else if numeric[first + column].gain - least > max(best.gain, 0) {
        let split = numeric[first + column]
        best = LeafSplit(
          column: column, gain: split.gain - least, threshold: split.threshold,
          missingGoesLeft: split.missing_left, gradient: split.gradient, hessian: split.hessian,
          l2: configuration.l2)
      }
    }
    return best
  }

  // MARK: Division

  /// Splits a leaf; its left child takes its place, the right one is new.
  ///
  /// Returns the latter's number.
  private func divide(
    _ leaves: inout [GrowingLeaf], _ index: Int, _ splits: inout [TreeSplit], _ tables: inout [[UInt8]]
  ) -> Int {
    let leaf = leaves[index]
    let split = leaf.split
    let bins = matrix.bins[split.column]
    let table = Self.table(split, bins)
    let lefts = division.divide(
      rows + leaf.rows.lowerBound, count: leaf.rows.count, codes: matrix.column(split.column), goesLeft: table
    )
    let node = splits.count
    splits.append(
      TreeSplit(
        feature: split.column, threshold: Self.threshold(split, bins), categories: Self.words(split, bins),
        missing: bins.hasMissing || bins.isCategorical ? .nan : .none, missingGoesLeft: split.missingGoesLeft,
        left: ~index, right: ~leaves.count, gain: split.gain, values: [leaf.output],
        cover: Double(leaf.hessian) * gradients.hessianUnit, rows: leaf.rows.count))
    tables.append(table)
    if let parent = leaf.parent {
      if parent.isLeft { splits[parent.node].left = node } else { splits[parent.node].right = node }
    }
    let middle = leaf.rows.lowerBound + lefts
    var (left, right) = (leaf, leaf)
    (left.rows, right.rows) = (leaf.rows.lowerBound..<middle, middle..<leaf.rows.upperBound)
    (left.gradient, left.hessian) = (split.gradient, split.hessian)
    (right.gradient, right.hessian) = (leaf.gradient - split.gradient, leaf.hessian - split.hessian)
    (left.parent, right.parent) = ((node, true), (node, false))
    left.depth += 1
    right.depth += 1
    left.path.insert(split.column)
    right.path.insert(split.column)
    var rules = rules(leaf)
    rules.l2 = split.l2
    let (gu, hu) = (gradients.gradientUnit, gradients.hessianUnit)
    left.output = rules.output(Double(left.gradient) * gu, Double(left.hessian) * hu)
    right.output = rules.output(Double(right.gradient) * gu, Double(right.hessian) * hu)
    constrain(&left, &right, split.column)
    // The larger child takes over the parent's histogram, from which the smaller one's is subtracted.
    let fresh = takeHistogram()
    if left.rows.count < right.rows.count { left.histogram = fresh } else { right.histogram = fresh }
    leaves[index] = left
    leaves.append(right)
    return leaves.count - 1
  }

  /// Outputs on both sides of a monotone split stay on their side of the middle.
  private func constrain(_ left: inout GrowingLeaf, _ right: inout GrowingLeaf, _ column: Int) {
    guard !configuration.monotone.isEmpty, configuration.monotone[column] != 0 else { return }
    let middle = (left.output + right.output) / 2
    if configuration.monotone[column] > 0 {
      (left.highest, right.lowest) = (min(left.highest, middle), max(right.lowest, middle))
    } else {
      (left.lowest, right.highest) = (max(left.lowest, middle), min(right.highest, middle))
    }
  }

  private static func table(_ split: LeafSplit, _ bins: ColumnBins) -> [UInt8] {
    var table = [UInt8](repeating: 0, count: 256)
    if let categories = split.categories {
      for code in categories { table[Int(code)] = 1 }
      return table
    }
    for code in 0...Int(split.threshold) { table[code] = 1 }
    if bins.hasMissing { table[bins.bounds.count] = split.missingGoesLeft ? 1 : 0 }
    return table
  }

  private static func threshold(_ split: LeafSplit, _ bins: ColumnBins) -> Double {
    split.categories == nil ? min(bins.bounds[Int(split.threshold)], 1e300) : 0
  }

  private static func words(_ split: LeafSplit, _ bins: ColumnBins) -> [UInt32]? {
    guard let codes = split.categories else { return nil }
    let categories = codes.map { bins.categories[Int($0) - 1] }
    var words = [UInt32](repeating: 0, count: (categories.max() ?? 0) / 32 + 1)
    for category in categories { words[category >> 5] |= 1 << UInt32(category & 31) }
    return words
  }
}
