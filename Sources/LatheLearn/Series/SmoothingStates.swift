/// Level, trend and season on the way through values.
struct SmoothingStates {
  var level: Double
  var trend: Double
  /// The season, of which the first is due next.
  var season: [Double]
  private var place = 0

  init(_ parameters: ExponentialSmoothing.Parameters) {
    (level, trend, season) = (parameters.level, parameters.trend, parameters.season)
  }

  /// What is expected of the next value.
  func expected(
    _ configuration: ExponentialSmoothing.Configuration, _ p: ExponentialSmoothing.Parameters
  ) -> Double {
    let base = level + p.phi * trend
    switch configuration.season {
    case .none: return base
    case .additive: return base + season[place]
    case .multiplicative: return base * season[place]
    }
  }

  /// Takes a value in.
  mutating func follow(
    _ value: Double, _ configuration: ExponentialSmoothing.Configuration,
    _ p: ExponentialSmoothing.Parameters
  ) {
    let base = level + p.phi * trend
    let before = level
    switch configuration.season {
    case .none: level = p.alpha * value + (1 - p.alpha) * base
    case .additive:
      level = p.alpha * (value - season[place]) + (1 - p.alpha) * base
      season[place] = p.gamma * (value - base) + (1 - p.gamma) * season[place]
    case .multiplicative:
      level = p.alpha * (value / season[place]) + (1 - p.alpha) * base
      season[place] = p.gamma * (value / base) + (1 - p.gamma) * season[place]
    }
    if configuration.trend != .none {
      trend = p.beta * (level - before) + (1 - p.beta) * p.phi * trend
    }
    if !season.isEmpty { place = place + 1 == season.count ? 0 : place + 1 }
  }

  /// Takes all values in, and says what was expected of each.
  mutating func run(
    _ values: [Double], _ configuration: ExponentialSmoothing.Configuration,
    _ p: ExponentialSmoothing.Parameters, _ report: (Int, Double) -> Void
  ) {
    for (row, value) in values.enumerated() {
      report(row, expected(configuration, p))
      follow(value, configuration, p)
    }
    // The season that is due next comes first.
    season = Array(season[place...] + season[..<place])
    place = 0
  }
}

/// Parameters of exponential smoothing as numbers without bounds, for a minimiser.
struct SmoothingProblem {
  private let values: [Double]
  private let configuration: ExponentialSmoothing.Configuration
  private let scale: Double
  private let total: Double

  init(_ values: [Double], _ configuration: ExponentialSmoothing.Configuration) {
    self.values = values
    self.configuration = configuration
    let mean = values.reduce(0, +) / Double(values.count)
    let spread = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    total = spread > 0 ? spread : 1
    scale = max((spread / Double(values.count)).squareRoot(), 1e-9 * max(1, abs(mean)))
  }

  private var hasTrend: Bool { configuration.trend != .none }
  private var hasSeason: Bool { configuration.season != .none }

  /// Points to begin from: simple guesses of states, and slow and fast smoothing.
  var starts: [[Double]] {
    let period = hasSeason ? configuration.period : 1
    let length = hasSeason ? period : min(10, values.count / 2)
    let first = values[..<length].reduce(0, +) / Double(length)
    let second = values[length..<2 * length].reduce(0, +) / Double(length)
    let slope = (second - first) / Double(length)
    // Trends have several minima; seasons hold them, and take long.
    let quick = hasTrend && !hasSeason ? [(0.15, 0.5), (0.5, 0.5), (0.85, 0.5)] : []
    return ([(0.15, 0.2), (0.5, 0.2), (0.85, 0.2)] + quick).map { alpha, beta in
      var point = [logit(alpha)]
      if hasTrend { point.append(logit(beta)) }
      if hasSeason { point.append(logit(0.3)) }
      if configuration.trend == .damped { point.append(logit(beta < 0.5 ? 0.8 : 0.2)) }
      point.append((hasTrend ? first - slope * Double(length) / 2 : first) / scale)
      if hasTrend { point.append(slope / scale) }
      if hasSeason {
        for k in 0..<period {
          point.append(
            configuration.season == .additive ? (values[k] - first) / scale : values[k] / max(first, 1e-12))
        }
      }
      return point
    }
  }

  private func logit(_ p: Double) -> Double { logarithm(p / (1 - p)) }

  /// The parameters of a point: the trend follows no faster than the level, the season by what the level leaves, as statsmodels
  /// holds them.
  func parameters(_ point: [Double]) -> ExponentialSmoothing.Parameters {
    var next = 0
    func take() -> Double {
      next += 1
      return point[next - 1]
    }
    let alpha = logistic(take())
    let beta = hasTrend ? alpha * logistic(take()) : 0
    let gamma = hasSeason ? (1 - alpha) * logistic(take()) : 0
    let phi = configuration.trend == .damped ? 0.8 + 0.195 * logistic(take()) : 1
    let level = take() * scale
    let trend = hasTrend ? take() * scale : 0
    let unit = configuration.season == .additive ? scale : 1
    let season = hasSeason ? point[next...].map { $0 * unit } : []
    return .init(
      alpha: alpha, beta: beta, gamma: gamma, phi: phi, level: level, trend: trend, season: season)
  }

  /// The squared error as a part of the values' spread.
  func loss(_ point: [Double]) -> Double {
    let p = parameters(point)
    var states = SmoothingStates(p)
    var sum = 0.0
    for value in values {
      let error = value - states.expected(configuration, p)
      sum += error * error
      states.follow(value, configuration, p)
    }
    return sum.isFinite ? sum / total : 1e30
  }
}
