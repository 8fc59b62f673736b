import CPUKernels
import LatheCore

/// A tree as the ways to its leaves.
struct ShapleyTree: Sendable {
  private let splits: [TreeSplit]
  private var columnStarts: [Int32] = [0]
  private var values: [Double] = []
  private var columns: [Int32] = []
  private var shares: [Double] = []
  private var conditionStarts: [Int32] = [0]
  private var conditions: [Int32] = []
  /// What the tree says on average.
  private(set) var expected = 0.0

  init(_ tree: Tree) {
    splits = tree.splits
    // As LightGBM, by rows; XGBoost's files know only their weight.
    let counts = !splits.isEmpty && splits.allSatisfy { $0.rows > 0 }
    func cover(_ node: Int) -> Double {
      if node < 0 { return counts ? Double(tree.leaves[~node].rows) : tree.leaves[~node].cover }
      return counts ? Double(splits[node].rows) : splits[node].cover
    }
    var way: [(feature: Int, share: Double, condition: Int32)] = []
    func visit(_ node: Int) {
      if node < 0 {
        addLeaf(tree.leaves[~node].values[0], way)
        return
      }
      let split = splits[node]
      // Children may not add up to their parent where a file rounds.
      let (left, right) = (cover(split.left), cover(split.right))
      let total = left + right
      way.append((split.feature, total > 0 ? left / total : 0.5, Int32(2 * node + 1)))
      visit(split.left)
      way[way.count - 1] = (split.feature, total > 0 ? right / total : 0.5, Int32(2 * node))
      visit(split.right)
      way.removeLast()
    }
    visit(splits.isEmpty ? ~0 : 0)
  }

  private mutating func addLeaf(_ value: Double, _ way: [(feature: Int, share: Double, condition: Int32)]) {
    expected += way.reduce(value) { $0 * $1.share }
    let features = Array(Set(way.map(\.feature))).sorted()
    require(
      features.count <= Int(LATHE_SHAPLEY_COLUMNS),
      "TreeSHAP: a leaf with conditions on \(features.count) columns")
    for feature in features {
      let own = way.filter { $0.feature == feature }
      columns.append(Int32(feature))
      shares.append(own.reduce(1) { $0 * $1.share })
      conditions += own.map(\.condition)
      conditionStarts.append(Int32(conditions.count))
    }
    values.append(value)
    columnStarts.append(Int32(columns.count))
  }

  /// Whether rows can go down together.
  private var takesBlocks: Bool { splits.count <= Int(LATHE_SHAPLEY_SPLITS) }

  /// Adds the contributions of rows' columns.
  ///
  /// - Parameters:
  ///   - result: The first row's first number of the tree's output.
  ///   - stride: Numbers between two rows there.
  ///   - values: Values of at most `LATHE_SHAPLEY_ROWS` rows, column after column.
  func add(
    to result: UnsafeMutablePointer<Double>, stride: Int, _ values: UnsafePointer<Double>, rows: Int
  ) {
    withTree { tree in
      guard takesBlocks else {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: splits.count) { goesLeft in
          for row in 0..<rows {
            for (i, split) in splits.enumerated() {
              goesLeft[i] = split.goesLeft(values[split.feature * rows + row]) ? 1 : 0
            }
            lathe_tree_shapley(&tree, goesLeft.baseAddress, result + row * stride)
          }
        }
        return
      }
      withUnsafeTemporaryAllocation(of: UInt64.self, capacity: rows) { sides in
        guard let start = sides.baseAddress else { return }
        start.initialize(repeating: 0, count: rows)
        for (i, split) in splits.enumerated() {
          let column = values + split.feature * rows
          if split.categories != nil {
            for row in 0..<rows where split.goesLeft(column[row]) { sides[row] |= 1 << UInt64(i) }
          } else {
            lathe_shapley_sides(
              column, rows, split.threshold, Self.missing(split.missing), ColumnBins.zero,
              split.missingGoesLeft ? 1 : 0, Int32(i), start)
          }
        }
        lathe_tree_shapley_rows(&tree, start, rows, result, stride)
      }
    }
  }

  private static func missing(_ kind: MissingValues) -> lathe_missing {
    switch kind {
    case .none: LATHE_MISSING_NONE
    case .zero: LATHE_MISSING_ZERO
    case .nan: LATHE_MISSING_NAN
    }
  }

  private func withTree(_ body: (inout lathe_shapley_tree) -> Void) {
    var tree = lathe_shapley_tree()
    tree.leaf_count = Int32(values.count)
    columnStarts.withUnsafeBufferPointer { columnStarts in
      conditionStarts.withUnsafeBufferPointer { conditionStarts in
        columns.withUnsafeBufferPointer { columns in
          shares.withUnsafeBufferPointer { shares in
            values.withUnsafeBufferPointer { values in
              conditions.withUnsafeBufferPointer { conditions in
                tree.column_starts = columnStarts.baseAddress
                tree.condition_starts = conditionStarts.baseAddress
                tree.columns = columns.baseAddress
                tree.shares = shares.baseAddress
                tree.values = values.baseAddress
                tree.conditions = conditions.baseAddress
                body(&tree)
              }
            }
          }
        }
      }
    }
  }
}
