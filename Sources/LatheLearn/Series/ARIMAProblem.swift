import LatheCore

/// The conditional sum of squares of an ARIMA model, by numbers without bounds: partial autocorrelations through tanh, so that
/// each point is stationary and invertible (Monahan, 1984).
struct ARIMAProblem {
  struct Weights {
    var ar: [Double]
    var ma: [Double]
    var seasonalAR: [Double]
    var seasonalMA: [Double]
    var mean: Double
  }

  let order: ARIMA.Order
  /// The values after differences.
  let differences: [Double]
  /// The first value that has all values before.
  let first: Int
  private let scale: Double
  private let average: Double

  init(_ values: [Double], _ order: ARIMA.Order) throws {
    let counts = [order.p, order.d, order.q, order.seasonalP, order.seasonalD, order.seasonalQ]
    guard counts.allSatisfy({ $0 >= 0 && $0 <= 12 }), order.period >= 1,
      order.period > 1 || order.seasonalP + order.seasonalD + order.seasonalQ == 0
    else {
      throw LatheError(
        .invalidArgument,
        "ARIMA: order \(order) with a season of \(order.period); counts must be in 0...12, and seasons longer than 1"
      )
    }
    guard values.allSatisfy(\.isFinite) else {
      throw LatheError(.invalidArgument, "ARIMA: a value is missing or infinite; fill it first")
    }
    var left = values
    for _ in 0..<order.seasonalD { left = Polynomial.difference(left, order.period) }
    for _ in 0..<order.d { left = Polynomial.difference(left, 1) }
    first = order.p + order.seasonalP * order.period
    let parameters = order.p + order.q + order.seasonalP + order.seasonalQ + 2
    guard left.count >= first + parameters + 2 else {
      throw LatheError(
        .invalidArgument,
        "ARIMA\(order): \(counted(values.count, "values")) are too few; \(values.count - left.count + first + parameters + 2) "
          + "are the least")
    }
    self.order = order
    differences = left
    average = left.reduce(0, +) / Double(left.count)
    let spread = left.reduce(0) { $0 + $1 * $1 } / Double(left.count)
    scale = spread > 0 ? spread.squareRoot() : 1
  }

  /// Weights of a point.
  func weights(_ point: [Double]) -> Weights {
    var next = 0
    func take(_ count: Int) -> [Double] {
      next += count
      return Polynomial.stationary(point[next - count..<next].map { 2 * logistic(2 * $0) - 1 })
    }
    let ar = take(order.p)
    let ma = take(order.q).map { -$0 }
    let seasonalAR = take(order.seasonalP)
    let seasonalMA = take(order.seasonalQ).map { -$0 }
    return Weights(
      ar: ar, ma: ma, seasonalAR: seasonalAR, seasonalMA: seasonalMA,
      mean: order.constant ? point[next] * scale : 0)
  }

  /// The errors, 0 of values without all values before.
  func errors(_ weights: Weights) -> [Double] {
    let ar = Polynomial.product(
      Polynomial.ar(weights.ar), Polynomial.ar(weights.seasonalAR, period: order.period))
    let ma = Polynomial.product(
      Polynomial.ma(weights.ma), Polynomial.ma(weights.seasonalMA, period: order.period))
    var errors = [Double](repeating: 0, count: differences.count)
    for t in first..<differences.count {
      var error = differences[t] - weights.mean
      for i in 1..<max(ar.count, 1) where ar[i] != 0 { error += ar[i] * (differences[t - i] - weights.mean) }
      for j in 1..<max(ma.count, 1) where j <= t && ma[j] != 0 { error -= ma[j] * errors[t - j] }
      errors[t] = error
    }
    return errors
  }

  /// The mean squared error as a part of the differences' mean square.
  func loss(_ point: [Double]) -> Double {
    let sum = errors(weights(point)).reduce(0) { $0 + $1 * $1 }
    let value = sum / (scale * scale * Double(differences.count - first))
    return value.isFinite ? value : 1e30
  }

  /// Hannan and Rissanen's estimates, and nothing.
  var starts: [[Double]] {
    let rest =
      [Double](repeating: 0.1, count: order.seasonalP) + [Double](repeating: -0.1, count: order.seasonalQ)
      + (order.constant ? [average / scale] : [])
    let plain = [Double](repeating: 0.1, count: order.p + order.q) + rest
    guard order.p + order.q > 0, let (ar, ma) = hannanRissanen(),
      let first = Polynomial.partials(ar), let second = Polynomial.partials(ma.map { -$0 })
    else { return [plain] }
    let found = (first + second).map { r -> Double in
      let r = min(max(r, -0.98), 0.98)
      return 0.5 * logarithm((1 + r) / (1 - r))
    }
    return [found + rest, plain]
  }

  /// Weights by least squares on values before and on the errors of a long autoregression.
  private func hannanRissanen() -> (ar: [Double], ma: [Double])? {
    let w = differences.map { $0 - average }
    let long = min(w.count / 4, max(order.p, order.q) + Int(2 * logarithm(Double(w.count))))
    guard long > 0 else { return nil }
    func regression(_ rows: Range<Int>, _ columns: (Int) -> [Double]) -> [Double] {
      let wide = rows.flatMap { columns($0) + [w[$0]] }
      return LeastSquares.solve(
        DenseRows(wide, rows: rows.count, columns: wide.count / max(1, rows.count)), l2: 0, tolerance: 1e-10
      ).weights
    }
    var errors = [Double](repeating: 0, count: w.count)
    if order.q > 0 {
      let weights = regression(long..<w.count) { t in (1...long).map { w[t - $0] } }
      for t in long..<w.count {
        errors[t] = w[t] - weights.enumerated().reduce(0) { $0 + $1.element * w[t - 1 - $1.offset] }
      }
    }
    let from = (order.q > 0 ? long : 0) + max(order.p, order.q)
    guard w.count - from > order.p + order.q else { return nil }
    let found = regression(from..<w.count) { t in
      (0..<order.p).map { w[t - 1 - $0] } + (0..<order.q).map { errors[t - 1 - $0] }
    }
    return (Array(found[..<order.p]), Array(found[order.p...]))
  }
}

/// Polynomials of the step back, lowest power first.
enum Polynomial {
  static func product(_ a: [Double], _ b: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: a.count + b.count - 1)
    for (i, x) in a.enumerated() { for (j, y) in b.enumerated() { result[i + j] += x * y } }
    return result
  }

  /// 1 - w1 B - w2 B^2 ..., each step `period` long.
  static func ar(_ weights: [Double], period: Int = 1) -> [Double] { ma(weights.map { -$0 }, period: period) }

  /// 1 + w1 B + w2 B^2 ..., each step `period` long.
  static func ma(_ weights: [Double], period: Int = 1) -> [Double] {
    var result = [Double](repeating: 0, count: weights.count * period + 1)
    result[0] = 1
    for (k, weight) in weights.enumerated() { result[(k + 1) * period] = weight }
    return result
  }

  /// (1 - B)^d (1 - B^period)^D.
  static func differences(_ d: Int, _ seasonal: Int, period: Int) -> [Double] {
    var result = [1.0]
    for _ in 0..<d { result = product(result, ar([1])) }
    for _ in 0..<seasonal { result = product(result, ar([1], period: period)) }
    return result
  }

  /// Each value less the one `lag` before.
  static func difference(_ values: [Double], _ lag: Int) -> [Double] {
    guard values.count > lag else { return [] }
    return (lag..<values.count).map { values[$0] - values[$0 - lag] }
  }

  /// Weights of a stationary autoregression by its partial autocorrelations (Durbin and Levinson).
  static func stationary(_ partials: [Double]) -> [Double] {
    var weights: [Double] = []
    for r in partials {
      let turned = Array(weights.reversed())
      weights = weights.indices.map { weights[$0] - r * turned[$0] } + [r]
    }
    return weights
  }

  /// The partial autocorrelations of weights; nil where they are not those of a stationary autoregression.
  static func partials(_ weights: [Double]) -> [Double]? {
    var weights = weights
    var result: [Double] = []
    while let r = weights.last {
      guard abs(r) < 1 else { return nil }
      result.append(r)
      let rest = Array(weights.dropLast())
      let turned = Array(rest.reversed())
      weights = rest.indices.map { (rest[$0] + r * turned[$0]) / (1 - r * r) }
    }
    return result.reversed()
  }
}

/// Whether values need differences.
enum Stationarity {
  /// Whether KPSS's test rejects a constant level with 95 of 100.
  static func levelMoves(_ values: [Double]) -> Bool {
    let n = values.count
    let mean = values.reduce(0, +) / Double(n)
    let errors = values.map { $0 - mean }
    let lags = Int(4 * power(Double(n) / 100, 0.25))
    var variance = errors.reduce(0) { $0 + $1 * $1 } / Double(n)
    for lag in stride(from: 1, through: min(lags, n - 1), by: 1) {
      let sum = (lag..<n).reduce(0) { $0 + errors[$1] * errors[$1 - lag] } / Double(n)
      variance += 2 * (1 - Double(lag) / Double(lags + 1)) * sum
    }
    guard variance > 0 else { return false }
    var (path, squares) = (0.0, 0.0)
    for error in errors {
      path += error
      squares += path * path
    }
    return squares / (Double(n) * Double(n) * variance) > 0.463
  }

  /// How much of what a moving mean leaves is explained by the place in the season: 0 to 1.
  static func seasonStrength(_ values: [Double], period: Int) -> Double {
    let half = period / 2
    var left = [Double?](repeating: nil, count: values.count)
    for t in half..<max(half, values.count - half) {
      var sum = 0.0
      if period % 2 == 0 {
        for k in -half...half { sum += values[t + k] * (abs(k) == half ? 0.5 : 1) }
      } else {
        for k in -half...half { sum += values[t + k] }
      }
      left[t] = values[t] - sum / Double(period)
    }
    let means = (0..<period).map { place -> Double in
      let own = stride(from: place, to: values.count, by: period).compactMap { left[$0] }
      return own.isEmpty ? 0 : own.reduce(0, +) / Double(own.count)
    }
    var (all, rest, sum, count) = (0.0, 0.0, 0.0, 0.0)
    for (t, value) in left.enumerated() {
      guard let value else { continue }
      sum += value
      count += 1
      all += value * value
      rest += (value - means[t % period]) * (value - means[t % period])
    }
    guard count > 0 else { return 0 }
    all -= sum * sum / count
    return all > 0 ? max(0, 1 - rest / all) : 0
  }
}
