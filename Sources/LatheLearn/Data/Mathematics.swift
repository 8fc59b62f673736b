#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

// Functions of the C library by the names that formulas use.

package func exponential(_ x: Double) -> Double { exp(x) }
package func logarithm(_ x: Double) -> Double { log(x) }
package func complementaryError(_ x: Double) -> Double { erfc(x) }
package func power(_ x: Double, _ y: Double) -> Double { pow(x, y) }

/// 1 / (1 + e^-x).
package func logistic(_ x: Double) -> Double {
  if x >= 0 { return 1 / (1 + exp(-x)) }
  let e = exp(x)
  return e / (1 + e)
}

/// Replaces scores by probabilities that add up to one.
package func softmax(_ x: inout [Double]) {
  let most = x.max() ?? 0
  var sum = 0.0
  for i in x.indices {
    x[i] = exp(x[i] - most)
    sum += x[i]
  }
  for i in x.indices { x[i] /= sum }
}
