#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

// More functions of the C library, and the normal distribution.

/// log(1 + x) without loss of digits near zero.
func logOnePlus(_ x: Double) -> Double { log1p(x) }
/// e^x - 1 without loss of digits near zero.
func exponentialLessOne(_ x: Double) -> Double { expm1(x) }
func sine(_ x: Double) -> Double { sin(x) }
func cosine(_ x: Double) -> Double { cos(x) }
func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }
/// The logarithm of the gamma function of a number above 0.
func logGamma(_ x: Double) -> Double { lgamma(x) }

/// The derivative of the logarithm of the gamma function, by its asymptotic series from 10 on.
func digamma(_ x: Double) -> Double {
  var (x, sum) = (x, 0.0)
  while x < 10 {
    sum -= 1 / x
    x += 1
  }
  let s = 1 / (x * x)
  let series = s * (1 / 12.0 - s * (1 / 120.0 - s * (1 / 252.0 - s * (1 / 240.0 - s * (1 / 132.0)))))
  return sum + log(x) - 0.5 / x - series
}

/// The standard normal distribution.
enum Normal {
  /// The probability of a value up to x.
  static func cumulative(_ x: Double) -> Double { 0.5 * erfc(-x / 2.0.squareRoot()) }

  /// The value up to which a probability lies (Wichura, 1988, algorithm AS 241).
  static func quantile(_ p: Double) -> Double {
    guard p > 0, p < 1 else { return p == 0 ? -.infinity : p == 1 ? .infinity : .nan }
    let q = p - 0.5
    if abs(q) <= 0.425 {
      let r = 0.180625 - q * q
      return q * polynomial(r, centerTop) / polynomial(r, centerBottom)
    }
    let r = (-log(q < 0 ? p : 1 - p)).squareRoot()
    let value =
      r <= 5
      ? polynomial(r - 1.6, middleTop) / polynomial(r - 1.6, middleBottom)
      : polynomial(r - 5, tailTop) / polynomial(r - 5, tailBottom)
    return q < 0 ? -value : value
  }

  private static func polynomial(_ x: Double, _ coefficients: [Double]) -> Double {
    coefficients.reversed().reduce(0) { $0 * x + $1 }
  }

  private static let centerTop = [
    3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125,
    45921.953931549871457, 67265.770927008700853, 33430.575583588128105, 2509.0809287301226727,
  ]
  private static let centerBottom = [
    1, 42.313330701600911252, 687.18700749205790830, 5394.1960214247511077, 21213.794301586595867,
    39307.895800092710610, 28729.085735721942674, 5226.4952788528545610,
  ]
  private static let middleTop = [
    1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504,
    1.27045825245236838258, 0.241780725177450611770, 0.0227238449892691845833, 7.74545014278341407640e-4,
  ]
  private static let middleBottom = [
    1, 2.05319162663775882187, 1.67638483018380384940, 0.689767334985100004550, 0.148103976427480074590,
    0.0151986665636164571966, 5.47593808499534494600e-4, 1.05075007164441684324e-9,
  ]
  private static let tailTop = [
    6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 0.296560571828504891230,
    0.0265321895265761230930, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
  ]
  private static let tailBottom = [
    1, 0.599832206555887937690, 0.136929880922735805310, 0.0148753612908506148525, 7.86869131145613259100e-4,
    1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15,
  ]
}
