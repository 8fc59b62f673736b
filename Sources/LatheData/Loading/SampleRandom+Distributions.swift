import Foundation

extension SampleRandom {
  /// A number of the normal distribution (Box and Muller, 1958).
  mutating func normal() -> Double {
    let radius = (-2 * log(1 - uniform())).squareRoot()
    return radius * cos(2 * .pi * uniform())
  }

  /// A number of the gamma distribution of scale one (Marsaglia and Tsang, 2000).
  mutating func gamma(_ shape: Double) -> Double {
    if shape < 1 {
      let power = pow(1 - uniform(), 1 / shape)
      return gamma(shape + 1) * power
    }
    let d = shape - 1.0 / 3
    let c = 1 / (9 * d).squareRoot()
    while true {
      let x = normal()
      let v = pow(1 + c * x, 3)
      if v > 0, log(1 - uniform()) < 0.5 * x * x + d - d * v + d * log(v) { return d * v }
    }
  }

  /// A number of the distribution Beta(alpha, alpha).
  mutating func beta(_ alpha: Double) -> Double {
    let (a, b) = (gamma(alpha), gamma(alpha))
    // Both can be too small for a number where alpha is small; then one image stands alone.
    return a + b > 0 ? a / (a + b) : 1
  }
}
