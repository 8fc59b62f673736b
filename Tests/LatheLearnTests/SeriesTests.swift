import LatheCore
import LatheLearn
import LatheTables
import Testing

/// Forecasts beside statsmodels'.
@Suite("Time series")
struct SeriesTests {
  struct Content: Decodable {
    struct Known: Decodable {
      var series: String
      var trend: String?
      var season: String?
      var parameters: [String: Double]
      var level: Double
      var firstTrend: Double?
      var firstSeason: [Double]?
      var fitted: [Double]
      var forecast: [Double]
      var sse: Double
    }
    struct Best: Decodable {
      var series: String
      var trend: String?
      var season: String?
      var sse: Double
    }
    struct Deviations: Decodable {
      var forecast: [Double]
      var ratios: [Double]
    }
    struct Squares: Decodable {
      var p: Int
      var q: Int
      var weights: [Double]
      var sse: Double
    }
    struct Autoregression: Decodable {
      var weights: [Double]
      var sse: Double
      var forecast: [Double]
    }
    struct Quantiles: Decodable {
      var p: [Double]
      var x: [Double]
    }
    var additive: [Double]
    var multiplicative: [Double]
    var arma: [Double]
    var known: [Known]
    var best: [Best]
    var deviations: Deviations
    var css: [Squares]
    var autoregression: Autoregression
    var kpss: [Double]
    var quantiles: Quantiles

    func series(_ name: String) -> [Double] { name == "additive" ? additive : multiplicative }
  }

  private func configuration(_ trend: String?, _ season: String?) -> ExponentialSmoothing.Configuration {
    .init(
      trend: trend == nil ? .none : trend == "damped" ? .damped : .additive,
      season: season == nil ? .none : season == "add" ? .additive : .multiplicative,
      period: season == nil ? 1 : 12)
  }

  @Test("Exponential smoothing of known parameters is statsmodels'")
  func smoothing() throws {
    let content: Content = try LearnFixture.load("series")
    for own in content.known {
      let p = own.parameters
      let model = try ExponentialSmoothing(
        values: content.series(own.series), configuration(own.trend, own.season),
        parameters: .init(
          alpha: p["smoothing_level"] ?? 0, beta: p["smoothing_trend"] ?? 0,
          gamma: p["smoothing_seasonal"] ?? 0, phi: p["damping_trend"] ?? 1, level: own.level,
          trend: own.firstTrend ?? 0, season: own.firstSeason ?? []))
      #expect(LearnFixture.difference(model.fitted, own.fitted) < 1e-9)
      // statsmodels forecasts the last place of a season by its state of a season before; the others are compared.
      let kept = (0..<15).filter { own.season == nil || $0 != 11 }
      let found = model.forecast(15).means
      #expect(LearnFixture.difference(kept.map { found[$0] }, kept.map { own.forecast[$0] }) < 1e-9)
      #expect(abs(model.squaredError / own.sse - 1) < 1e-9)
    }
    let known = try ExponentialSmoothing(
      values: content.additive, .init(trend: .additive),
      parameters: .init(alpha: 0.4, beta: 0.1, level: 100, trend: 0.8))
    let forecast = known.forecast(10)
    #expect(LearnFixture.difference(forecast.means, content.deviations.forecast) < 1e-6)
    let ratios = forecast.deviations.map { $0 / forecast.deviations[0] }
    #expect(LearnFixture.difference(ratios, content.deviations.ratios) < 1e-6)
  }

  @Test("Least squares of exponential smoothing are no larger than statsmodels'")
  func fits() throws {
    let content: Content = try LearnFixture.load("series")
    for own in content.best {
      let model = try ExponentialSmoothing(
        fit: content.series(own.series), configuration(own.trend, own.season))
      #expect(model.squaredError <= own.sse * (1 + 1e-6), "\(own.trend ?? "") \(own.season ?? "")")
    }
  }

  @Test("ARIMA's conditional least squares are SciPy's, and autoregression is statsmodels'")
  func arima() throws {
    let content: Content = try LearnFixture.load("series")
    for own in content.css {
      let model = try ARIMA(fit: content.arma, .init(own.p, 0, own.q))
      #expect(abs(model.squaredError / own.sse - 1) < 1e-8)
      #expect(LearnFixture.difference([model.mean] + model.ar + model.ma, own.weights) < 1e-3)
    }
    let model = try ARIMA(fit: content.arma, .init(2, 0, 0))
    let expected = content.autoregression
    #expect(LearnFixture.difference(model.ar, Array(expected.weights[1...])) < 1e-6)
    #expect(abs(model.squaredError / expected.sse - 1) < 1e-10)
    #expect(LearnFixture.difference(model.forecast(8).means, expected.forecast) < 1e-6)
    // Random walks: the last value, and deviations that grow with the root of the steps.
    let walk = try ARIMA(fit: content.arma, .init(0, 1, 0)).forecast(4)
    #expect(walk.means == .init(repeating: content.arma.last ?? 0, count: 4))
    let growth = walk.deviations.map { $0 / walk.deviations[0] }
    #expect(LearnFixture.difference(growth, [1, 2, 3, 4].map { $0.squareRoot() }) < 1e-12)
    // Seasonal differences alone: the values of a season ago.
    let season = try ARIMA(
      fit: content.additive, .init(0, 0, 0, seasonal: (0, 1, 0), period: 12, hasConstant: false))
    #expect(LearnFixture.difference(season.forecast(12).means, Array(content.additive.suffix(12))) < 1e-12)
  }

  @Test("Metrics by hand, quantiles of the normal distribution")
  func metrics() throws {
    let (found, actual) = ([12.0, 8, 11], [10.0, 8, 14])
    #expect(abs(SeriesMetrics.meanAbsoluteError(found, actual) - 5.0 / 3) < 1e-12)
    // Differences of a season of 2 before: 1 and 3.
    #expect(abs(SeriesMetrics.mase(found, actual, history: [1, 2, 2, 5], season: 2) - 5.0 / 6) < 1e-12)
    let percent = (400.0 / 22 + 600.0 / 25) / 3
    #expect(abs(SeriesMetrics.smape(found, actual) - percent) < 1e-12)
    let loss = (0.2 + 2.7) / 3
    #expect(abs(SeriesMetrics.pinball(found, actual, quantile: 0.9) - loss) < 1e-12)
    #expect(SeriesMetrics.coverage([9...13, 9...10, 10...12], actual) == 1.0 / 3)
    let content: Content = try LearnFixture.load("series")
    let forecast = Forecast(means: [0], deviations: [1])
    for (p, x) in zip(content.quantiles.p, content.quantiles.x) {
      #expect(abs(forecast.quantiles(p)[0] - x) < 1e-9)
    }
  }

  @Test("Points in the past see nothing of what follows")
  func origins() throws {
    var configuration = Backtest.Configuration(horizon: 3)
    configuration.folds = 3
    configuration.gap = 2
    configuration.window = 5
    let splits = try Backtest.splits(count: 20, configuration)
    #expect(splits.map(\.test) == [[11, 12, 13], [14, 15, 16], [17, 18, 19]])
    #expect(splits.map(\.train) == [[4, 5, 6, 7, 8], [7, 8, 9, 10, 11], [10, 11, 12, 13, 14]])
    configuration.window = nil
    #expect(try Backtest.splits(count: 20, configuration)[0].train == Array(0..<9))
    // A change of what comes later changes no forecast before it.
    let values = (0..<20).map { Double($0 % 4) + 0.1 * Double($0) }
    let later = values.enumerated().map { $0 >= 17 ? 1000 : $1 }
    let (a, b) = (
      try Backtest(values, season: 4, .naive, configuration),
      try Backtest(later, season: 4, .naive, configuration)
    )
    for (x, y) in zip(a.folds, b.folds) { #expect(x.forecast == y.forecast) }
    // The gap's values are forecast, too, but not looked at.
    #expect(a.folds[0].forecast.means == [values[7], values[8], values[5]])
  }

  @Test("The best model is found, and trees follow seasons and trends")
  func choice() throws {
    let content: Content = try LearnFixture.load("series")
    var configuration = Backtest.Configuration(horizon: 12)
    configuration.folds = 2
    var trees = TreeForecaster.Configuration(season: 12)
    trees.boosting.treeCount = 40
    let choice = try ForecastChoice(
      content.multiplicative, season: 12,
      models: [
        .naive, .exponentialSmoothing(.init(trend: .additive, season: .multiplicative, period: 12)),
        .trees(trees),
      ], configuration)
    #expect(choice.best.name == "ets")
    let scores = choice.entries.map { $0.scores?.mase ?? .infinity }
    #expect(scores[1] < 0.5 * scores[0] && scores[2] < scores[0] * 1.05)
    #expect(choice.entries.allSatisfy { $0.scores?.coverage ?? 0 > 0.4 })
    let forecast = choice.fitted.forecast(12)
    #expect(
      forecast.means.count == 12
        && zip(forecast.deviations, forecast.deviations.dropFirst()).allSatisfy { $0 <= $1 * 1.5 })
    #expect(choice.fitted.summary.contains("season multiplicative of 12"))
  }

  @Test("Times go on as they began")
  func times() throws {
    func days(_ texts: [String]) throws -> SeriesTimes {
      try SeriesTimes(
        Column("day", texts.map { Optional($0) }).cast(to: .dateTime(zone: nil)))
    }
    func next(_ texts: [String], _ count: Int) throws -> [String?] {
      let times = try days(texts)
      return times.column("day", times.next(count)).strings().map { $0.map { String($0.prefix(10)) } }
    }
    #expect(
      try next(["2023-11-30", "2023-12-31", "2024-01-31"], 3) == ["2024-02-29", "2024-03-31", "2024-04-30"])
    #expect(try days(["2023-11-30", "2023-12-31", "2024-01-31"]).season == 12)
    #expect(try next(["2024-02-28", "2024-02-29"], 2) == ["2024-03-01", "2024-03-02"])
    #expect(try next(["2024-05-30", "2024-05-31", "2024-06-03"], 2) == ["2024-06-04", "2024-06-05"])
    #expect(try next(["2024-01-01", "2024-04-01", "2024-07-01"], 2) == ["2024-10-01", "2025-01-01"])
    let years = try SeriesTimes(Column("year", [2001, 2002, 2003]))
    #expect(years.next(2) == [2004, 2005])
    let gap = #expect(throws: LatheError.self) {
      try days(["2024-05-01", "2024-05-02", "2024-05-05", "2024-05-06"])
    }
    #expect(gap?.message.contains("between 2024-05-02 00:00:00 and 2024-") == true)
    let order = #expect(throws: LatheError.self) { try days(["2024-05-02", "2024-05-01"]) }
    #expect(order?.message.contains("sort the table") == true)
    let month = #expect(throws: LatheError.self) {
      try days(["2024-01-01", "2024-02-01", "2024-03-01", "2024-05-01", "2024-06-01"])
    }
    #expect(month?.message.contains("between 2024-03-01") == true)
    #expect(throws: LatheError.self) { try SeriesTimes(Column("t", ["a", "b"])) }
  }

  @Test("What cannot be forecast is refused")
  func refusals() throws {
    #expect(throws: LatheError.self) { try SeasonalNaive(fit: [1, 2], season: 2) }
    #expect(throws: LatheError.self) { try ExponentialSmoothing(fit: [1, .nan, 2, 3, 4]) }
    #expect(throws: LatheError.self) {
      try ExponentialSmoothing(fit: [1, -1, 2, 3], .init(season: .multiplicative, period: 2))
    }
    let few = #expect(throws: LatheError.self) { try ARIMA(fit: [1, 2, 3, 4], .init(2, 1, 0)) }
    #expect(few?.message.contains("4 values are too few") == true)
    #expect(throws: LatheError.self) { try ARIMA(fit: [1, 2, 3, 4, 5, 6], .init(-1, 0, 0)) }
    #expect(throws: LatheError.self) {
      try Backtest([1, 2, 3, 4], .naive, Backtest.Configuration(horizon: 3))
    }
    for setting in [\Backtest.Configuration.gap, \.folds] {
      var huge = Backtest.Configuration(horizon: 3)
      huge[keyPath: setting] = .max
      #expect(throws: LatheError.self) { try Backtest.splits(count: 100, huge) }
    }
    // Squares of such values are beyond float64.
    let large = (0..<40).map { 1e307 * Double($0 % 5 + 1) }
    for model in [ForecastModel.exponentialSmoothing(), .arima(), .trees()] {
      _ = try? Backtest(large, model, Backtest.Configuration(horizon: 3))
    }
    // A constant series can be forecast.
    let same = try ExponentialSmoothing.auto(.init(repeating: 5, count: 12))
    #expect(LearnFixture.difference(same.forecast(3).means, [5, 5, 5]) < 1e-6)
    #expect(
      try ARIMA.auto(.init(repeating: 5, count: 20)).forecast(2).means.allSatisfy { abs($0 - 5) < 1e-6 })
  }
}
