import LatheCore
import LatheTables

/// Values as weighted sums of values and errors before, after differences: ARIMA(p, d, q)(P, D, Q) by conditional least squares,
/// from Hannan and Rissanen's estimates.
public struct ARIMA: Sendable, Hashable, Codable {
  /// How many of each there are.
  public struct Order: Sendable, Hashable, Codable, CustomStringConvertible {
    /// Values before.
    public var p: Int
    /// Differences of neighbours.
    public var d: Int
    /// Errors before.
    public var q: Int
    /// Values of seasons before.
    public var seasonalP = 0
    /// Differences of seasons.
    public var seasonalD = 0
    /// Errors of seasons before.
    public var seasonalQ = 0
    /// Values of a season; 1 for none.
    public var period = 1
    /// Whether the differences have a mean; nil for without differences.
    public var hasConstant: Bool?

    /// An order.
    public init(_ p: Int, _ d: Int, _ q: Int) { (self.p, self.d, self.q) = (p, d, q) }

    /// An order with a season.
    public init(
      _ p: Int, _ d: Int, _ q: Int, seasonal: (p: Int, d: Int, q: Int), period: Int,
      hasConstant: Bool? = nil
    ) {
      self.init(p, d, q)
      (seasonalP, seasonalD, seasonalQ, self.period) = (seasonal.p, seasonal.d, seasonal.q, period)
      self.hasConstant = hasConstant
    }

    /// Whether the differences have a mean.
    public var constant: Bool { hasConstant ?? (d + seasonalD == 0) }

    /// `(1, 1, 2)(0, 1, 1)[12]`.
    public var description: String {
      let own = "(\(p), \(d), \(q))"
      guard period > 1, seasonalP + seasonalD + seasonalQ > 0 else { return own }
      return "\(own)(\(seasonalP), \(seasonalD), \(seasonalQ))[\(period)]"
    }
  }

  /// How many of each there are.
  public let order: Order
  /// Weights of values before.
  public let ar: [Double]
  /// Weights of errors before.
  public let ma: [Double]
  /// Weights of values of seasons before.
  public let seasonalAR: [Double]
  /// Weights of errors of seasons before.
  public let seasonalMA: [Double]
  /// The mean of the differences.
  public let mean: Double
  /// The sum of squared errors of the values that have all values before.
  public let squaredError: Double
  /// How many errors that is a sum of.
  public let errorCount: Int
  private let history: [Double]
  private let errors: [Double]

  /// Learns weights.
  ///
  /// - Throws: `LatheError.invalidArgument` where orders are negative or too large, or values too few or not finite.
  public init(fit values: [Double], _ order: Order) throws {
    let problem = try ARIMAProblem(values, order)
    let found = SmoothMinimum.find(from: problem.starts) { problem.loss($0) }
    let weights = problem.weights(found.point)
    let errors = problem.errors(weights)
    self.order = order
    (ar, ma, seasonalAR, seasonalMA, mean) =
      (weights.ar, weights.ma, weights.seasonalAR, weights.seasonalMA, weights.mean)
    squaredError = errors.reduce(0) { $0 + $1 * $1 }
    errorCount = max(1, problem.differences.count - problem.first)
    history = values
    self.errors = errors
  }

  /// How many numbers are learned, the deviation included.
  private var count: Int { order.p + order.q + order.seasonalP + order.seasonalQ + (order.constant ? 2 : 1) }

  /// Akaike's criterion with the correction for few values, of conditional sums: less is better among equal differences.
  public var aicc: Double {
    let (n, k) = (Double(errorCount), Double(count))
    guard n > k + 1 else { return .infinity }
    return n * logarithm(max(squaredError, 1e-300) / n) + 2 * k + 2 * k * (k + 1) / (n - k - 1)
  }

  /// The next values.
  public func forecast(_ steps: Int) -> Forecast {
    let stationary = Polynomial.product(Polynomial.ar(ar), Polynomial.ar(seasonalAR, period: order.period))
    let all = Polynomial.product(
      stationary, Polynomial.differences(order.d, order.seasonalD, period: order.period))
    let moving = Polynomial.product(Polynomial.ma(ma), Polynomial.ma(seasonalMA, period: order.period))
    // y = constant - (all[1] y_-1 + ...) + e + moving[1] e_-1 + ...
    let constant = mean * stationary.reduce(0, +)
    var values = history
    let late = errors + [Double](repeating: 0, count: steps)
    let n = errors.count
    for step in 0..<steps {
      var value = constant
      for i in 1..<max(all.count, 1) where values.count - i >= 0 {
        value -= all[i] * values[values.count - i]
      }
      for j in 1..<max(moving.count, 1) where j > step && n + step - j >= 0 {
        value += moving[j] * late[n + step - j]
      }
      values.append(value)
    }
    // What an error adds to later values.
    var psi: [Double] = []
    var sum = 0.0
    let sigma = (squaredError / Double(max(1, errorCount - count + 1))).squareRoot()
    let deviations = (0..<steps).map { step -> Double in
      var own = step < moving.count ? moving[step] : 0
      for i in 1..<max(all.count, 1) where i <= step { own -= all[i] * psi[step - i] }
      psi.append(own)
      sum += own * own
      return sigma * sum.squareRoot()
    }
    return Forecast(means: Array(values.suffix(steps)), deviations: deviations)
  }

  /// The order with the least `aicc`, after as many differences as the values need: seasonal ones where seasons are strong,
  /// others while KPSS's test (Kwiatkowski and others, 1992) finds the level moving.
  ///
  /// - Parameter period: Values of a season; 1 for none.
  public static func auto(_ values: [Double], period: Int = 1) throws -> ARIMA {
    let isSeasonal = period > 1 && values.count >= 3 * period
    let seasonalD = isSeasonal && Stationarity.seasonStrength(values, period: period) > 0.64 ? 1 : 0
    var left = seasonalD == 1 ? Polynomial.difference(values, period) : values
    var d = 0
    while d < 2, left.count > 10, Stationarity.levelMoves(left) {
      left = Polynomial.difference(left, 1)
      d += 1
    }
    var best: ARIMA?
    let most = min(2, max(0, (left.count - 4) / 4))
    for seasonal in isSeasonal ? [(0, 0), (0, 1), (1, 0)] : [(0, 0)] {
      for p in 0...most {
        for q in 0...most {
          let order = Order(
            p, d, q, seasonal: (seasonal.0, seasonalD, seasonal.1), period: period,
            hasConstant: d + seasonalD <= 1)
          guard let own = try? ARIMA(fit: values, order) else { continue }
          if best.map({ own.aicc < $0.aicc }) ?? true { best = own }
        }
      }
    }
    if let best { return best }
    // Too few values for any of them: the error says so.
    return try ARIMA(fit: values, Order(0, 0, 0))
  }
}
