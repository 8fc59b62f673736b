import LatheCore
import LatheTables

/// Powers of values that make columns as normal as they can be: scikit-learn's `PowerTransformer`.
///
/// The exponent is the one under which the column is most likely normal. Missing values stay missing.
public struct PowerTransformer: Sendable, Hashable, Codable {
  /// Which family of powers.
  public enum Method: String, Sendable, Hashable, Codable {
    /// Of any numbers (Yeo and Johnson, 2000).
    case yeoJohnson
    /// Of positive numbers (Box and Cox, 1964).
    case boxCox
  }

  /// Which family of powers.
  public let method: Method
  /// Each column's exponent.
  public let lambdas: [Double]
  /// The means after the powers; 0 where they stay.
  public let means: [Double]
  /// The deviations after the powers; 1 where they stay.
  public let deviations: [Double]

  /// Learns from rows.
  ///
  /// - Parameters:
  ///   - x: The rows to learn from, and no others.
  ///   - method: The family of powers.
  ///   - standardizes: Whether means then become 0 and deviations 1.
  /// - Throws: `LatheError` for infinite values, a column that has none, and for `boxCox` numbers that are not positive.
  public init(fit x: FeatureMatrix, _ method: Method = .yeoJohnson, standardizes: Bool = true) throws {
    self.method = method
    var lambdas: [Double] = []
    for column in 0..<x.columns {
      let values = try PresentValues.of(x, column, "power scaling")
      if method == .boxCox, let bad = values.first(where: { $0 <= 0 }) {
        throw LatheError(
          .invalidArgument,
          "power scaling: column '\(x.names[column])' has \(bad); Box-Cox takes positive numbers, use yeoJohnson"
        )
      }
      let isConstant = values.allSatisfy { $0 == values[0] }
      if isConstant, method == .boxCox {
        throw LatheError(
          .invalidArgument,
          "power scaling: column '\(x.names[column])' is constant; leave it out, or use yeoJohnson")
      }
      lambdas.append(
        isConstant
          ? 1 : ScalarMinimum.find(from: -2, to: 2) { -Self.logLikelihood(values, $0, method) })
    }
    self.lambdas = lambdas
    let none = PowerTransformer(
      method: method, lambdas: lambdas, means: lambdas.map { _ in 0 }, deviations: lambdas.map { _ in 1 })
    let scaler = standardizes ? try StandardScaler(fit: none.transform(x)) : nil
    means = scaler?.centers ?? none.means
    deviations = scaler?.scales ?? none.deviations
  }

  private init(method: Method, lambdas: [Double], means: [Double], deviations: [Double]) {
    (self.method, self.lambdas, self.means, self.deviations) = (method, lambdas, means, deviations)
  }

  /// The logarithm of the likelihood of an exponent, less what does not depend on it.
  private static func logLikelihood(_ values: [Double], _ lambda: Double, _ method: Method) -> Double {
    let powers = values.map { power($0, lambda, method) }
    guard powers.allSatisfy(\.isFinite) else { return -.infinity }
    let variance = Sums.variance(powers, freedom: 0)
    guard variance > 0 else { return -.infinity }
    let logs =
      method == .boxCox
      ? values.map { logarithm($0) } : values.map { ($0 < 0 ? -1 : 1) * logOnePlus(abs($0)) }
    return (lambda - 1) * Sums.sum(logs) - 0.5 * Double(values.count) * logarithm(variance)
  }

  private static func power(_ x: Double, _ lambda: Double, _ method: Method) -> Double {
    func raised(_ logarithm: Double, _ exponent: Double) -> Double {
      abs(exponent) < 0x1p-52 ? logarithm : exponentialLessOne(exponent * logarithm) / exponent
    }
    if method == .boxCox { return raised(logarithm(x), lambda) }
    return x >= 0 ? raised(logOnePlus(x), lambda) : -raised(logOnePlus(-x), 2 - lambda)
  }

  /// Rows with their values changed; of `boxCox` what is not positive becomes missing.
  public func transform(_ x: FeatureMatrix) -> FeatureMatrix {
    x.mapped(columns: lambdas.count, "power scaling") { value, column in
      (Self.power(value, lambdas[column], method) - means[column]) / deviations[column]
    }
  }

  /// Rows as they were.
  public func inverseTransform(_ x: FeatureMatrix) -> FeatureMatrix {
    func root(_ y: Double, _ exponent: Double) -> Double {
      abs(exponent) < 0x1p-52 ? y : logOnePlus(y * exponent) / exponent
    }
    return x.mapped(columns: lambdas.count, "power scaling") { value, column in
      let y = value * deviations[column] + means[column]
      let lambda = lambdas[column]
      if method == .boxCox { return exponential(root(y, lambda)) }
      return y >= 0 ? exponentialLessOne(root(y, lambda)) : -exponentialLessOne(root(-y, 2 - lambda))
    }
  }
}

/// The minimum of a function of one number that falls and then rises, by parabolas and golden sections (Brent, 1973).
enum ScalarMinimum {
  static func find(from low: Double, to high: Double, _ f: (Double) -> Double) -> Double {
    var (a, b) = (low, high)
    var middle = 0.5 * (a + b)
    // Wider until the least value is inside.
    for _ in 0..<60 {
      let (left, center, right) = (f(a), f(middle), f(b))
      if left < center, left <= right {
        (middle, a) = (a, a - 2 * (b - a))
      } else if right < center {
        (middle, b) = (b, b + 2 * (b - a))
      } else {
        break
      }
    }
    return brent(a, b, f)
  }

  private static func brent(_ start: Double, _ end: Double, _ f: (Double) -> Double) -> Double {
    let golden = 0.3819660112501051
    var (a, b) = (start, end)
    var x = a + golden * (b - a)
    var (w, v) = (x, x)
    var fx = f(x)
    var (fw, fv) = (fx, fx)
    var (step, before) = (0.0, 0.0)
    for _ in 0..<200 {
      let middle = 0.5 * (a + b)
      let tolerance = 1e-10 * abs(x) + 1e-12
      if abs(x - middle) <= 2 * tolerance - 0.5 * (b - a) { break }
      var isParabola = false
      if abs(before) > tolerance {
        let r = (x - w) * (fx - fv)
        var q = (x - v) * (fx - fw)
        var p = (x - v) * q - (x - w) * r
        q = 2 * (q - r)
        if q > 0 { p = -p } else { q = -q }
        if abs(p) < abs(0.5 * q * before), p > q * (a - x), p < q * (b - x) {
          (before, step) = (step, p / q)
          let u = x + step
          if u - a < 2 * tolerance || b - u < 2 * tolerance { step = x < middle ? tolerance : -tolerance }
          isParabola = true
        }
      }
      if !isParabola {
        before = x < middle ? b - x : a - x
        step = golden * before
      }
      let u = abs(step) >= tolerance ? x + step : x + (step > 0 ? tolerance : -tolerance)
      let fu = f(u)
      if fu <= fx {
        if u < x { b = x } else { a = x }
        (v, fv, w, fw, x, fx) = (w, fw, x, fx, u, fu)
      } else {
        if u < x { a = u } else { b = u }
        if fu <= fw || w == x {
          (v, fv, w, fw) = (w, fw, u, fu)
        } else if fu <= fv || v == x || v == w {
          (v, fv) = (u, fu)
        }
      }
    }
    return x
  }
}
