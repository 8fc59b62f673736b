import LatheCore

/// Groups of rows of different densities, and rows that belong to none: scikit-learn's `HDBSCAN`.
public enum HDBSCAN {
  /// The group of each row, from 0 on; -1 of rows that belong to none.
  ///
  /// - Parameters:
  ///   - x: The rows.
  ///   - minClusterSize: How many rows a group has at least.
  ///   - minSamples: The neighbour, itself being the first, whose distance tells how dense it is about a row; nil for as many.
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values, and fewer rows than a neighbour needs.
  public static func labels(_ x: FeatureMatrix, minClusterSize: Int = 5, minSamples: Int? = nil) throws
    -> [Int]
  {
    let rows = try DenseRows(x, what: "HDBSCAN")
    let samples = minSamples ?? minClusterSize
    try LinearChecks.expect(
      minClusterSize >= 2 && samples >= 1 && samples <= rows.rows,
      "HDBSCAN: groups of \(minClusterSize) rows and \(samples) neighbours of \(rows.rows) rows; groups have two at least"
    )
    let cores = RowDistances.map(rows) { _, distances in distances.sorted()[samples - 1].squareRoot() }
    let tree = CondensedTree(merges(rows, cores), rows: rows.rows, least: minClusterSize)
    return tree.labels()
  }

  /// The least spanning tree of distances that are no less than either row's core, the nearest first (Prim).
  private static func merges(_ x: DenseRows, _ cores: [Double]) -> [(a: Int, b: Int, distance: Double)] {
    let (count, columns) = (x.rows, x.columns)
    var nearest = [Double](repeating: .infinity, count: count)
    var from = [Int](repeating: 0, count: count)
    var isIn = [Bool](repeating: false, count: count)
    var own = 0
    var edges: [(a: Int, b: Int, distance: Double)] = []
    for _ in 1..<max(1, count) {
      isIn[own] = true
      var next = -1
      for other in 0..<count where !isIn[other] {
        var square = 0.0
        for j in 0..<columns {
          let distance = x.values[own * columns + j] - x.values[other * columns + j]
          square += distance * distance
        }
        let reach = max(cores[own], cores[other], square.squareRoot())
        if reach < nearest[other] { (nearest[other], from[other]) = (reach, own) }
        if next < 0 || nearest[other] < nearest[next] { next = other }
      }
      edges.append((from[next], next, nearest[next]))
      own = next
    }
    return edges.enumerated().sorted { ($0.element.distance, $0.offset) < ($1.element.distance, $1.offset) }
      .map(\.element)
  }
}

/// Groups as they part when distances become less, without those that are too small (Campello, Moulavi and Sander, 2013).
private struct CondensedTree {
  /// A group: when it parted, as 1 / distance, from which, and how long its rows stayed in it.
  struct Group {
    var parent: Int
    var birth: Double
    var stability = 0.0
    var children: [Int] = []
  }

  private var groups: [Group] = [Group(parent: -1, birth: 0)]
  /// The group that each row was in last.
  private var last: [Int]

  init(_ edges: [(a: Int, b: Int, distance: Double)], rows: Int, least: Int) {
    last = .init(repeating: 0, count: rows)
    // Nodes from the number of rows on are joined groups.
    var parents = Array(0..<max(1, 2 * rows - 1))
    func root(_ node: Int) -> Int {
      var node = node
      while parents[node] != node {
        parents[node] = parents[parents[node]]
        node = parents[node]
      }
      return node
    }
    var sides: [(Int, Int)] = []
    var sizes = [Int](repeating: 1, count: rows)
    for edge in edges {
      let (a, b) = (root(edge.a), root(edge.b))
      let node = rows + sides.count
      (parents[a], parents[b]) = (node, node)
      sides.append((a, b))
      sizes.append(sizes[a] + sizes[b])
    }
    guard !sides.isEmpty else { return }
    var waiting = [(node: rows + sides.count - 1, group: 0)]
    while let (node, group) = waiting.popLast() {
      guard node >= rows else {
        last[node] = group
        continue
      }
      let distance = edges[node - rows].distance
      let lambda = distance > 0 ? 1 / distance : .infinity
      let (a, b) = sides[node - rows]
      let isSplit = sizes[a] >= least && sizes[b] >= least
      for side in [a, b] {
        if isSplit {
          add(group, lambda, sizes[side])
          groups[group].children.append(groups.count)
          groups.append(Group(parent: group, birth: lambda))
          waiting.append((side, groups.count - 1))
        } else if sizes[side] >= least {
          waiting.append((side, group))
        } else {
          add(group, lambda, sizes[side])
          var leaves = [side]
          while let leaf = leaves.popLast() {
            if leaf < rows {
              last[leaf] = group
            } else {
              leaves.append(sides[leaf - rows].0)
              leaves.append(sides[leaf - rows].1)
            }
          }
        }
      }
    }
  }

  private mutating func add(_ group: Int, _ lambda: Double, _ size: Int) {
    groups[group].stability += (lambda - groups[group].birth) * Double(size)
  }

  /// The groups that last longest, none of which is in another; the whole is none.
  func labels() -> [Int] {
    var stabilities = groups.map(\.stability)
    var isChosen = [Bool](repeating: true, count: groups.count)
    isChosen[0] = false
    for group in groups.indices.reversed() where group > 0 {
      let inside = groups[group].children.reduce(0) { $0 + stabilities[$1] }
      if inside > stabilities[group] {
        isChosen[group] = false
        stabilities[group] = inside
      } else {
        var below = groups[group].children
        while let child = below.popLast() {
          isChosen[child] = false
          below += groups[child].children
        }
      }
    }
    var names: [Int: Int] = [:]
    for group in groups.indices where isChosen[group] { names[group] = names.count }
    return last.map { group in
      var group = group
      while group > 0, !isChosen[group] { group = groups[group].parent }
      return names[group] ?? -1
    }
  }
}
