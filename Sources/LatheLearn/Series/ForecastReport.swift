import LatheCore
import LatheTables

/// Forecasts of a table's column: the models compared on the past, the one chosen, and the next values with intervals.
public struct ForecastReport: Sendable, Codable {
  /// How gaps are closed, of values that are missing and of times that are not there.
  public enum Fill: String, Sendable, Hashable, Codable, CaseIterable {
    /// Not at all: a gap is an error.
    case none
    /// By a line between the neighbours.
    case linear
    /// By the value before.
    case last
    /// By the mean of the values a season before and behind; by a line where neither is known.
    case seasonal
  }

  /// What is forecast, and how.
  public struct Configuration: Sendable, Hashable {
    /// The column of times: dates, or whole numbers such as years.
    public var time: String
    /// The column to forecast.
    public var target: String
    /// Values of a season; nil for what the times suggest.
    public var season: Int?
    /// The models that are compared; a single one is taken.
    public var models: [ForecastModel] = [.naive, .exponentialSmoothing(), .arima(), .trees()]
    /// How they are tested on the past.
    public var backtest: Backtest.Configuration
    /// How gaps among values are closed.
    public var fill = Fill.none

    /// All models, five points in the past.
    public init(time: String, target: String, horizon: Int) {
      self.time = time
      self.target = target
      backtest = Backtest.Configuration(horizon: horizon)
    }
  }

  /// One model's test on the past.
  public struct Entry: Sendable, Codable {
    /// The model.
    public let model: String
    /// Its scores by name, those that are no numbers left out; nil where it could not learn.
    public let scores: [String: Double]?
    /// Why it could not learn.
    public let failure: String?
  }

  /// One value to come.
  public struct Point: Sendable, Hashable, Codable {
    /// Its time as it is written.
    public let time: String
    /// What is expected.
    public let forecast: Double
    /// The lower end of the interval.
    public let low: Double
    /// The upper end of the interval.
    public let high: Double
  }

  /// The column that was forecast.
  public let target: String
  /// Values of a season.
  public let season: Int
  /// How many values were filled, those of times that were not there among them.
  public let filled: Int
  /// The probability of intervals.
  public let level: Double
  /// The models' tests.
  public let models: [Entry]
  /// The model that was chosen.
  public let chosen: String
  /// What it learned, in words.
  public let summary: String
  /// The values to come.
  public let points: [Point]
  private let time: String

  /// Compares models on the past and forecasts by the best one.
  ///
  /// - Throws: `LatheError` naming the column or row that does not fit, or that no model can learn.
  public init(_ table: Table, _ configuration: Configuration) throws {
    let sorted = try table.sort(by: .ascending(configuration.time))
    let known = try sorted[configuration.time]
    let (times, rows) =
      configuration.fill == .none
      ? (try SeriesTimes(known), (0..<known.count).map { $0 }) : try SeriesTimes.complete(known)
    let season = configuration.season ?? times.season
    guard season >= 1 else {
      throw LatheError(.invalidArgument, "forecast: a season of \(season) values; 1 for none")
    }
    let (values, filled) = try Self.values(
      sorted[configuration.target], at: known, rows, configuration.fill, season: season)
    self.filled = filled
    let choice = try ForecastChoice(
      values, times: times, season: season, models: configuration.models, configuration.backtest)
    models = choice.entries.map { entry in
      let scores = entry.scores.map { s in
        [
          "mae": s.mae, "rmse": s.rmse, "mase": s.mase, "smape": s.smape, "pinball": s.pinball,
          "coverage": s.coverage,
        ].filter { $0.value.isFinite }
      }
      return Entry(model: entry.model.name, scores: scores, failure: entry.failure)
    }
    target = configuration.target
    time = configuration.time
    self.season = season
    level = configuration.backtest.level
    chosen = choice.best.name
    summary = choice.fitted.summary
    let horizon = configuration.backtest.horizon
    let forecast = try choice.fitted.finiteForecast(horizon)
    let next = times.next(horizon)
    // Days without an hour are written as such.
    let areDays = times.areDates && times.zone == nil && next.allSatisfy { $0 % CivilTime.dayLength == 0 }
    let texts = times.column(configuration.time, next).strings().map { text in
      areDays ? text.map { String($0.prefix(10)) } : text
    }
    points = zip(texts, zip(forecast.means, forecast.intervals(level))).map {
      Point(time: $0 ?? "", forecast: $1.0, low: $1.1.lowerBound, high: $1.1.upperBound)
    }
  }

  /// - Parameter rows: For each time the row that it stands in.
  private static func values(
    _ column: Column, at times: Column, _ rows: [Int?], _ fill: Fill, season: Int
  ) throws -> (values: [Double], filled: Int) {
    let given = try column.cast(to: .float64).numbers()
    if let row = given.firstIndex(where: \.isInfinite) {
      throw LatheError(
        .invalidArgument,
        "column '\(column.name)': \(given[row]) at \(times.text(row)); remove the row first")
    }
    var values = rows.map { $0.map { given[$0] } ?? .nan }
    let missing = values.indices.filter { values[$0].isNaN }
    guard let first = missing.first else { return (values, 0) }
    guard fill != .none, let known = values.firstIndex(where: { !$0.isNaN }), known == 0 else {
      throw LatheError(
        .invalidArgument,
        "column '\(column.name)': \(counted(missing.count, "rows")) without a value, the first at \(rows[first].map(times.text) ?? "a time put in"); "
          + (fill == .none
            ? "fill them (linear, last, seasonal)"
            : "rows before the first value cannot be filled, leave them out"))
    }
    let before = values
    for row in missing {
      if fill == .seasonal, season > 1 {
        let around = [row - season, row + season].filter { before.indices.contains($0) && !before[$0].isNaN }
        if !around.isEmpty {
          values[row] = around.reduce(0) { $0 + before[$1] } / Double(around.count)
          continue
        }
      }
      let next = before[row...].firstIndex { !$0.isNaN }
      if fill != .last, let next {
        values[row] = values[row - 1] + (before[next] - values[row - 1]) / Double(next - row + 1)
      } else {
        values[row] = values[row - 1]
      }
    }
    return (values, missing.count)
  }

  /// A row for each value to come: time, forecast, low and high.
  public var table: Table {
    get throws {
      try Table([
        Column(time == "forecast" ? "time" : time, points.map { Optional($0.time) }),
        Column("forecast", points.map { Optional($0.forecast) }),
        Column("low", points.map { Optional($0.low) }), Column("high", points.map { Optional($0.high) }),
      ])
    }
  }
}
