import LatheCore
import LatheTables

/// Forecasts from several points in the past, each by a model of what was known then (rolling origin).
public struct Backtest: Sendable {
  /// How points in the past are chosen.
  public struct Configuration: Sendable, Hashable {
    /// Values that are forecast from each point.
    public var horizon: Int
    /// How many points.
    public var folds = 5
    /// Values between two points; nil for the horizon.
    public var step: Int?
    /// Values between what is known and the first forecast.
    public var gap = 0
    /// The most values to learn from, the last ones; nil for all (an expanding window).
    public var window: Int?
    /// The probability of intervals.
    public var level = 0.9

    /// Five points, a horizon apart.
    public init(horizon: Int) { self.horizon = horizon }
  }

  /// One point's forecasts.
  public struct Fold: Sendable {
    /// The place of the first value that was forecast.
    public let start: Int
    /// How many values were learned from.
    public let trainCount: Int
    /// The forecasts.
    public let forecast: Forecast
    /// What came.
    public let values: [Double]
    /// The mean absolute scaled error.
    public let mase: Double
  }

  /// How good a model was.
  public struct Scores: Sendable, Hashable, Codable {
    /// The mean absolute error.
    public let mae: Double
    /// The root of the mean squared error.
    public let rmse: Double
    /// The mean absolute scaled error; NaN where values of a season ago never differ.
    public let mase: Double
    /// The symmetric percentage error.
    public let smape: Double
    /// The pinball loss of both ends of the interval, the mean.
    public let pinball: Double
    /// The share of values inside intervals.
    public let coverage: Double
  }

  /// The points, oldest first.
  public let folds: [Fold]
  /// The scores over all points.
  public let scores: Scores

  /// The places of values to learn from and of those to forecast, for each point.
  ///
  /// - Throws: `LatheError.invalidArgument` where there are too few values.
  public static func splits(count: Int, _ configuration: Configuration) throws -> [RowSplit] {
    let step = configuration.step ?? configuration.horizon
    guard configuration.horizon > 0, configuration.folds > 0, step > 0, configuration.gap >= 0,
      configuration.window ?? 1 > 0, (0..<1).contains(configuration.level)
    else {
      throw LatheError(
        .invalidArgument,
        "back-test: a horizon of \(configuration.horizon), \(configuration.folds) points, \(step) apart, a gap of "
          + "\(configuration.gap), level \(configuration.level); gap and level may be 0, the others must be above, level below 1"
      )
    }
    // In float64, where no setting is too large to be added.
    let used =
      Double(configuration.horizon) + Double(configuration.folds - 1) * Double(step)
      + Double(configuration.gap)
    guard Double(count) > used + 1 else {
      throw LatheError(
        .invalidArgument,
        "back-test: \(counted(count, "values")) are too few for \(configuration.folds) points of \(configuration.horizon), a gap "
          + "of \(configuration.gap); \(formatted(used + 2, "%.0f")) are the least, take a shorter horizon, fewer points or a "
          + "smaller gap")
    }
    return (0..<configuration.folds).map { fold in
      let start = count - configuration.horizon - (configuration.folds - 1 - fold) * step
      let end = start - configuration.gap
      let first = configuration.window.map { max(0, end - $0) } ?? 0
      return RowSplit(train: Array(first..<end), test: Array(start..<start + configuration.horizon))
    }
  }

  /// Tests a model.
  ///
  /// - Throws: What the model's training throws, and `LatheError.invalidArgument` where there are too few values.
  public init(
    _ values: [Double], times: SeriesTimes? = nil, season: Int = 1, _ model: ForecastModel,
    _ configuration: Configuration
  ) throws {
    let times = times ?? SeriesTimes(count: values.count)
    var folds: [Fold] = []
    var intervals: [ClosedRange<Double>] = []
    var (low, high): ([Double], [Double]) = ([], [])
    for split in try Self.splits(count: values.count, configuration) {
      let known = split.train.map { values[$0] }
      let fitted = try model.fit(
        known, times: times.selecting(split.train[0]..<split.train[0] + split.train.count), season: season)
      let all = try fitted.finiteForecast(configuration.gap + configuration.horizon)
      let forecast = Forecast(
        means: Array(all.means.suffix(configuration.horizon)),
        deviations: Array(all.deviations.suffix(configuration.horizon)))
      let actual = split.test.map { values[$0] }
      let scale = season < known.count ? season : 1
      folds.append(
        Fold(
          start: split.test[0], trainCount: known.count, forecast: forecast, values: actual,
          mase: SeriesMetrics.mase(forecast.means, actual, history: known, season: scale)))
      intervals += forecast.intervals(configuration.level)
      low += forecast.quantiles(0.5 - configuration.level / 2)
      high += forecast.quantiles(0.5 + configuration.level / 2)
    }
    let (found, actual) = (folds.flatMap(\.forecast.means), folds.flatMap(\.values))
    scores = Scores(
      mae: SeriesMetrics.meanAbsoluteError(found, actual),
      rmse: SeriesMetrics.rootMeanSquaredError(found, actual), mase: Sums.mean(folds.map(\.mase)),
      smape: SeriesMetrics.smape(found, actual),
      pinball: (SeriesMetrics.pinball(low, actual, quantile: 0.5 - configuration.level / 2)
        + SeriesMetrics.pinball(high, actual, quantile: 0.5 + configuration.level / 2)) / 2,
      coverage: SeriesMetrics.coverage(intervals, actual))
    self.folds = folds
  }
}

extension SeriesTimes {
  /// A part of the times.
  func selecting(_ range: Range<Int>) -> SeriesTimes {
    SeriesTimes(values: Array(values[range]), step: step, areDates: areDates, zone: zone)
  }

  init(values: [Int64], step: Step, areDates: Bool, zone: String?) {
    self.values = values
    self.step = step
    self.areDates = areDates
    self.zone = zone
  }
}

/// Models compared on the past, of which the best one makes the forecast.
public struct ForecastChoice: Sendable {
  /// One model's test.
  public struct Entry: Sendable {
    /// The model.
    public let model: ForecastModel
    /// Its scores; nil where it could not learn.
    public let scores: Backtest.Scores?
    /// Why it could not learn.
    public let failure: String?
  }

  /// The models in the order they were given.
  public let entries: [Entry]
  /// The model with the least mean absolute error.
  public let best: ForecastModel
  /// That model, trained on all values.
  public let fitted: FittedForecaster

  /// Compares models.
  ///
  /// - Throws: `LatheError` where none of them can learn from the values.
  public init(
    _ values: [Double], times: SeriesTimes? = nil, season: Int = 1,
    models: [ForecastModel] = [.naive, .exponentialSmoothing(), .arima(), .trees()],
    _ configuration: Backtest.Configuration
  ) throws {
    _ = try Backtest.splits(count: values.count, configuration)
    entries = models.map { model in
      do {
        let test = try Backtest(values, times: times, season: season, model, configuration)
        return Entry(model: model, scores: test.scores, failure: nil)
      } catch let error as LatheError {
        return Entry(model: model, scores: nil, failure: error.message)
      } catch {
        return Entry(model: model, scores: nil, failure: "\(error)")
      }
    }
    let ranked = entries.filter { $0.scores != nil }.min {
      ($0.scores?.mae ?? .infinity) < ($1.scores?.mae ?? .infinity)
    }
    guard let ranked else {
      throw LatheError(
        .invalidArgument,
        "forecast: no model can learn from the values: \(entries.first?.failure ?? "no models were given")")
    }
    best = ranked.model
    fitted = try best.fit(values, times: times ?? SeriesTimes(count: values.count), season: season)
  }
}
