import LatheLearn

/// A Gaussian process with a Matern kernel 5/2 of variance 1, a length for each coordinate and noise.
///
/// Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, algorithm 2.1.
struct GaussianProcess {
  private let places: [[Double]]
  private let lengths: [Double]
  private let noise: Double
  private let lower: SquareMatrix
  private let alpha: [Double]

  private init?(_ places: [[Double]], _ values: [Double], lengths: [Double], noise: Double) {
    self.places = places
    self.lengths = lengths
    self.noise = noise
    var matrix = SquareMatrix(places.count)
    for i in places.indices {
      for j in 0...i { matrix[i, j] = Self.kernel(places[i], places[j], lengths) }
      matrix[i, i] += noise
    }
    guard let lower = matrix.cholesky() else { return nil }
    self.lower = lower
    alpha = lower.solvedUpper(lower.solvedLower(values))
  }

  private static func kernel(_ a: [Double], _ b: [Double], _ lengths: [Double]) -> Double {
    var square = 0.0
    for i in lengths.indices {
      let distance = (a[i] - b[i]) / lengths[i]
      square += distance * distance
    }
    let r = (5 * square).squareRoot()
    return (1 + r + r * r / 3) * exponential(-r)
  }

  /// The logarithm of the likelihood of the values, and of a prior that keeps lengths near 0.5 and noise small.
  private func score(_ values: [Double]) -> Double {
    var result = 0.0
    for i in values.indices { result -= 0.5 * values[i] * alpha[i] + logarithm(lower[i, i]) }
    for length in lengths {
      let off = logarithm(length / 0.5)
      result -= 0.5 * off * off
    }
    let off = logarithm(noise / 1e-3) / 2
    return result - 0.5 * off * off
  }

  /// The process whose lengths and noise make the values likely: each is changed in turn while that helps.
  static func fitted(_ places: [[Double]], _ values: [Double]) -> GaussianProcess? {
    guard let count = places.first?.count else { return nil }
    var lengths = [Double](repeating: 0.5, count: count)
    var noise = 1e-3
    guard var best = GaussianProcess(places, values, lengths: lengths, noise: noise) else { return nil }
    var most = best.score(values)
    for factor in [3.0, 1.6, 1.2] {
      for i in 0...count {
        for scale in [factor, 1 / factor] {
          var (trial, level) = (lengths, noise)
          if i < count {
            trial[i] = min(max(trial[i] * scale, 0.01), 20)
          } else {
            level = min(max(level * scale * scale, 1e-8), 1)
          }
          guard let next = GaussianProcess(places, values, lengths: trial, noise: level) else { continue }
          let score = next.score(values)
          if score > most { (best, most, lengths, noise) = (next, score, trial, level) }
        }
      }
    }
    return best
  }

  /// The process of other observations with the same lengths and noise.
  func with(_ places: [[Double]], _ values: [Double]) -> GaussianProcess? {
    GaussianProcess(places, values, lengths: lengths, noise: noise)
  }

  /// What is expected at a place, and how sure that is.
  func prediction(_ place: [Double]) -> (mean: Double, deviation: Double) {
    let near = places.map { Self.kernel($0, place, lengths) }
    let mean = zip(near, alpha).reduce(0) { $0 + $1.0 * $1.1 }
    let solved = lower.solvedLower(near)
    let variance = 1 - solved.reduce(0) { $0 + $1 * $1 }
    return (mean, max(variance, 1e-12).squareRoot())
  }

  /// By how much a place is expected to be below a value.
  func expectedImprovement(_ place: [Double], _ least: Double) -> Double {
    let (mean, deviation) = prediction(place)
    let z = (least - mean) / deviation
    return deviation * (z * NormalDistribution.below(z) + NormalDistribution.density(z))
  }
}
