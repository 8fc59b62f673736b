import LatheCore
import LatheTables

/// Ways to find the average effect of a treatment in rows that were not treated at random.
public enum TreatmentEstimator: Sendable, Hashable {
  /// Least squares of the outcome on treatment and confounders (back-door adjustment); its effect is the treatment's weight.
  case regression
  /// Rows weighted by how unlikely their treatment was (IPW), weights stabilised, chances clipped off 0 and 1.
  case propensityWeighting(clip: Double = 0.01)
  /// Both together, each on folds that it did not learn from (AIPW with cross-fitting): right where either of them is.
  case doublyRobust(Nuisance = .linear, folds: Int = 5, clip: Double = 0.01)

  /// What predicts outcomes and treatments.
  public enum Nuisance: Sendable, Hashable {
    /// Ridge and logistic regression.
    case linear
    /// Boosted trees.
    case trees(BoostingConfiguration)
  }

  /// The average effect, with its standard error.
  ///
  /// - Parameter seed: What the folds of the doubly robust way depend on.
  /// - Throws: `LatheError.invalidArgument` for a clip out of 0..<0.5 and folds without both kinds of rows.
  public func effect(_ data: CausalData, seed: UInt64 = 0) throws -> CausalEffect {
    switch self {
    case .regression: return try Self.regression(data)
    case .propensityWeighting(let clip): return try Self.weighting(data, clip: clip)
    case .doublyRobust(let nuisance, let folds, let clip):
      return CausalEffect(
        influences: try Self.doublyRobust(data, nuisance, folds: folds, clip: clip, seed: seed))
    }
  }

  /// The weight of the treatment, and its error where deviations differ (White's, HC1).
  private static func regression(_ data: CausalData) throws -> CausalEffect {
    let n = data.treated.count
    let treated = data.treated.map { $0 ? 1.0 : 0 }
    // What confounders say of the treatment is taken away from it (Frisch, Waugh and Lovell).
    let first = try LinearRegression.train(LabelledRows(data.confounders, treated))
    let rest = zip(treated, first.predict(data.confounders)).map { $0 - $1 }
    let spread = rest.reduce(0) { $0 + $1 * $1 }
    guard spread > 1e-9 * Double(n) else {
      throw LatheError(
        .invalidArgument,
        "causal effect: the confounders decide the treatment, so that no effect can be told from them")
    }
    let effect = zip(rest, data.outcome).reduce(0) { $0 + $1.0 * $1.1 } / spread
    let second = try LinearRegression.train(
      LabelledRows(data.confounders, zip(data.outcome, treated).map { $0 - effect * $1 }))
    let errors = zip(data.outcome, zip(treated, second.predict(data.confounders))).map {
      $0 - effect * $1.0 - $1.1
    }
    let meat = zip(rest, errors).reduce(0) { $0 + $1.0 * $1.0 * $1.1 * $1.1 }
    let free = Double(max(1, n - data.confounders.columns - 2))
    return CausalEffect(
      effect: effect, standardError: (meat / (spread * spread) * Double(n) / free).squareRoot())
  }

  /// The chance of treatment by logistic regression.
  static func propensities(
    _ train: FeatureMatrix, _ treated: [Bool], of x: FeatureMatrix, _ nuisance: Nuisance, clip: Double
  ) throws -> [Double] {
    guard clip >= 0, clip < 0.5 else {
      throw LatheError(.invalidArgument, "causal effect: chances clipped at \(clip); give a part in 0..<0.5")
    }
    let data = LabelledRows(train, treated.map { $0 ? 1 : 0 })
    let found: [Double]
    switch nuisance {
    case .linear:
      var configuration = LogisticRegression.Configuration(c: 1e6)
      configuration.maxIterations = 1000
      configuration.tolerance = 1e-8
      // Columns of other sizes would need more steps.
      let scaler = try StandardScaler(fit: train)
      let model = try LogisticRegression.train(
        LabelledRows(scaler.transform(train), data.targets), configuration)
      found = model.scores(scaler.transform(x)).map { logistic($0) }
    case .trees(var configuration):
      configuration.loss = .binary
      found = try BoostedTrees.train(data, configuration).probabilities(x)
    }
    return found.map { min(max($0, clip), 1 - clip) }
  }

  /// Both means by stabilised weights, that is divided by the sums of weights (Hájek).
  private static func weighting(_ data: CausalData, clip: Double) throws -> CausalEffect {
    let p = try propensities(data.confounders, data.treated, of: data.confounders, .linear, clip: clip)
    var sums = (treated: 0.0, other: 0.0)
    var weights = (treated: 0.0, other: 0.0)
    for row in p.indices {
      if data.treated[row] {
        sums.treated += data.outcome[row] / p[row]
        weights.treated += 1 / p[row]
      } else {
        sums.other += data.outcome[row] / (1 - p[row])
        weights.other += 1 / (1 - p[row])
      }
    }
    let (treated, other) = (sums.treated / weights.treated, sums.other / weights.other)
    let n = Double(p.count)
    let influences = p.indices.map { row -> Double in
      data.treated[row]
        ? (data.outcome[row] - treated) / p[row] * n / weights.treated
        : -(data.outcome[row] - other) / (1 - p[row]) * n / weights.other
    }
    let error = (influences.reduce(0) { $0 + $1 * $1 } / (n * n)).squareRoot()
    return CausalEffect(effect: treated - other, standardError: error)
  }

  /// What each row says of the effect.
  static func doublyRobust(
    _ data: CausalData, _ nuisance: Nuisance, folds: Int, clip: Double, seed: UInt64
  ) throws -> [Double] {
    let splits = try RowSplits.stratifiedKFold(
      labels: data.treated.map { $0 ? 1 : 0 }, folds: folds, seed: seed)
    var influences = [Double](repeating: 0, count: data.treated.count)
    for split in splits {
      let train = try data.selecting(split.train)
      let x = data.confounders.selecting(rows: split.test)
      let p = try propensities(train.confounders, train.treated, of: x, nuisance, clip: clip)
      let ofTreated = try outcomes(train, true, of: x, nuisance)
      let ofOthers = try outcomes(train, false, of: x, nuisance)
      for (k, row) in split.test.enumerated() {
        let (y, difference) = (data.outcome[row], ofTreated[k] - ofOthers[k])
        influences[row] =
          difference + (data.treated[row] ? (y - ofTreated[k]) / p[k] : -(y - ofOthers[k]) / (1 - p[k]))
      }
    }
    return influences
  }

  /// What is expected of rows if they were treated, or if not.
  static func outcomes(
    _ train: CausalData, _ treated: Bool, of x: FeatureMatrix, _ nuisance: Nuisance
  ) throws -> [Double] {
    let rows = train.treated.indices.filter { train.treated[$0] == treated }
    return try numbers(
      LabelledRows(train.confounders.selecting(rows: rows), rows.map { train.outcome[$0] }), of: x, nuisance)
  }

  /// Predictions of numbers.
  static func numbers(
    _ train: LabelledRows, of x: FeatureMatrix, _ nuisance: Nuisance
  ) throws -> [Double] {
    switch nuisance {
    case .linear: return try LinearRegression.train(train, .ridge(alpha: 1e-6)).predict(x)
    case .trees(var configuration):
      configuration.loss = .squared
      return try BoostedTrees.train(train, configuration).predict(x)
    }
  }
}

/// Tests that an effect should pass, and one that was found by mistake may not.
public struct CausalRefutation: Sendable, Hashable, Codable {
  /// The effect as it was found.
  public let effect: CausalEffect
  /// The mean effect of treatments that were dealt out at random; near 0 where all is well.
  public let placeboEffect: Double
  /// The share of these whose effect is at least as large as the one found.
  public let placeboShare: Double
  /// The mean effect beside a confounder of random numbers; near the one found where all is well.
  public let randomCauseEffect: Double
  /// The mean effect in random parts of the rows, and its deviation.
  public let subsetEffect: Double
  /// The deviation of effects in random parts.
  public let subsetDeviation: Double

  /// Whether all tests speak for the effect: it is larger than a placebo's, and a random confounder moves it by less than two
  /// standard errors.
  public var isPassed: Bool {
    placeboShare <= 0.05 && abs(randomCauseEffect - effect.effect) < 2 * effect.standardError
  }

  /// Runs the tests.
  ///
  /// - Parameter repeats: How often each is repeated.
  public init(
    _ estimator: TreatmentEstimator, _ data: CausalData, repeats: Int = 20, seed: UInt64 = 0
  ) throws {
    guard repeats > 0 else {
      throw LatheError(.invalidArgument, "refutation: \(repeats) repetitions; one is the least")
    }
    let found = try estimator.effect(data, seed: seed)
    var random = RandomSource(seed: seed)
    var (placebos, causes, subsets): ([Double], [Double], [Double]) = ([], [], [])
    for _ in 0..<repeats {
      var placebo = data
      random.shuffle(&placebo.treated)
      placebos.append(try estimator.effect(placebo, seed: random.next()).effect)
      var more = data
      more.confounders = data.confounders(and: data.treated.map { _ in random.normal() })
      causes.append(try estimator.effect(more, seed: seed).effect)
      let part = random.sample(max(4, data.treated.count * 4 / 5), of: data.treated.count)
      subsets.append(try estimator.effect(data.selecting(part), seed: seed).effect)
    }
    effect = found
    placeboEffect = Sums.mean(placebos)
    placeboShare = Double(placebos.count { abs($0) >= abs(found.effect) }) / Double(repeats)
    randomCauseEffect = Sums.mean(causes)
    subsetEffect = Sums.mean(subsets)
    subsetDeviation = Sums.variance(subsets, freedom: 0).squareRoot()
  }
}
