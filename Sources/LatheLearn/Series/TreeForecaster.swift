import LatheCore
import LatheTables

/// Boosted trees on values before, means of windows and the calendar; each forecast is a value before for the next one.
public struct TreeForecaster: Sendable {
  /// What trees see and how they are trained.
  public struct Configuration: Sendable, Hashable {
    /// How far back values are seen.
    public var lags: [Int]
    /// Windows whose means and deviations are seen.
    public var windows: [Int]
    /// What is predicted is the change from the value so far back, so that trends go on; 0 for the value itself.
    public var difference: Int
    /// Whether month, weekday, day and hour are seen, of dates.
    public var usesCalendar = true
    /// How trees are boosted.
    public var boosting: BoostingConfiguration

    /// A season's values, or ten, and changes from a season ago.
    public init(season: Int = 1) {
      let length = max(season, 1)
      lags = Array(Set(Array(1...max(min(length, 24), 4)) + (length > 1 ? [length, length + 1] : [])))
        .sorted()
      windows = length > 1 ? [3, length] : [3, 7]
      difference = length
      boosting = BoostingConfiguration(loss: .squared)
      boosting.treeCount = 200
      boosting.learningRate = 0.05
      boosting.leafCount = 8
      boosting.minRowsInLeaf = 5
    }
  }

  private let configuration: Configuration
  private let model: BoostedTrees
  private let history: [Double]
  private let times: SeriesTimes
  private let deviation: Double

  /// Learns from values.
  ///
  /// - Throws: `LatheError.invalidArgument` where a value is not finite or they are too few for what trees see.
  public init(fit values: [Double], times: SeriesTimes, _ configuration: Configuration) throws {
    let first = Self.first(configuration)
    guard configuration.lags.allSatisfy({ $0 > 0 }), configuration.windows.allSatisfy({ $0 > 1 }),
      configuration.difference >= 0, !configuration.lags.isEmpty
    else {
      throw LatheError(
        .invalidArgument,
        "trees on values before: lags \(configuration.lags), windows \(configuration.windows), difference "
          + "\(configuration.difference); lags must be 1 or more, windows 2 or more, and one lag is needed")
    }
    let least = first + 2 * configuration.boosting.minRowsInLeaf
    guard values.count >= least, values.count == times.values.count, values.allSatisfy(\.isFinite) else {
      throw LatheError(
        .invalidArgument,
        "trees on values before: \(counted(values.count, "values")) and \(times.values.count) times; \(least) values are the "
          + "least, all finite")
    }
    let rows = (first..<values.count).map { Self.row(values, $0, times.values[$0], times, configuration) }
    let targets = (first..<values.count).map { values[$0] - Self.base(values, $0, configuration) }
    let data = LabelledRows(FeatureMatrix(rows), targets)
    model = try BoostedTrees.train(data, configuration.boosting)
    // Errors of the last fifth by a model that did not see it say how far forecasts are off.
    let kept = max(rows.count * 4 / 5, min(rows.count, configuration.boosting.minRowsInLeaf * 2))
    let part = kept < rows.count ? kept : 0
    let early =
      part > 0
      ? try BoostedTrees.train(data.selecting(Array(0..<part)), configuration.boosting) : model
    let late = Array(part..<rows.count)
    let errors = zip(early.predict(data.features.selecting(rows: late)), late).map { $0 - targets[$1] }
    deviation = (errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)).squareRoot()
    self.configuration = configuration
    history = values
    self.times = times
  }

  private static func first(_ configuration: Configuration) -> Int {
    max(configuration.lags.max() ?? 1, configuration.windows.max() ?? 1, configuration.difference)
  }

  private static func base(_ values: [Double], _ t: Int, _ configuration: Configuration) -> Double {
    configuration.difference > 0 ? values[t - configuration.difference] : 0
  }

  /// What is seen of a time: only values before it.
  private static func row(
    _ values: [Double], _ t: Int, _ time: Int64, _ times: SeriesTimes, _ configuration: Configuration
  ) -> [Double] {
    let base = base(values, t, configuration)
    var result = configuration.lags.map { values[t - $0] - base }
    for window in configuration.windows {
      let own = Array(values[t - window..<t])
      result.append(Sums.mean(own) - base)
      result.append(Sums.variance(own, freedom: 0).squareRoot())
    }
    if configuration.usesCalendar, times.areDates {
      let civil = CivilTime(time)
      result += [Double(civil.month), Double(civil.weekday), Double(civil.day), Double(civil.hour)]
    }
    return result
  }

  /// The next values.
  public func forecast(_ steps: Int) -> Forecast {
    var values = history
    for time in times.next(steps) {
      let row = Self.row(values, values.count, time, times, configuration)
      values.append(Self.base(values, values.count, configuration) + model.predict(FeatureMatrix([row]))[0])
    }
    // A change from a value before has that one's error, too.
    let length = max(configuration.difference, 1)
    return Forecast(
      means: Array(values.suffix(steps)),
      deviations: (0..<steps).map { deviation * Double($0 / length + 1).squareRoot() })
  }
}
