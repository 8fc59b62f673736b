import LatheCore
import LatheTables

/// Level, trend and season that follow the values (Holt, Winters): parameters and first states by least squares, in the words and
/// by the equations of statsmodels' `ExponentialSmoothing`.
public struct ExponentialSmoothing: Sendable, Hashable, Codable {
  /// How values go on.
  public enum Trend: String, Sendable, Hashable, Codable, CaseIterable {
    /// They stay.
    case none
    /// They rise or fall by the same amount.
    case additive
    /// They do so less and less.
    case damped
  }

  /// How values depend on the place in a season.
  public enum Season: String, Sendable, Hashable, Codable, CaseIterable {
    /// They do not.
    case none
    /// Something is added.
    case additive
    /// They are multiplied; all values must be above 0.
    case multiplicative
  }

  /// Which parts there are.
  public struct Configuration: Sendable, Hashable, Codable {
    /// How values go on.
    public var trend: Trend
    /// How values depend on the place in a season.
    public var season: Season
    /// Values of a season.
    public var period: Int

    /// Parts; without any it is simple exponential smoothing.
    public init(trend: Trend = .none, season: Season = .none, period: Int = 1) {
      self.trend = trend
      self.season = season
      self.period = period
    }
  }

  /// Smoothing parameters and the states before the first value.
  public struct Parameters: Sendable, Hashable, Codable {
    /// How fast the level follows (`smoothing_level`).
    public var alpha: Double
    /// How fast the trend follows (`smoothing_trend`).
    public var beta = 0.0
    /// How fast the season follows (`smoothing_seasonal`).
    public var gamma = 0.0
    /// What a damped trend is multiplied by (`damping_trend`).
    public var phi = 1.0
    /// The first level.
    public var level: Double
    /// The first trend.
    public var trend = 0.0
    /// The first season, oldest first.
    public var season: [Double] = []

    /// Known parameters.
    public init(
      alpha: Double, beta: Double = 0, gamma: Double = 0, phi: Double = 1, level: Double, trend: Double = 0,
      season: [Double] = []
    ) {
      self.alpha = alpha
      self.beta = beta
      self.gamma = gamma
      self.phi = phi
      self.level = level
      self.trend = trend
      self.season = season
    }
  }

  /// Which parts there are.
  public let configuration: Configuration
  /// The parameters and first states.
  public let parameters: Parameters
  /// What was expected of each value one step before.
  public let fitted: [Double]
  /// The sum of squared errors.
  public let squaredError: Double
  private let level: Double
  private let trend: Double
  private let season: [Double]
  private let deviation: Double

  /// Learns parameters and first states.
  ///
  /// - Throws: `LatheError.invalidArgument` where there are too few values, one is not finite, or none above 0 where seasons
  ///   multiply.
  public init(fit values: [Double], _ configuration: Configuration = Configuration()) throws {
    try Self.check(values, configuration)
    let problem = SmoothingProblem(values, configuration)
    let found = SmoothMinimum.find(from: problem.starts) { problem.loss($0) }
    self.init(values, configuration, problem.parameters(found.point))
  }

  /// Values run through with known parameters.
  public init(values: [Double], _ configuration: Configuration, parameters: Parameters) throws {
    try Self.check(values, configuration)
    guard configuration.season == .none || parameters.season.count == configuration.period else {
      throw LatheError(
        .invalidArgument,
        "exponential smoothing: \(parameters.season.count) seasonal states for a season of \(configuration.period)"
      )
    }
    self.init(values, configuration, parameters)
  }

  private init(_ values: [Double], _ configuration: Configuration, _ parameters: Parameters) {
    var fitted = [Double](repeating: 0, count: values.count)
    var states = SmoothingStates(parameters)
    states.run(values, configuration, parameters) { fitted[$0] = $1 }
    self.configuration = configuration
    self.parameters = parameters
    self.fitted = fitted
    squaredError = zip(values, fitted).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    (level, trend, season) = (states.level, states.trend, states.season)
    let free = max(1, values.count - Self.count(configuration))
    deviation = (squaredError / Double(free)).squareRoot()
  }

  private static func check(_ values: [Double], _ configuration: Configuration) throws {
    let period = configuration.season == .none ? 1 : configuration.period
    let least = configuration.season == .none ? 4 : 2 * period
    guard period >= 1, configuration.season == .none || period >= 2, values.count >= least,
      values.allSatisfy(\.isFinite)
    else {
      throw LatheError(
        .invalidArgument,
        "exponential smoothing: \(counted(values.count, "values")), a season of \(configuration.period); two seasons or four "
          + "values are the least, all finite")
    }
    guard configuration.season != .multiplicative || values.allSatisfy({ $0 > 0 }) else {
      throw LatheError(
        .invalidArgument,
        "exponential smoothing: seasons that multiply need values above 0; take additive ones")
    }
  }

  /// How many numbers are learned.
  private static func count(_ configuration: Configuration) -> Int {
    2 + (configuration.trend == .none ? 0 : 2) + (configuration.trend == .damped ? 1 : 0)
      + (configuration.season == .none ? 0 : configuration.period)
  }

  /// Akaike's criterion with the correction for few values: less is better.
  public var aicc: Double {
    let (n, k) = (Double(fitted.count), Double(Self.count(configuration) + 1))
    let fit = n * logarithm(max(squaredError, 1e-300) / n) + 2 * k
    return n > k + 1 ? fit + 2 * k * (k + 1) / (n - k - 1) : .infinity
  }

  /// The parts with the least `aicc`.
  ///
  /// - Parameter period: Values of a season; 1 for none.
  public static func auto(_ values: [Double], period: Int = 1) throws -> ExponentialSmoothing {
    var best: ExponentialSmoothing?
    let seasons: [Season] = period > 1 && values.count >= 2 * period ? Season.allCases : [.none]
    for season in seasons where season != .multiplicative || values.allSatisfy({ $0 > 0 }) {
      for trend in Trend.allCases {
        let own = try ExponentialSmoothing(
          fit: values, .init(trend: trend, season: season, period: period))
        if best.map({ own.aicc < $0.aicc }) ?? true { best = own }
      }
    }
    guard let best else { throw LatheError(.invalidArgument, "exponential smoothing: no values") }
    return best
  }

  /// The next values; deviations are exact where seasons add, and drawn (1,000 ways on) where they multiply.
  public func forecast(_ steps: Int) -> Forecast {
    var means: [Double] = []
    var damping = 0.0
    var factor = 1.0
    for step in 0..<steps {
      factor *= parameters.phi
      damping += factor
      let base = level + damping * trend
      switch configuration.season {
      case .none: means.append(base)
      case .additive: means.append(base + season[step % season.count])
      case .multiplicative: means.append(base * season[step % season.count])
      }
    }
    return Forecast(
      means: means,
      deviations: configuration.season == .multiplicative ? drawnDeviations(means) : deviations(steps))
  }

  /// sigma^2 (1 + the squares of what an error adds to later values) (Hyndman and others, 2008).
  private func deviations(_ steps: Int) -> [Double] {
    let p = parameters
    var sum = 1.0
    var damping = 0.0
    var factor = 1.0
    return (0..<steps).map { step in
      if step > 0 {
        factor *= p.phi
        damping += factor
        // Here the trend follows the change of the level, by beta of alpha.
        var effect = p.alpha + p.alpha * p.beta * damping
        if configuration.season == .additive, step % configuration.period == 0 { effect += p.gamma }
        sum += effect * effect
      }
      return deviation * sum.squareRoot()
    }
  }

  private func drawnDeviations(_ means: [Double]) -> [Double] {
    var random = RandomSource(seed: 17)
    var sums = [Double](repeating: 0, count: means.count)
    let ways = 1000
    for _ in 0..<ways {
      var states = SmoothingStates(parameters)
      (states.level, states.trend, states.season) = (level, trend, season)
      for step in means.indices {
        let value = states.expected(configuration, parameters) + deviation * random.normal()
        states.follow(value, configuration, parameters)
        sums[step] += (value - means[step]) * (value - means[step])
      }
    }
    return sums.map { ($0 / Double(ways)).squareRoot() }
  }
}
