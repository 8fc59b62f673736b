import LatheCore

/// Trees whose leaves have one number for each output, in a file: docs/tables.md describes it.
///
/// Nodes are written from the root on, a left child right behind its parent, so that no place of a child is stored. What a
/// split would say as a leaf, and its rows, are the sums of its leaves' and are made again.
struct StoredTrees: Codable {
  /// How many trees there are.
  var count: Int
  /// Numbers of a leaf.
  var outputs: Int
  /// Of a split twice its column, and 1 where missing values go left; of a leaf -1.
  var nodes: StoredNumbers
  /// Of each split: values up to this one go left.
  var thresholds: StoredNumbers
  /// Of each split, as float32.
  var gains: StoredNumbers
  /// Of each leaf its numbers.
  var values: StoredNumbers
  /// Of each leaf the weight of the rows that came there.
  var covers: StoredNumbers
  /// Of each leaf how many rows came there.
  var rows: StoredNumbers

  /// The longest way from a root that is stored; what walks trees may do so by recursion.
  static let mostDepth = 10_000

  /// - Throws: `LatheError.unsupported` for a tree that is too deep.
  init(_ trees: [Tree]) throws {
    var (nodes, leafRows): ([Int32], [Int32]) = ([], [])
    var (thresholds, values, covers): ([Double], [Double], [Double]) = ([], [], [])
    var gains: [Float] = []
    for tree in trees {
      guard tree.depth <= Self.mostDepth else {
        throw LatheError(
          .unsupported,
          "a tree of \(tree.depth) conditions on one way cannot be stored, \(Self.mostDepth) are the most; limit maxDepth"
        )
      }
      var open = [tree.splits.isEmpty ? ~0 : 0]
      while let node = open.popLast() {
        if node >= 0 {
          let split = tree.splits[node]
          nodes.append(Int32(2 * split.feature + (split.missingGoesLeft ? 1 : 0)))
          thresholds.append(split.threshold)
          gains.append(Float(split.gain))
          open.append(split.right)
          open.append(split.left)
        } else {
          let leaf = tree.leaves[~node]
          nodes.append(-1)
          values += leaf.values
          covers.append(leaf.cover)
          leafRows.append(Int32(clamping: leaf.rows))
        }
      }
    }
    count = trees.count
    outputs = trees.first?.outputs ?? 1
    self.nodes = StoredNumbers(nodes)
    self.thresholds = StoredNumbers(thresholds)
    self.gains = StoredNumbers(gains)
    self.values = StoredNumbers(values)
    self.covers = StoredNumbers(covers)
    rows = StoredNumbers(leafRows)
  }

  /// - Throws: `LatheError.format` where lists do not fit each other, or columns are not there.
  func trees(columns: Int) throws -> [Tree] {
    let nodes = try self.nodes.integers("nodes")
    let thresholds = try self.thresholds.doubles("thresholds")
    let gains = try self.gains.floats("gains")
    let values = try self.values.doubles("values")
    let covers = try self.covers.doubles("covers")
    let rows = try self.rows.integers("rows")
    let leafCount = nodes.count { $0 == -1 }
    guard count >= 1, outputs >= 1, leafCount - count == nodes.count - leafCount,
      thresholds.count == nodes.count - leafCount, gains.count == thresholds.count,
      leafCount == covers.count, leafCount == rows.count, values.count / outputs == leafCount,
      values.count % outputs == 0, rows.allSatisfy({ $0 >= 0 }), covers.allSatisfy({ $0 >= 0 })
    else { throw LatheError(.format, "trees: their lists do not fit each other") }
    var (node, split, leaf) = (0, 0, 0)
    var result: [Tree] = []
    for _ in 0..<count {
      var (splits, leaves): ([TreeSplit], [TreeLeaf]) = ([], [])
      // Splits whose children are still to come, with how many were met.
      var open: [(split: Int, children: Int)] = []
      repeat {
        guard node < nodes.count else { throw LatheError(.format, "trees: a node has no children") }
        let code = nodes[node]
        let place: Int
        if code >= 0 {
          guard code / 2 < columns, open.count < Self.mostDepth else {
            throw LatheError(.format, "trees: a split by column \(code / 2) of \(columns), or one too deep")
          }
          place = splits.count
          splits.append(
            TreeSplit(
              feature: code / 2, threshold: thresholds[split], categories: nil, missing: .nan,
              missingGoesLeft: code & 1 == 1, left: 0, right: 0, gain: Double(gains[split]), values: [],
              cover: 0, rows: 0))
          split += 1
        } else {
          guard code == -1 else { throw LatheError(.format, "trees: a node is \(code)") }
          place = ~leaves.count
          leaves.append(
            TreeLeaf(
              values: Array(values[leaf * outputs..<(leaf + 1) * outputs]), cover: covers[leaf],
              rows: rows[leaf]))
          leaf += 1
        }
        node += 1
        if let last = open.indices.last {
          if open[last].children == 0 {
            splits[open[last].split].left = place
          } else {
            splits[open[last].split].right = place
          }
          open[last].children += 1
        }
        if code >= 0 { open.append((place, 0)) }
        while let last = open.last, last.children == 2 { open.removeLast() }
      } while !open.isEmpty
      Self.addUp(&splits, leaves, outputs)
      result.append(Tree(splits: splits, leaves: leaves))
    }
    guard node == nodes.count else { throw LatheError(.format, "trees: nodes are left over") }
    return result
  }

  /// Gives splits the rows of their leaves and what those say in the mean; children are behind their parents.
  private static func addUp(_ splits: inout [TreeSplit], _ leaves: [TreeLeaf], _ outputs: Int) {
    for i in splits.indices.reversed() {
      var sums = [Double](repeating: 0, count: outputs)
      for child in [splits[i].left, splits[i].right] {
        let (cover, rows, values) =
          child >= 0
          ? (splits[child].cover, splits[child].rows, splits[child].values)
          : (leaves[~child].cover, leaves[~child].rows, leaves[~child].values)
        splits[i].cover += cover
        splits[i].rows += rows
        for k in 0..<outputs { sums[k] += cover * values[k] }
      }
      let cover = splits[i].cover
      splits[i].values = sums.map { cover > 0 ? $0 / cover : 0 }
    }
  }
}

/// A `Forest` or an `AdaBoost` in a file.
struct StoredForest: Codable {
  /// How many classes there are; 0 of numbers.
  var classes: Int
  /// The columns' names.
  var columns: [String]
  /// What each tree's vote counts; of AdaBoost alone.
  var votes: [Double]?
  var trees: StoredTrees

  init(_ model: Forest) throws {
    (classes, columns) = (model.classes, model.featureNames)
    trees = try StoredTrees(model.trees)
  }

  init(_ model: AdaBoost) throws {
    (classes, columns, votes) = (model.classes, model.featureNames, model.votes)
    trees = try StoredTrees(model.trees)
  }

  init(_ model: AdaBoostRegressor) throws {
    (classes, columns, votes) = (0, model.featureNames, model.votes)
    trees = try StoredTrees(model.trees)
  }

  /// - Throws: `LatheError.format` where it is none.
  func adaBoostRegressor() throws -> AdaBoostRegressor {
    guard let votes, votes.count == trees.count, classes == 0, trees.outputs == 1,
      votes.allSatisfy({ $0.isFinite && $0 >= 0 })
    else { throw LatheError(.format, "adaBoostRegressor: votes and trees do not fit each other") }
    return AdaBoostRegressor(
      trees: try trees.trees(columns: columns.count), votes: votes, featureNames: columns)
  }

  /// - Throws: `LatheError.format` where it is none.
  func forest() throws -> Forest {
    guard trees.outputs == max(classes, 1), classes != 1 else {
      throw LatheError(.format, "forest: \(trees.outputs) numbers in a leaf for \(classes) classes")
    }
    return Forest(trees: try trees.trees(columns: columns.count), classes: classes, featureNames: columns)
  }

  /// - Throws: `LatheError.format` where it is none.
  func adaBoost() throws -> AdaBoost {
    guard let votes, votes.count == trees.count, classes >= 2, trees.outputs == classes,
      votes.allSatisfy(\.isFinite)
    else { throw LatheError(.format, "adaBoost: votes, trees and classes do not fit each other") }
    return AdaBoost(
      trees: try trees.trees(columns: columns.count), votes: votes, classes: classes, featureNames: columns)
  }
}
