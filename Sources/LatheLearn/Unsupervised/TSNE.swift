import LatheCPU
import LatheCore

/// Rows as points of a picture in which near rows are near: t-SNE (van der Maaten and Hinton, 2008), with scikit-learn's defaults.
///
/// Far points push together (Barnes and Hut's tree) unless `theta` is 0, where all pairs are looked at.
public enum TSNE {
  /// How points are found, in scikit-learn's words and with its defaults.
  public struct Configuration: Sendable, Hashable, Codable {
    /// About how many neighbours a row has.
    public var perplexity = 30.0
    /// How many columns the picture has.
    public var components = 2
    /// How much nearness counts at first.
    public var earlyExaggeration = 12.0
    /// The length of steps; nil for a quarter of the rows by the exaggeration, 50 at least.
    public var learningRate: Double?
    /// Steps, of which the first 250 are exaggerated.
    public var maxIterations = 1000
    /// How long a cell of points may be beside its distance to count as one; 0 for all pairs.
    public var theta = 0.5

    /// The defaults.
    public init() {}
  }

  private static let mostRowsOfPairs = 10_000

  /// The points of rows; they begin with the principal components.
  ///
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values, a perplexity that is not below the number of rows,
  ///   more than three columns by a tree, and more than 10,000 rows by all pairs.
  public static func points(_ x: FeatureMatrix, _ configuration: Configuration = .init()) throws
    -> FeatureMatrix
  {
    try fitted(x, configuration).points
  }

  /// The points of rows, and how far they are from the rows' neighbourhoods (Kullback and Leibler's divergence).
  package static func fitted(_ x: FeatureMatrix, _ configuration: Configuration) throws -> (
    points: FeatureMatrix, divergence: Double
  ) {
    let rows = try DenseRows(x, what: "t-SNE")
    let (n, width) = (rows.rows, configuration.components)
    try LinearChecks.expect(
      configuration.perplexity < Double(n) && configuration.perplexity > 0 && width >= 1
        && width <= min(n, rows.columns) && configuration.theta >= 0,
      "t-SNE: \(n) rows of \(rows.columns) columns, perplexity \(configuration.perplexity), \(width) columns, theta "
        + "\(configuration.theta); rows must be more than the perplexity, and columns no more than there were"
    )
    try LinearChecks.expect(
      configuration.theta > 0 ? width <= 3 : n <= mostRowsOfPairs,
      "t-SNE: \(n) rows to \(width) columns, theta \(configuration.theta); by a tree columns are 3 at most, by all pairs "
        + "(theta 0) rows \(mostRowsOfPairs)")
    let forces: any PictureForces =
      configuration.theta > 0
      ? TreeForces(rows, configuration.perplexity, width: width, theta: configuration.theta)
      : PairForces(rows, configuration.perplexity, width: width)
    var y = DenseRows.rowMajor(try PCA(fit: x, components: width).transform(x))
    let square = (0..<n).reduce(0.0) { $0 + y[$1 * width] * y[$1 * width] } / Double(n)
    let scale = square > 0 ? 1e-4 / square.squareRoot() : 1
    for i in y.indices { y[i] *= scale }
    let rate = configuration.learningRate ?? max(Double(n) / configuration.earlyExaggeration / 4, 50)
    var speed = [Double](repeating: 0, count: y.count)
    var gains = [Double](repeating: 1, count: y.count)
    for step in 0..<configuration.maxIterations {
      let isEarly = step < 250
      let slopes = forces.gradient(y, isEarly ? configuration.earlyExaggeration : 1)
      for i in y.indices {
        gains[i] = max(0.01, speed[i] * slopes[i] < 0 ? gains[i] + 0.2 : gains[i] * 0.8)
        speed[i] = (isEarly ? 0.5 : 0.8) * speed[i] - rate * gains[i] * slopes[i]
        y[i] += speed[i]
      }
    }
    let divergence = forces.divergence(y)
    return (FeatureMatrix(y, rows: n, columns: width, names: (0..<width).map { "tsne\($0)" }), divergence)
  }

  /// How near some rows are to one, by a normal distribution as wide as the perplexity asks for; all together 1.
  ///
  /// - Parameter distances: Their squared distances.
  static func shares(_ distances: [Double], _ perplexity: Double) -> [Double] {
    let wanted = logarithm(perplexity)
    var (low, high, beta) = (0.0, Double.infinity, 1.0)
    var list = distances
    for _ in 0..<100 {
      var (sum, moment) = (0.0, 0.0)
      for j in distances.indices {
        list[j] = exponential(-beta * distances[j])
        sum += list[j]
        moment += list[j] * distances[j]
      }
      let total = max(sum, 1e-8)
      for j in list.indices { list[j] /= total }
      let difference = logarithm(total) + beta * moment / total - wanted
      if abs(difference) <= 1e-5 { break }
      if difference > 0 {
        low = beta
        beta = high == .infinity ? 2 * beta : (beta + high) / 2
      } else {
        high = beta
        beta = (beta + low) / 2
      }
    }
    return list
  }
}

/// What moves points of a picture.
protocol PictureForces {
  /// The derivative of the divergence by each number, similarities taken so many times.
  func gradient(_ y: [Double], _ factor: Double) -> [Double]
  /// The divergence.
  func divergence(_ y: [Double]) -> Double
}

/// The forces of all pairs.
private struct PairForces: PictureForces {
  let p: [Double]
  let width: Int

  init(_ x: DenseRows, _ perplexity: Double, width: Int) {
    self.width = width
    let n = x.rows
    let lists = RowDistances.map(x) { row, distances -> [Double] in
      var list = TSNE.shares((0..<n).filter { $0 != row }.map { distances[$0] }, perplexity)
      list.insert(0, at: row)
      return list
    }
    var p = [Double](repeating: 0, count: n * n)
    for i in 0..<n {
      for j in 0..<n where i != j { p[i * n + j] = max((lists[i][j] + lists[j][i]) / Double(2 * n), 1e-300) }
    }
    self.p = p
  }

  /// 1 / (1 + distance^2) of pairs, and the sum over all of them.
  private func nearness(_ y: [Double]) -> (near: [Double], total: Double) {
    let n = y.count / width
    var near = [Double](repeating: 0, count: n * n)
    var sums = [Double](repeating: 0, count: n)
    near.withUnsafeMutableBufferPointer { near in
      sums.withUnsafeMutableBufferPointer { sums in
        nonisolated(unsafe) let (near, sums) = (near, sums)
        ThreadPool.shared.parallelFor(n, grain: 16) { range in
          for i in range {
            for j in 0..<n where j != i {
              var square = 0.0
              for k in 0..<width {
                let distance = y[i * width + k] - y[j * width + k]
                square += distance * distance
              }
              near[i * n + j] = 1 / (1 + square)
              sums[i] += near[i * n + j]
            }
          }
        }
      }
    }
    return (near, sums.reduce(0, +))
  }

  func gradient(_ y: [Double], _ factor: Double) -> [Double] {
    let n = y.count / width
    let (near, total) = nearness(y)
    var slopes = [Double](repeating: 0, count: y.count)
    slopes.withUnsafeMutableBufferPointer { slopes in
      nonisolated(unsafe) let slopes = slopes
      ThreadPool.shared.parallelFor(n, grain: 16) { range in
        for i in range {
          for j in 0..<n where j != i {
            let own = near[i * n + j]
            let pull = 4 * (factor * p[i * n + j] - own / total) * own
            for k in 0..<width { slopes[i * width + k] += pull * (y[i * width + k] - y[j * width + k]) }
          }
        }
      }
    }
    return slopes
  }

  func divergence(_ y: [Double]) -> Double {
    let n = y.count / width
    let (near, total) = nearness(y)
    var sum = 0.0
    for i in 0..<n * n where i / n != i % n && p[i] > 1e-290 {
      sum += p[i] * logarithm(p[i] / (near[i] / total))
    }
    return sum
  }
}
