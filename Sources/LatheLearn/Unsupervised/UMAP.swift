import LatheCPU
import LatheCore

/// Rows as points of a picture in which near rows are near and groups keep their distance: UMAP (McInnes, Healy and Melville, 2018).
///
/// The fuzzy graph of neighbours is umap-learn's; points begin with the principal components and move by drawn edges and drawn
/// rows that push.
public enum UMAP {
  /// How points are found, in umap-learn's words and with its defaults.
  public struct Configuration: Sendable, Hashable, Codable {
    /// How many neighbours a row has, itself among them.
    public var neighbors = 15
    /// How many columns the picture has.
    public var components = 2
    /// How near points may come.
    public var minDistance = 0.1
    /// How wide the picture is.
    public var spread = 1.0
    /// Rounds; nil for 500 of up to 10,000 rows, else 200.
    public var epochs: Int?
    /// The length of the first steps.
    public var learningRate = 1.0
    /// Rows that push for each that pulls.
    public var negativeSamples = 5
    /// What random choices depend on.
    public var seed: UInt64 = 0

    /// The defaults.
    public init() {}
  }

  /// The points of rows.
  ///
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values, and settings that do not fit the rows.
  public static func points(_ x: FeatureMatrix, _ configuration: Configuration = .init()) throws
    -> FeatureMatrix
  {
    let rows = try DenseRows(x, what: "UMAP")
    let (n, width) = (rows.rows, configuration.components)
    try LinearChecks.expect(
      configuration.neighbors >= 2 && configuration.neighbors <= n && width >= 1
        && width <= min(n, rows.columns) && configuration.minDistance >= 0 && configuration.spread > 0
        && configuration.minDistance <= configuration.spread && configuration.epochs ?? 1 >= 1
        && configuration.negativeSamples >= 0 && configuration.learningRate > 0,
      "UMAP: \(configuration.neighbors) neighbours of \(n) rows, \(width) columns of \(rows.columns), distance "
        + "\(configuration.minDistance) and spread \(configuration.spread); neighbours must be 2 to the number of rows, columns no "
        + "more than there were, and the distance no more than the spread")
    let graph = FuzzyGraph(rows, neighbors: configuration.neighbors)
    var random = RandomSource(seed: configuration.seed)
    var y = try start(x, width, &random)
    let (a, b) = curve(minDistance: configuration.minDistance, spread: configuration.spread)
    let epochs = configuration.epochs ?? (n <= 10_000 ? 500 : 200)
    let most = graph.edges.reduce(0) { max($0, $1.weight) }
    // Edges that would not be drawn once are left out.
    let edges = graph.edges.filter { $0.weight >= most / Double(epochs) }
    let periods = edges.map { most / $0.weight }
    var next = periods
    let pushes = Double(max(configuration.negativeSamples, 1))
    var nextPush = periods.map { $0 / pushes }
    y.withUnsafeMutableBufferPointer { y in
      for epoch in 0..<epochs {
        let step = configuration.learningRate * (1 - Double(epoch) / Double(epochs))
        let time = Double(epoch)
        for (number, edge) in edges.enumerated() where next[number] <= time {
          let (from, to) = (Int(edge.from) * width, Int(edge.to) * width)
          var square = 0.0
          for k in 0..<width { square += (y[from + k] - y[to + k]) * (y[from + k] - y[to + k]) }
          if square > 0 {
            let power = exponential(b * logarithm(square))
            let pull = -2 * a * b * power / square / (a * power + 1)
            for k in 0..<width {
              let move = step * clipped(pull * (y[from + k] - y[to + k]))
              y[from + k] += move
              y[to + k] -= move
            }
          }
          next[number] += periods[number]
          if configuration.negativeSamples == 0 { continue }
          let count = Int((time - nextPush[number]) / (periods[number] / pushes))
          for _ in 0..<max(count, 0) {
            let other = random.below(n) * width
            if other == from { continue }
            var square = 0.0
            for k in 0..<width { square += (y[from + k] - y[other + k]) * (y[from + k] - y[other + k]) }
            let power = square > 0 ? exponential(b * logarithm(square)) : 0
            let push = square > 0 ? 2 * b / ((0.001 + square) * (a * power + 1)) : 0
            for k in 0..<width where push > 0 {
              y[from + k] += step * clipped(push * (y[from + k] - y[other + k]))
            }
          }
          nextPush[number] += Double(max(count, 0)) * periods[number] / pushes
        }
      }
    }
    return FeatureMatrix(y, rows: n, columns: width, names: (0..<width).map { "umap\($0)" })
  }

  private static func clipped(_ value: Double) -> Double { min(4, max(-4, value)) }

  /// Principal components from 0 to 10, a little shaken so that equal rows part.
  private static func start(_ x: FeatureMatrix, _ width: Int, _ random: inout RandomSource) throws -> [Double]
  {
    var y = DenseRows.rowMajor(try PCA(fit: x, components: width).transform(x))
    let most = y.reduce(0) { max($0, abs($1)) }
    for i in y.indices { y[i] = y[i] * 10 / max(most, 1e-300) + 1e-4 * random.normal() }
    for k in 0..<width {
      let column = stride(from: k, to: y.count, by: width)
      let (low, high) = column.reduce((Double.infinity, -Double.infinity)) {
        (min($0.0, y[$1]), max($0.1, y[$1]))
      }
      for i in column { y[i] = high > low ? 10 * (y[i] - low) / (high - low) : 5 }
    }
    return y
  }

  /// The a and b of 1 / (1 + a d^2b) that is nearest to 1 up to `minDistance` and falls by `spread` from there on.
  package static func curve(minDistance: Double, spread: Double) -> (a: Double, b: Double) {
    let places = (1..<300).map { 3 * spread * Double($0) / 299 }
    let wanted = places.map { $0 < minDistance ? 1 : exponential(-($0 - minDistance) / spread) }
    func loss(_ a: Double, _ b: Double) -> Double {
      zip(places, wanted).reduce(0) { sum, pair in
        let found = 1 / (1 + a * exponential(2 * b * logarithm(pair.0)))
        return sum + (found - pair.1) * (found - pair.1)
      }
    }
    // Gauss's steps, damped (Levenberg and Marquardt).
    var (a, b, damping) = (1.0, 1.0, 1e-3)
    var best = loss(a, b)
    for _ in 0..<200 {
      var (aa, ab, bb, ga, gb) = (0.0, 0.0, 0.0, 0.0, 0.0)
      for (place, target) in zip(places, wanted) {
        let power = exponential(2 * b * logarithm(place))
        let found = 1 / (1 + a * power)
        let slopeA = -found * found * power
        let slopeB = slopeA * a * 2 * logarithm(place)
        aa += slopeA * slopeA
        ab += slopeA * slopeB
        bb += slopeB * slopeB
        ga += slopeA * (found - target)
        gb += slopeB * (found - target)
      }
      let (p, q) = (aa * (1 + damping), bb * (1 + damping))
      let determinant = p * q - ab * ab
      if determinant <= 0 { break }
      let (nextA, nextB) = (a - (q * ga - ab * gb) / determinant, b - (p * gb - ab * ga) / determinant)
      let value = nextA > 0 && nextB > 0 ? loss(nextA, nextB) : .infinity
      if value <= best {
        let isDone = best - value < 1e-16
        (a, b, best, damping) = (nextA, nextB, value, max(damping / 10, 1e-12))
        if isDone { break }
      } else {
        damping *= 10
        if damping > 1e12 { break }
      }
    }
    return (a, b)
  }
}

/// How much rows belong to each other's neighbourhood.
package struct FuzzyGraph {
  /// From a row to another; both directions are there.
  package struct Edge {
    package var from: Int32
    package var to: Int32
    package var weight: Double
  }

  /// By rows.
  package let edges: [Edge]

  package init(_ x: FeatureMatrix, neighbors: Int) throws {
    self.init(try DenseRows(x, what: "UMAP"), neighbors: neighbors)
  }

  init(_ x: DenseRows, neighbors: Int) {
    let lists = RowDistances.map(x) { row, distances in
      let near = Trustworthiness.nearest(distances, neighbors - 1, but: row)
      return (near, near.map { distances[$0].squareRoot() })
    }
    let all = lists.reduce(0.0) { $0 + $1.1.reduce(0, +) } / Double(max(1, x.rows * neighbors))
    var both = [[Int32: Double]](repeating: [:], count: x.rows)
    var own: [[Int32: Double]] = []
    for (near, distances) in lists {
      let weights = Self.memberships(distances, neighbors: neighbors, mean: all)
      own.append(Dictionary(uniqueKeysWithValues: zip(near.map { Int32($0) }, weights)))
    }
    for (row, list) in own.enumerated() {
      for (other, weight) in list {
        // The probability that one of the two directions is there.
        let back = own[Int(other)][Int32(row)] ?? 0
        let joined = weight + back - weight * back
        both[row][other] = joined
        both[Int(other)][Int32(row)] = joined
      }
    }
    edges = both.enumerated().flatMap { row, list in
      list.sorted { $0.key < $1.key }.filter { $0.value > 0 }.map {
        Edge(from: Int32(row), to: $0.key, weight: $0.value)
      }
    }
  }

  /// Weights that fall from the nearest neighbour on, so fast that all together are log2 of the neighbours.
  private static func memberships(_ distances: [Double], neighbors: Int, mean all: Double) -> [Double] {
    let wanted = logarithm(Double(neighbors)) / logarithm(2)
    let nearest = distances.first { $0 > 0 } ?? 0
    var (low, middle, high) = (0.0, 1.0, Double.infinity)
    for _ in 0..<64 {
      let sum = distances.reduce(0.0) { $0 + ($1 > nearest ? exponential(-($1 - nearest) / middle) : 1) }
      if abs(sum - wanted) < 1e-5 { break }
      if sum > wanted {
        high = middle
        middle = (low + high) / 2
      } else {
        low = middle
        middle = high == .infinity ? 2 * middle : (low + high) / 2
      }
    }
    let own = distances.reduce(0, +) / Double(neighbors)
    let width = max(middle, 1e-3 * (nearest > 0 ? own : all))
    return distances.map { $0 <= nearest || width == 0 ? 1 : exponential(-($0 - nearest) / width) }
  }
}
