import LatheCore

/// Which values a split takes for missing.
public enum MissingValues: Int, Sendable, Hashable {
  /// None: NaN counts as zero.
  case none
  /// Zero, and NaN.
  case zero
  /// NaN.
  case nan
}

/// One condition of a tree.
public struct TreeSplit: Sendable, Hashable {
  /// The column that is looked at.
  public var feature: Int
  /// Values up to this one go left.
  public var threshold: Double
  /// Categories that go left, as bits of words; nil for a numeric column.
  public var categories: [UInt32]?
  /// Which values are missing ones.
  public var missing: MissingValues
  /// Whether missing values go left.
  public var missingGoesLeft: Bool
  /// The left child: a node, or the complement (`~leaf`) of a leaf.
  public var left: Int
  /// The right child.
  public var right: Int
  /// How much the split improved the objective.
  public var gain: Double
  /// What the node would say if it were a leaf, one number for each output.
  public var values: [Double]
  /// The weight of the training rows that came here.
  public var cover: Double
  /// How many training rows came here.
  public var rows: Int

  /// Whether a value goes left.
  @inline(__always)
  public func goesLeft(_ value: Double) -> Bool {
    if let categories {
      guard value >= 0, value < Double(categories.count * 32) else { return value.isNaN && missingGoesLeft }
      let category = Int(value)
      return categories[category >> 5] >> UInt32(category & 31) & 1 == 1
    }
    switch missing {
    case .none: return (value.isNaN ? 0 : value) <= threshold
    case .nan: return value.isNaN ? missingGoesLeft : value <= threshold
    case .zero:
      return value.isNaN || abs(value) <= ColumnBins.zero ? missingGoesLeft : value <= threshold
    }
  }
}

/// A leaf of a tree.
public struct TreeLeaf: Sendable, Hashable {
  /// One number for each output.
  public var values: [Double]
  /// The weight of the training rows that came here.
  public var cover: Double
  /// How many training rows came here.
  public var rows: Int
}

/// A tree of decisions: conditions on single columns, and what its leaves say.
public struct Tree: Sendable, Hashable {
  /// The conditions; the first one is the root.
  public var splits: [TreeSplit]
  /// The leaves, one at least.
  public var leaves: [TreeLeaf]

  /// A tree of one leaf.
  public init(value: [Double], cover: Double = 0, rows: Int = 0) {
    splits = []
    leaves = [TreeLeaf(values: value, cover: cover, rows: rows)]
  }

  package init(splits: [TreeSplit], leaves: [TreeLeaf]) {
    self.splits = splits
    self.leaves = leaves
  }

  /// How many numbers a leaf has.
  public var outputs: Int { leaves[0].values.count }

  /// The leaf that a row comes to.
  public func leaf(of row: (Int) -> Double) -> Int {
    var node = splits.isEmpty ? ~0 : 0
    while node >= 0 {
      let split = splits[node]
      node = split.goesLeft(row(split.feature)) ? split.left : split.right
    }
    return ~node
  }

  /// The longest way from the root to a leaf, in conditions.
  public var depth: Int {
    var deepest = 0
    var open = splits.isEmpty ? [] : [(node: 0, depth: 1)]
    while let (node, depth) = open.popLast() {
      deepest = max(deepest, depth)
      for child in [splits[node].left, splits[node].right] where child >= 0 {
        open.append((child, depth + 1))
      }
    }
    return deepest
  }

  /// Whether every split and every leaf is the child of exactly one split, and all hang together.
  package var isSound: Bool {
    if splits.isEmpty { return leaves.count == 1 }
    var seenSplits = [Bool](repeating: false, count: splits.count)
    var seenLeaves = [Bool](repeating: false, count: leaves.count)
    seenSplits[0] = true
    var open = [0]
    var found = 1
    while let node = open.popLast() {
      for child in [splits[node].left, splits[node].right] {
        if child >= 0 {
          guard child < splits.count, !seenSplits[child] else { return false }
          seenSplits[child] = true
          open.append(child)
        } else {
          guard ~child < leaves.count, !seenLeaves[~child] else { return false }
          seenLeaves[~child] = true
        }
        found += 1
      }
    }
    return found == splits.count + leaves.count
  }

  /// Multiplies what all leaves and nodes say.
  package mutating func scale(by factor: Double) {
    for i in leaves.indices { leaves[i].values = leaves[i].values.map { $0 * factor } }
    for i in splits.indices { splits[i].values = splits[i].values.map { $0 * factor } }
  }

  /// Adds to what all leaves and nodes say.
  package mutating func add(_ value: Double) {
    for i in leaves.indices { leaves[i].values = leaves[i].values.map { $0 + value } }
    for i in splits.indices { splits[i].values = splits[i].values.map { $0 + value } }
  }
}
