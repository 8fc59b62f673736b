import LatheCore
import LatheTables

/// A kind of model of values in time.
public enum ForecastModel: Sendable, Hashable {
  /// The value of a season ago.
  case naive
  /// Exponential smoothing; nil for the parts of the least `aicc`.
  case exponentialSmoothing(ExponentialSmoothing.Configuration? = nil)
  /// ARIMA; nil for the order of the least `aicc`.
  case arima(ARIMA.Order? = nil)
  /// Boosted trees on values before; nil for the defaults of the season.
  case trees(TreeForecaster.Configuration? = nil)

  /// A short name.
  public var name: String {
    switch self {
    case .naive: "naive"
    case .exponentialSmoothing: "ets"
    case .arima: "arima"
    case .trees: "trees"
    }
  }

  /// Learns from values.
  ///
  /// - Parameters:
  ///   - values: The values, oldest first.
  ///   - times: Their times.
  ///   - season: Values of a season; 1 for none.
  public func fit(_ values: [Double], times: SeriesTimes, season: Int) throws -> FittedForecaster {
    switch self {
    case .naive: return .naive(try SeasonalNaive(fit: values, season: season))
    case .exponentialSmoothing(let configuration):
      guard let configuration else {
        return .exponentialSmoothing(try .auto(values, period: season))
      }
      return .exponentialSmoothing(try ExponentialSmoothing(fit: values, configuration))
    case .arima(let order):
      return .arima(try order.map { try ARIMA(fit: values, $0) } ?? .auto(values, period: season))
    case .trees(let configuration):
      return .trees(
        try TreeForecaster(fit: values, times: times, configuration ?? .init(season: season)))
    }
  }
}

/// A trained model of values in time.
public enum FittedForecaster: Sendable {
  /// The value of a season ago.
  case naive(SeasonalNaive)
  /// Exponential smoothing.
  case exponentialSmoothing(ExponentialSmoothing)
  /// ARIMA.
  case arima(ARIMA)
  /// Boosted trees.
  case trees(TreeForecaster)

  /// The next values.
  public func forecast(_ steps: Int) -> Forecast {
    switch self {
    case .naive(let model): model.forecast(steps)
    case .exponentialSmoothing(let model): model.forecast(steps)
    case .arima(let model): model.forecast(steps)
    case .trees(let model): model.forecast(steps)
    }
  }

  /// The next values, where float64 can hold them and their deviations.
  ///
  /// - Throws: `LatheError.training` where it cannot.
  func finiteForecast(_ steps: Int) throws -> Forecast {
    let result = forecast(steps)
    // Ends of intervals are a few deviations away.
    guard zip(result.means, result.deviations).allSatisfy({ (abs($0) + 16 * $1).isFinite }) else {
      throw LatheError(.training, "forecast: values or their spread are beyond float64; scale the column")
    }
    return result
  }

  /// What was learned, in words.
  public var summary: String {
    switch self {
    case .naive(let model): return model.season > 1 ? "the value of \(model.season) before" : "the last value"
    case .exponentialSmoothing(let model):
      let c = model.configuration
      return "exponential smoothing, trend \(c.trend.rawValue), season \(c.season.rawValue)"
        + (c.season == .none ? "" : " of \(c.period)")
    case .arima(let model): return "ARIMA\(model.order)"
    case .trees: return "boosted trees on values before"
    }
  }
}
