import LatheCore

/// The value of a season ago; with a season of 1 the last value.
///
/// What every other forecast must beat.
public struct SeasonalNaive: Sendable, Hashable, Codable {
  /// Values of a season.
  public let season: Int
  private let last: [Double]
  private let deviation: Double

  /// Learns the last season of values.
  ///
  /// - Throws: `LatheError.invalidArgument` where there are fewer values than a season and one.
  public init(fit values: [Double], season: Int = 1) throws {
    guard season > 0, values.count > season, values.allSatisfy(\.isFinite) else {
      throw LatheError(
        .invalidArgument,
        "seasonal naive forecast: \(counted(values.count, "values")), a season of \(season); more values than a season are "
          + "needed, all finite")
    }
    self.season = season
    last = Array(values.suffix(season))
    let errors = (season..<values.count).map { values[$0] - values[$0 - season] }
    deviation = (errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)).squareRoot()
  }

  /// The next values.
  public func forecast(_ steps: Int) -> Forecast {
    Forecast(
      means: (0..<steps).map { last[$0 % season] },
      deviations: (0..<steps).map { deviation * Double($0 / season + 1).squareRoot() })
  }
}
