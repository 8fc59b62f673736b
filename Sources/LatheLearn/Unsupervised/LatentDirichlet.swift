import LatheCPU
import LatheCore

/// Texts as mixtures of topics, each of which prefers some terms: scikit-learn's `LatentDirichletAllocation` by variational
/// Bayes of all texts at a time (Hoffman, Blei and Bach, 2010).
public struct LatentDirichlet: Sendable, Hashable, Codable {
  /// For each topic what its terms count.
  public let components: [[Double]]
  /// What is added to topics of texts, and to terms of topics.
  public let prior: Double

  private static let mostSteps = 100

  /// Finds topics of counts.
  ///
  /// - Parameters:
  ///   - x: How often each term is in each text.
  ///   - topics: How many topics there are.
  ///   - maxIterations: Rounds through all texts.
  ///   - seed: What the start depends on.
  /// - Throws: `LatheError.invalidArgument` for values that are negative or not finite, and no topics.
  public init(fit x: SparseRows, topics: Int = 10, maxIterations: Int = 10, seed: UInt64 = 0) throws {
    try LinearChecks.expect(
      topics >= 1 && x.rows > 0 && x.columns > 0 && x.values.allSatisfy { $0 >= 0 && $0.isFinite },
      "topics: \(topics) of \(x.rows) texts and \(x.columns) terms; one is the least, and counts must not be negative"
    )
    prior = 1 / Double(topics)
    var random = RandomSource(seed: seed)
    var components = (0..<topics).map { _ in (0..<x.columns).map { _ in Self.drawn(&random) } }
    let columns = x.transposed()
    for _ in 0..<maxIterations {
      let terms = components.map { Self.expected($0).map { exponential($0) } }
      let mixtures = Self.mixtures(x, terms, prior)
      let weights = mixtures.map { Self.expected($0).map { exponential($0) } }
      // Each term's sums, terms side by side.
      var sums = [Double](repeating: 0, count: topics * x.columns)
      sums.withUnsafeMutableBufferPointer { sums in
        nonisolated(unsafe) let sums = sums
        ThreadPool.shared.parallelFor(x.columns, grain: 64) { range in
          for column in range {
            for i in columns.starts[column]..<columns.starts[column + 1] {
              let text = Int(columns.places[i])
              var norm = 2.2e-16
              for k in 0..<topics { norm += weights[text][k] * terms[k][column] }
              for k in 0..<topics {
                sums[k * x.columns + column] += weights[text][k] * columns.values[i] / norm
              }
            }
          }
        }
      }
      for k in 0..<topics {
        for j in 0..<x.columns { components[k][j] = prior + sums[k * x.columns + j] * terms[k][j] }
      }
    }
    self.components = components
  }

  /// A number of the gamma distribution of shape 100 and scale 0.01 (Marsaglia and Tsang, 2000).
  private static func drawn(_ random: inout RandomSource) -> Double {
    let d = 100 - 1.0 / 3
    while true {
      let x = random.normal()
      let root = 1 + x / (9 * d).squareRoot()
      guard root > 0 else { continue }
      let v = root * root * root
      if logarithm(1 - random.uniform()) < 0.5 * x * x + d - d * v + d * logarithm(v) { return 0.01 * d * v }
    }
  }

  /// The expected logarithms of a Dirichlet distribution.
  private static func expected(_ counts: [Double]) -> [Double] {
    let sum = digamma(counts.reduce(0, +))
    return counts.map { digamma($0) - sum }
  }

  /// What each topic counts in each text.
  private static func mixtures(_ x: SparseRows, _ terms: [[Double]], _ prior: Double) -> [[Double]] {
    let topics = terms.count
    var found = [[Double]](repeating: [], count: x.rows)
    found.withUnsafeMutableBufferPointer { found in
      nonisolated(unsafe) let found = found
      ThreadPool.shared.parallelFor(x.rows, grain: 8) { range in
        for row in range {
          var own = [Double](repeating: 1, count: topics)
          for _ in 0..<mostSteps {
            let weights = expected(own).map { exponential($0) }
            var next = [Double](repeating: 0, count: topics)
            for i in x.starts[row]..<x.starts[row + 1] {
              let column = Int(x.places[i])
              var norm = 2.2e-16
              for k in 0..<topics { norm += weights[k] * terms[k][column] }
              for k in 0..<topics { next[k] += x.values[i] / norm * terms[k][column] }
            }
            var change = 0.0
            for k in 0..<topics {
              next[k] = next[k] * weights[k] + prior
              change += abs(next[k] - own[k])
            }
            own = next
            if change / Double(topics) < 1e-3 { break }
          }
          found[row] = own
        }
      }
    }
    return found
  }

  private func counts(_ x: SparseRows) -> [[Double]] {
    require(
      x.columns == components[0].count, "the model knows \(components[0].count) terms, not \(x.columns)")
    return Self.mixtures(x, components.map { Self.expected($0).map { exponential($0) } }, prior)
  }

  /// The part of each topic in each text.
  public func transform(_ x: SparseRows) -> FeatureMatrix {
    let parts = counts(x).flatMap { list -> [Double] in
      let sum = list.reduce(0, +)
      return list.map { $0 / sum }
    }
    return FeatureMatrix(
      parts, rows: x.rows, columns: components.count, names: components.indices.map { "topic\($0)" })
  }

  /// How unexpected a word is on average, by the bound on the likelihood; less is better.
  public func perplexity(_ x: SparseRows) -> Double {
    let mixtures = counts(x)
    let topics = components.map { Self.expected($0) }
    var bound = 0.0
    for (row, counts) in mixtures.enumerated() {
      let own = Self.expected(counts)
      for i in x.starts[row]..<x.starts[row + 1] {
        let scores = topics.indices.map { own[$0] + topics[$0][Int(x.places[i])] }
        let most = scores.max() ?? 0
        bound += x.values[i] * (logarithm(scores.reduce(0) { $0 + exponential($1 - most) }) + most)
      }
      bound += Self.divergence(counts, own, prior)
    }
    for (counts, own) in zip(components, topics) { bound += Self.divergence(counts, own, prior) }
    return exponential(-bound / x.values.reduce(0, +))
  }

  /// What a Dirichlet distribution says of its prior.
  private static func divergence(_ counts: [Double], _ logs: [Double], _ prior: Double) -> Double {
    var sum = 0.0
    for (count, log) in zip(counts, logs) {
      sum += (prior - count) * log + logGamma(count) - logGamma(prior)
    }
    return sum + logGamma(prior * Double(counts.count)) - logGamma(counts.reduce(0, +))
  }
}
