import CPUKernels
import LatheCore

/// What stochastic gradient descent minimises besides the penalty, in scikit-learn's words.
public enum SGDLoss: Sendable, Hashable, Codable {
  /// What a score lacks to 1 on its side: a linear support vector machine.
  case hinge
  /// The log loss: logistic regression.
  case logLoss
  /// The square of what a score lacks to 1 on its side.
  case squaredHinge
  /// The same, but linear where a score is far on the wrong side.
  case modifiedHuber
  /// What a score lacks to 0 on its side.
  case perceptron
  /// Half the square of the error.
  case squaredError
  /// The same, but linear from epsilon on.
  case huber(epsilon: Double = 0.1)
  /// What an error is beyond epsilon.
  case epsilonInsensitive(epsilon: Double = 0.1)
  /// Its square.
  case squaredEpsilonInsensitive(epsilon: Double = 0.1)

  /// Whether targets are classes.
  var isOfClasses: Bool {
    switch self {
    case .hinge, .logLoss, .squaredHinge, .modifiedHuber, .perceptron: true
    default: false
    }
  }

  /// The loss of a score and its derivative; classes are -1 and 1.
  func value(_ p: Double, _ y: Double) -> (loss: Double, slope: Double) {
    let z = p * y
    switch self {
    case .hinge: return z <= 1 ? (1 - z, -y) : (0, 0)
    case .perceptron: return z <= 0 ? (-z, -y) : (0, 0)
    case .squaredHinge: return z < 1 ? ((1 - z) * (1 - z), -2 * y * (1 - z)) : (0, 0)
    case .modifiedHuber:
      if z >= 1 { return (0, 0) }
      return z >= -1 ? ((1 - z) * (1 - z), -2 * y * (1 - z)) : (-4 * z, -4 * y)
    case .logLoss:
      return (z > 0 ? logOnePlus(exponential(-z)) : logOnePlus(exponential(z)) - z, -y * logistic(-z))
    case .squaredError: return (0.5 * (p - y) * (p - y), p - y)
    case .huber(let c):
      let r = p - y
      return abs(r) <= c ? (0.5 * r * r, r) : (c * abs(r) - 0.5 * c * c, r > 0 ? c : -c)
    case .epsilonInsensitive(let epsilon):
      return (max(0, abs(y - p) - epsilon), y - p > epsilon ? -1 : p - y > epsilon ? 1 : 0)
    case .squaredEpsilonInsensitive(let epsilon):
      let r = max(0, abs(y - p) - epsilon)
      return (r * r, y - p > epsilon ? -2 * r : p - y > epsilon ? 2 * r : 0)
    }
  }
}

/// How stochastic gradient descent goes, in scikit-learn's words and with its defaults.
public struct SGDConfiguration: Sendable, Hashable, Codable {
  /// The length of steps.
  public enum LearningRate: Sendable, Hashable, Codable {
    /// 1 / (alpha x (steps + a start that Bottou found)).
    case optimal
    /// Always the same.
    case constant(Double)
    /// A number by a power of the steps.
    case inverseScaling(Double, power: Double)
    /// A number that becomes a fifth where nothing is gained any more.
    case adaptive(Double)
  }

  /// What is minimised besides the penalty.
  public var loss: SGDLoss
  /// The factor of the penalty.
  public var alpha = 1e-4
  /// The part of the penalty that is of absolute weights: 0 for L2, 1 for L1.
  public var l1Ratio = 0.0
  /// The length of steps.
  public var learningRate: LearningRate
  /// Whether there is a constant besides the weighted sum.
  public var fitsIntercept = true
  /// The most rounds through all rows.
  public var maxIterations = 1000
  /// What the mean objective must improve by; nil for rounds that nothing ends.
  public var tolerance: Double? = 1e-3
  /// Rounds without improvement that end training.
  public var patience = 5
  /// What the order of rows depends on; nil keeps it.
  public var seed: UInt64? = 0
  /// How much the rows of each class count.
  public var classWeights = ClassWeights.none

  /// The defaults: of classes `SGDClassifier`'s, of numbers `SGDRegressor`'s.
  public init(_ loss: SGDLoss = .hinge) {
    self.loss = loss
    learningRate = loss.isOfClasses ? .optimal : .inverseScaling(0.01, power: 0.25)
  }
}

/// The weights of one output on their way.
struct SGDState: Sendable, Hashable, Codable {
  var weights: [Double]
  var intercept = 0.0
  /// Steps so far, from 1 on.
  var time = 1.0

  /// Rounds through rows; returns how many there were.
  ///
  /// - Throws: `LatheError` where numbers grow beyond float64.
  mutating func run(
    _ x: DenseRows, _ targets: [Double], _ rowWeights: [Double]?, _ c: SGDConfiguration, rounds: Int
  ) throws -> (rounds: Int, hasConverged: Bool) {
    let columns = x.columns
    let typical = (1 / c.alpha.squareRoot()).squareRoot()
    let start = 1 / (typical / max(1, c.loss.value(-typical, 1).slope) * c.alpha)
    var eta: Double =
      switch c.learningRate {
      case .constant(let rate), .adaptive(let rate), .inverseScaling(let rate, _): rate
      case .optimal: 0
      }
    // What absolute weights would have lost, and what they did (Tsuruoka, Tsujii and Ananiadou, 2009).
    var (due, paid) = (0.0, [Double](repeating: 0, count: c.l1Ratio > 0 ? columns : 0))
    var random = RandomSource(seed: c.seed ?? 0)
    var order = Array(0..<x.rows)
    var (best, idle) = (Double.infinity, 0)
    for round in 1...max(1, rounds) {
      if c.seed != nil { random.shuffle(&order) }
      var objective = 0.0
      for row in order {
        objective += x.values.withUnsafeBufferPointer { values -> Double in
          guard let point = values.baseAddress.map({ $0 + row * columns }) else { return 0 }
          let score = lathe_linear_dot(weights, point, columns) + intercept
          switch c.learningRate {
          case .optimal: eta = 1 / (c.alpha * (start + time - 1))
          case .inverseScaling(let rate, let exponent): eta = rate / power(time, exponent)
          default: break
          }
          let (loss, slope) = c.loss.value(score, targets[row])
          var cost = loss + c.alpha * (1 - c.l1Ratio) * 0.5 * lathe_linear_dot(weights, weights, columns)
          if c.l1Ratio > 0 { cost += c.alpha * c.l1Ratio * weights.reduce(0) { $0 + abs($1) } }
          let update = -eta * min(max(slope, -1e12), 1e12) * (rowWeights?[row] ?? 1)
          if c.l1Ratio < 1 {
            let shrink = max(0, 1 - (1 - c.l1Ratio) * eta * c.alpha)
            for j in 0..<columns { weights[j] *= shrink }
          }
          if update != 0 {
            lathe_linear_add(update, point, &weights, columns)
            if c.fitsIntercept { intercept += update }
          }
          if c.l1Ratio > 0 {
            due += c.l1Ratio * eta * c.alpha
            for j in 0..<columns {
              let before = weights[j]
              if before > 0 { weights[j] = max(0, before - (due + paid[j])) }
              if before < 0 { weights[j] = min(0, before + (due - paid[j])) }
              paid[j] += weights[j] - before
            }
          }
          time += 1
          return cost
        }
      }
      guard intercept.isFinite, weights.allSatisfy(\.isFinite) else {
        throw LatheError(
          .invalidArgument,
          "stochastic gradient descent: weights are beyond float64; scale the columns, or take smaller steps")
      }
      let mean = objective / Double(x.rows)
      idle = c.tolerance.map { mean > best - $0 } ?? false ? idle + 1 : 0
      best = min(best, mean)
      if idle >= c.patience {
        if case .adaptive = c.learningRate, eta > 1e-6 {
          eta /= 5
          idle = 0
        } else {
          return (round, true)
        }
      }
    }
    return (max(1, rounds), false)
  }

  static func check(_ c: SGDConfiguration, what: String) throws {
    try LinearChecks.expect(
      c.alpha >= 0 && (0...1).contains(c.l1Ratio) && c.patience >= 1,
      "\(what): alpha \(c.alpha), l1Ratio \(c.l1Ratio); alpha must not be negative, and the ratio in 0...1")
    if case .optimal = c.learningRate {
      try LinearChecks.expect(c.alpha > 0, "\(what): the optimal learning rate needs an alpha above 0")
    }
  }
}

/// Classes by weighted sums that are learned row by row: scikit-learn's `SGDClassifier`.
///
/// Of several classes each is told from all others.
public struct SGDClassifier: Sendable, Hashable, Codable {
  /// How it is trained.
  public let configuration: SGDConfiguration
  /// How many classes there are.
  public let classes: Int
  /// Whether training ended because nothing was gained any more.
  public private(set) var hasConverged = false
  private var states: [SGDState]

  /// For each output a weight for each feature: one output for two classes, else one for each class.
  public var coefficients: [[Double]] { states.map(\.weights) }
  /// For each output the constant.
  public var intercepts: [Double] { states.map(\.intercept) }
  var columns: Int { states.first?.weights.count ?? 0 }
  var isSound: Bool {
    classes >= 2 && states.count == (classes == 2 ? 1 : classes)
      && states.allSatisfy { $0.weights.count == columns }
  }

  /// A model that has seen no rows, for `partialFit`.
  ///
  /// - Throws: `LatheError.invalidArgument` for settings out of their range, and a loss of numbers.
  public init(classes: Int, columns: Int, _ configuration: SGDConfiguration = .init()) throws {
    let what = "stochastic gradient descent"
    try SGDState.check(configuration, what: what)
    try LinearChecks.expect(
      classes >= 2 && columns >= 1 && configuration.loss.isOfClasses,
      "\(what): \(classes) classes of \(columns) columns by \(configuration.loss); two classes, a column and a loss of "
        + "classes are needed")
    (self.classes, self.configuration) = (classes, configuration)
    states = .init(
      repeating: SGDState(weights: .init(repeating: 0, count: columns)), count: classes == 2 ? 1 : classes)
  }

  /// Trains a model; targets are classes 0, 1, ...
  ///
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values, one class alone, and steps that are too long.
  public static func train(
    _ data: LabelledRows, _ configuration: SGDConfiguration = .init()
  ) throws -> SGDClassifier {
    let classes = try LinearChecks.classes(data, what: "stochastic gradient descent")
    var model = try SGDClassifier(classes: classes, columns: data.features.columns, configuration)
    try model.learn(data, rounds: configuration.maxIterations)
    return model
  }

  /// Learns from more rows, in one round; not all classes need be there.
  ///
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values, and classes or columns that are not there.
  public mutating func partialFit(_ data: LabelledRows) throws { try learn(data, rounds: 1) }

  private mutating func learn(_ data: LabelledRows, rounds: Int) throws {
    let what = "stochastic gradient descent"
    try LinearChecks.check(data, what: what)
    try LinearChecks.expect(
      data.features.columns == columns
        && data.targets.allSatisfy { $0 >= 0 && $0 < Double(classes) && $0 == $0.rounded() },
      "\(what): \(data.features.columns) columns, the model has \(columns); targets must be classes below \(classes)"
    )
    let x = try DenseRows(data.features, what: what)
    let weights = try configuration.classWeights.rowWeights(data, classes: classes, what: what)
    hasConverged = true
    for output in states.indices {
      let own = classes == 2 ? 1 : output
      let result = try states[output].run(
        x, data.targets.map { Int($0) == own ? 1 : -1 }, weights, configuration, rounds: rounds)
      hasConverged = hasConverged && result.hasConverged
    }
  }

  /// The weighted sums of rows, for each row one for each output.
  public func scores(_ x: FeatureMatrix) -> [Double] {
    LinearScores.of(x, coefficients: coefficients, intercepts: intercepts)
  }

  /// The probability of each class, class after class in each row; nil unless the loss is `logLoss`.
  ///
  /// Of several classes they are each class's own, made to add up to one.
  public func probabilities(_ x: FeatureMatrix) -> [Double]? {
    guard configuration.loss == .logLoss else { return nil }
    let scores = scores(x)
    if classes == 2 { return scores.flatMap { [logistic(-$0), logistic($0)] } }
    return stride(from: 0, to: scores.count, by: classes).flatMap { first -> [Double] in
      let own = scores[first..<first + classes].map { logistic($0) }
      let sum = own.reduce(0, +)
      return own.map { sum > 0 ? $0 / sum : 1 / Double(classes) }
    }
  }

  /// The class of each row.
  public func predict(_ x: FeatureMatrix) -> [Double] { RowAnswers.classes(scores(x), outputs: states.count) }
}

/// Numbers by weighted sums that are learned row by row: scikit-learn's `SGDRegressor`.
public struct SGDRegressor: Sendable, Hashable, Codable {
  /// How it is trained.
  public let configuration: SGDConfiguration
  /// Whether training ended because nothing was gained any more.
  public private(set) var hasConverged = false
  private var state: SGDState

  /// A weight for each feature.
  public var coefficients: [Double] { state.weights }
  /// The constant.
  public var intercept: Double { state.intercept }

  /// A model that has seen no rows, for `partialFit`.
  ///
  /// - Throws: `LatheError.invalidArgument` for settings out of their range, and a loss of classes.
  public init(columns: Int, _ configuration: SGDConfiguration = .init(.squaredError)) throws {
    let what = "stochastic gradient descent"
    try SGDState.check(configuration, what: what)
    try LinearChecks.expect(
      columns >= 1 && !configuration.loss.isOfClasses,
      "\(what): \(columns) columns by \(configuration.loss); a column and a loss of numbers are needed")
    self.configuration = configuration
    state = SGDState(weights: .init(repeating: 0, count: columns))
  }

  /// Trains a model.
  ///
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values, and steps that are too long.
  public static func train(
    _ data: LabelledRows, _ configuration: SGDConfiguration = .init(.squaredError)
  ) throws -> SGDRegressor {
    var model = try SGDRegressor(columns: data.features.columns, configuration)
    try model.learn(data, rounds: configuration.maxIterations)
    return model
  }

  /// Learns from more rows, in one round.
  ///
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values, and columns that are not there.
  public mutating func partialFit(_ data: LabelledRows) throws { try learn(data, rounds: 1) }

  private mutating func learn(_ data: LabelledRows, rounds: Int) throws {
    let what = "stochastic gradient descent"
    try LinearChecks.check(data, what: what)
    try LinearChecks.expect(
      data.features.columns == state.weights.count,
      "\(what): \(data.features.columns) columns, the model has \(state.weights.count)")
    let x = try DenseRows(data.features, what: what)
    hasConverged = try state.run(x, data.targets, data.weights, configuration, rounds: rounds).hasConverged
  }

  /// What is predicted of rows.
  public func predict(_ x: FeatureMatrix) -> [Double] {
    LinearScores.of(x, coefficients: [coefficients], intercepts: [intercept])
  }
}
