import LatheCore

/// Groups that are joined, the nearest two first: scikit-learn's `AgglomerativeClustering`.
public struct AgglomerativeClustering: Sendable, Hashable, Codable {
  /// How far two groups are from each other.
  public enum Linkage: String, Sendable, Hashable, Codable {
    /// By how much their variance grows when they are joined.
    case ward
    /// The mean distance of their rows.
    case average
    /// The largest distance of their rows.
    case complete
    /// The least distance of their rows.
    case single
  }

  /// Two groups that were joined.
  public struct Merge: Sendable, Hashable, Codable {
    /// The groups: rows, and from the number of rows on the results of earlier merges.
    public let first: Int
    /// The other.
    public let second: Int
    /// How far they were from each other.
    public let distance: Double
  }

  /// How many rows there were.
  public let rows: Int
  /// What was joined, the nearest first; one less than rows.
  public let merges: [Merge]

  /// Joins rows until one group is left.
  ///
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values, and more rows than memory holds distances of.
  public init(_ x: FeatureMatrix, linkage: Linkage = .ward) throws {
    let what = "agglomerative clustering"
    let values = try DenseRows(x, what: what)
    rows = values.rows
    try LinearChecks.expect(
      rows <= Self.mostRows,
      "\(what): \(rows) rows; the distances of \(Self.mostRows) take 8 GB, which are the most: cluster a sample, or use KMeans"
    )
    // Of ward's linkage squared distances are joined by Lance and Williams' formula, too.
    let isSquared = linkage == .ward
    var distances = RowDistances.map(values) { _, list in
      list.map { isSquared ? $0 : $0.squareRoot() }
    }
    var sizes = [Double](repeating: 1, count: rows)
    var isThere = [Bool](repeating: true, count: rows)
    var found: [(Int, Int, Double)] = []
    // Chains of nearest neighbours end in two that are nearest to each other (Murtagh, 1983).
    var chain: [Int] = []
    while found.count < rows - 1 {
      if chain.isEmpty, let first = isThere.firstIndex(of: true) { chain = [first] }
      let own = chain[chain.count - 1]
      let before = chain.count > 1 ? chain[chain.count - 2] : -1
      var (nearest, least) = (before, before >= 0 ? distances[own][before] : .infinity)
      for other in 0..<rows where isThere[other] && other != own && distances[own][other] < least {
        (nearest, least) = (other, distances[own][other])
      }
      if nearest < 0, let other = (0..<rows).first(where: { isThere[$0] && $0 != own }) { nearest = other }
      guard nearest == before else {
        chain.append(nearest)
        continue
      }
      chain.removeLast(2)
      found.append((own, nearest, isSquared ? max(0, least).squareRoot() : least))
      let (a, b) = (sizes[own], sizes[nearest])
      for k in 0..<rows where isThere[k] && k != own && k != nearest {
        let (x, y) = (distances[own][k], distances[nearest][k])
        let joined: Double =
          switch linkage {
          case .single: min(x, y)
          case .complete: max(x, y)
          case .average: (a * x + b * y) / (a + b)
          case .ward: ((a + sizes[k]) * x + (b + sizes[k]) * y - sizes[k] * least) / (a + b + sizes[k])
          }
        distances[nearest][k] = joined
        distances[k][nearest] = joined
      }
      sizes[nearest] = a + b
      isThere[own] = false
    }
    merges = Self.ordered(found, rows)
  }

  private static let mostRows = 32_000

  /// Merges of rows that stand for their groups, by distance and with the groups' numbers.
  private static func ordered(_ found: [(Int, Int, Double)], _ rows: Int) -> [Merge] {
    var parents = Array(0..<rows)
    func root(_ row: Int) -> Int {
      var row = row
      while parents[row] != row {
        parents[row] = parents[parents[row]]
        row = parents[row]
      }
      return row
    }
    var names = Array(0..<rows)
    let order = found.indices.sorted { (found[$0].2, $0) < (found[$1].2, $1) }
    return order.enumerated().map { number, place in
      let (a, b) = (root(found[place].0), root(found[place].1))
      let merge = Merge(
        first: min(names[a], names[b]), second: max(names[a], names[b]), distance: found[place].2)
      parents[a] = b
      names[b] = rows + number
      return merge
    }
  }

  /// The group of each row, so that there are `clusters` groups; numbered in the order of their first rows.
  public func labels(clusters: Int) -> [Int] {
    require(clusters >= 1 && clusters <= rows, "\(clusters) groups of \(rows) rows; one is the least")
    return labels(after: rows - clusters)
  }

  /// The group of each row, joined up to a distance.
  public func labels(distance: Double) -> [Int] { labels(after: merges.count { $0.distance < distance }) }

  private func labels(after count: Int) -> [Int] {
    var parents = Array(0..<rows + count)
    for (number, merge) in merges.prefix(count).enumerated() {
      parents[merge.first] = rows + number
      parents[merge.second] = rows + number
    }
    for node in parents.indices.reversed() { parents[node] = parents[parents[node]] }
    var names: [Int: Int] = [:]
    return (0..<rows).map { row in
      let name = names[parents[row]] ?? names.count
      names[parents[row]] = name
      return name
    }
  }
}
