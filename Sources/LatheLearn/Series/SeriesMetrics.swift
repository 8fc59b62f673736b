import LatheCore
import LatheTables

/// How good forecasts are.
public enum SeriesMetrics {
  /// The mean size of errors.
  public static func meanAbsoluteError(_ forecasts: [Double], _ values: [Double]) -> Double {
    check(forecasts, values)
    return zip(forecasts, values).reduce(0) { $0 + abs($1.0 - $1.1) } / Double(values.count)
  }

  /// The root of the mean squared error.
  public static func rootMeanSquaredError(_ forecasts: [Double], _ values: [Double]) -> Double {
    check(forecasts, values)
    return (zip(forecasts, values).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / Double(values.count))
      .squareRoot()
  }

  /// The mean absolute error over that of the seasonal naive forecast of the values before (Hyndman and Koehler, 2006); NaN where
  /// those are all the same.
  public static func mase(
    _ forecasts: [Double], _ values: [Double], history: [Double], season: Int = 1
  ) -> Double {
    require(
      season > 0 && history.count > season, "mase: \(history.count) values before, a season of \(season)")
    let scale =
      (season..<history.count).reduce(0) { $0 + abs(history[$1] - history[$1 - season]) }
      / Double(history.count - season)
    return scale > 0 ? meanAbsoluteError(forecasts, values) / scale : .nan
  }

  /// The mean of 200 |error| / (|forecast| + |value|), in percent as in the M4 competition; two zeros count as right.
  public static func smape(_ forecasts: [Double], _ values: [Double]) -> Double {
    check(forecasts, values)
    return zip(forecasts, values).reduce(0) {
      let size = abs($1.0) + abs($1.1)
      return $0 + (size > 0 ? 200 * abs($1.0 - $1.1) / size : 0)
    } / Double(values.count)
  }

  /// The mean pinball loss of forecasts of a quantile.
  public static func pinball(_ forecasts: [Double], _ values: [Double], quantile: Double) -> Double {
    check(forecasts, values)
    return zip(forecasts, values).reduce(0) {
      let difference = $1.1 - $1.0
      return $0 + max(quantile * difference, (quantile - 1) * difference)
    } / Double(values.count)
  }

  /// The share of values inside their intervals.
  public static func coverage(_ intervals: [ClosedRange<Double>], _ values: [Double]) -> Double {
    require(
      intervals.count == values.count && !values.isEmpty,
      "coverage: \(intervals.count) intervals for \(values.count) values")
    return Double(zip(intervals, values).count { $0.contains($1) }) / Double(values.count)
  }

  private static func check(_ forecasts: [Double], _ values: [Double]) {
    require(
      forecasts.count == values.count && !values.isEmpty,
      "\(forecasts.count) forecasts for \(values.count) values")
  }
}

/// What is expected of the next values, and how far they may be off.
public struct Forecast: Sendable, Hashable, Codable {
  /// The expected values.
  public let means: [Double]
  /// The deviation of each.
  public let deviations: [Double]

  /// A forecast.
  public init(means: [Double], deviations: [Double]) {
    self.means = means
    self.deviations = deviations
  }

  /// The intervals in which values lie with a probability, errors taken for normal.
  public func intervals(_ level: Double = 0.9) -> [ClosedRange<Double>] {
    let z = NormalDistribution.quantile(0.5 + level / 2)
    return zip(means, deviations).map { $0 - z * $1...$0 + z * $1 }
  }

  /// The quantile of each value.
  public func quantiles(_ p: Double) -> [Double] {
    let z = NormalDistribution.quantile(p)
    return zip(means, deviations).map { $0 + z * $1 }
  }
}

/// The normal distribution.
package enum NormalDistribution {
  /// The chance of a value up to x.
  package static func cumulative(_ x: Double) -> Double { 0.5 * complementaryError(-x / 2.0.squareRoot()) }

  /// The value below which a part of the distribution lies (Hastings, 1955, made exact by Newton's steps).
  package static func quantile(_ p: Double) -> Double {
    require(p > 0 && p < 1, "a quantile of \(p); it must be between 0 and 1")
    let tail = min(p, 1 - p)
    let t = (-2 * logarithm(tail)).squareRoot()
    var x =
      t - (2.515517 + 0.802853 * t + 0.010328 * t * t)
      / (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t * t * t)
    if p < 0.5 { x = -x }
    for _ in 0..<4 {
      let density = exponential(-x * x / 2) / 2.5066282746310002
      if density < 1e-300 { break }
      x -= (cumulative(x) - p) / density
    }
    return x
  }
}
