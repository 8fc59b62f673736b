import Glibc

extension NDArray {
  package static func + (a: NDArray, b: NDArray) -> NDArray { zip(a, b, +) }
  package static func - (a: NDArray, b: NDArray) -> NDArray { zip(a, b, -) }
  package static func * (a: NDArray, b: NDArray) -> NDArray { zip(a, b, *) }
  package static func / (a: NDArray, b: NDArray) -> NDArray { zip(a, b, /) }
  package static prefix func - (a: NDArray) -> NDArray { a.map { -$0 } }
}

/// Scalar definitions of the functions that the C library lacks.
package enum Scalar {
  /// The remainder with the divisor's sign.
  package static func remainder(_ a: Double, _ b: Double) -> Double {
    let r = fmod(a, b)
    return r != 0 && (r < 0) != (b < 0) ? r + b : r
  }
  /// The smaller one; NaN where either is NaN.
  package static func minimum(_ a: Double, _ b: Double) -> Double {
    a.isNaN || b.isNaN ? .nan : (a < b ? a : b)
  }
  /// The larger one; NaN where either is NaN.
  package static func maximum(_ a: Double, _ b: Double) -> Double {
    a.isNaN || b.isNaN ? .nan : (a > b ? a : b)
  }
  /// -1, 0 or 1; NaN stays NaN.
  package static func sign(_ x: Double) -> Double { x > 0 ? 1 : (x < 0 ? -1 : x) }
  package static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
  package static func relu(_ x: Double) -> Double { x > 0 ? x : (x.isNaN ? x : 0) }
  package static func leakyReLU(_ x: Double, _ slope: Double) -> Double { x >= 0 ? x : x * slope }
  package static func elu(_ x: Double, _ alpha: Double) -> Double { x > 0 ? x : alpha * (exp(x) - 1) }
  package static func gelu(_ x: Double) -> Double { 0.5 * x * (1 + erf(x / 2.0.squareRoot())) }
  package static func geluTanh(_ x: Double) -> Double {
    0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
  }
  package static func silu(_ x: Double) -> Double { x * sigmoid(x) }
  package static func softplus(_ x: Double) -> Double { x > 30 ? x : log1p(exp(x)) }
  /// The nearest whole number, halves to the even one.
  package static func round(_ x: Double) -> Double { x.rounded(.toNearestOrEven) }
  package static func clamp(_ x: Double, _ low: Double, _ high: Double) -> Double {
    x.isNaN ? x : (x < low ? low : (x > high ? high : x))
  }
  /// 1 or 0.
  package static func truth(_ condition: Bool) -> Double { condition ? 1 : 0 }
}
