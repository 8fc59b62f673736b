import LatheCPU
import LatheCore

/// Rows as points of a picture in which near rows are near: t-SNE with all pairs (van der Maaten and Hinton, 2008), with
/// scikit-learn's defaults.
///
/// Time goes with the square of the rows.
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

    /// The defaults.
    public init() {}
  }

  private static let mostRows = 10_000

  /// The points of rows; they begin with the principal components.
  ///
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values, more than 10,000 rows, and a perplexity that is not
  ///   below the number of rows.
  public static func points(_ x: FeatureMatrix, _ configuration: Configuration = .init()) throws
    -> FeatureMatrix
  {
    let rows = try DenseRows(x, what: "t-SNE")
    let (n, width) = (rows.rows, configuration.components)
    try LinearChecks.expect(
      n <= mostRows && configuration.perplexity < Double(n) && configuration.perplexity > 0 && width >= 1
        && width <= min(n, rows.columns),
      "t-SNE: \(n) rows, perplexity \(configuration.perplexity); rows are \(mostRows) at most, and more than the perplexity"
    )
    let p = similarities(rows, configuration.perplexity)
    var y = DenseRows.rowMajor(try PCA(fit: x, components: width).transform(x))
    let square = (0..<n).reduce(0.0) { $0 + y[$1 * width] * y[$1 * width] } / Double(n)
    let scale = square > 0 ? 1e-4 / square.squareRoot() : 1
    for i in y.indices { y[i] *= scale }
    let rate = configuration.learningRate ?? max(Double(n) / configuration.earlyExaggeration / 4, 50)
    var speed = [Double](repeating: 0, count: y.count)
    var gains = [Double](repeating: 1, count: y.count)
    for step in 0..<configuration.maxIterations {
      let isEarly = step < 250
      let slopes = gradient(p, y, width, isEarly ? configuration.earlyExaggeration : 1)
      for i in y.indices {
        gains[i] = max(0.01, speed[i] * slopes[i] < 0 ? gains[i] + 0.2 : gains[i] * 0.8)
        speed[i] = (isEarly ? 0.5 : 0.8) * speed[i] - rate * gains[i] * slopes[i]
        y[i] += speed[i]
      }
    }
    return FeatureMatrix(y, rows: n, columns: width, names: (0..<width).map { "tsne\($0)" })
  }

  /// How near pairs of rows are, by normal distributions as wide as the perplexity asks for; all together 1.
  private static func similarities(_ x: DenseRows, _ perplexity: Double) -> [Double] {
    let n = x.rows
    let wanted = logarithm(perplexity)
    let lists = RowDistances.map(x) { row, distances -> [Double] in
      var (low, high, beta) = (0.0, Double.infinity, 1.0)
      var list = [Double](repeating: 0, count: n)
      for _ in 0..<100 {
        var (sum, moment) = (0.0, 0.0)
        for j in 0..<n where j != row {
          list[j] = exponential(-beta * distances[j])
          sum += list[j]
          moment += list[j] * distances[j]
        }
        let total = max(sum, 1e-8)
        for j in 0..<n { list[j] /= total }
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
    var p = [Double](repeating: 0, count: n * n)
    for i in 0..<n {
      for j in 0..<n where i != j { p[i * n + j] = max((lists[i][j] + lists[j][i]) / Double(2 * n), 1e-300) }
    }
    return p
  }

  private static func gradient(_ p: [Double], _ y: [Double], _ width: Int, _ factor: Double) -> [Double] {
    let n = y.count / width
    // 1 / (1 + distance^2) of pairs, and the sum over all of them.
    var near = [Double](repeating: 0, count: n * n)
    var sums = [Double](repeating: 0, count: n)
    var slopes = [Double](repeating: 0, count: y.count)
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
    let total = sums.reduce(0, +)
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
}
