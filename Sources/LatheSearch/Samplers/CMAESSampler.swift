import LatheLearn

/// The evolution strategy with covariance matrix adaptation: learns the directions in which numbers are to change together.
///
/// Hansen, "The CMA Evolution Strategy: A Tutorial", 2016, with its defaults, on axes scaled to 0...1. What has no order or only
/// matters under a condition is drawn at random. The state is computed again from the trials each time, so that a study
/// goes on in another process, and workers may run side by side: those that come before a generation is complete are drawn
/// from the one before.
public struct CMAESSampler: SearchSampler {
  /// How many trials make up a generation; nil for 4 + 3 ln(number of parameters).
  public var generationSize: Int?
  /// The first standard deviation, as a share of each axis.
  public var initialDeviation: Double

  /// A sampler with the usual settings.
  public init(generationSize: Int? = nil, initialDeviation: Double = 1.0 / 6) {
    self.generationSize = generationSize
    self.initialDeviation = initialDeviation
  }

  /// The next configuration, from all trials so far; nil where nothing is left to try.
  public func suggest(_ context: SearchContext) -> Suggestion? {
    var random = context.random
    let numeric = context.space.parameters.filter {
      $0.condition == nil && ($0.domain.axis?.width ?? 0) > 0
    }
    guard !numeric.isEmpty else {
      return Suggestion(context.space.configuration { $0.domain.draw(&random) })
    }
    let size = max(generationSize ?? 4 + Int(3 * logarithm(Double(numeric.count))), 2)
    var strategy = EvolutionStrategy(dimensions: numeric.count, size: size, deviation: initialDeviation)
    var generations: [Int: [(place: [Double], loss: Double)]] = [:]
    for (trial, losses) in context.complete() {
      guard let generation = trial.generation else { continue }
      let place = numeric.map { parameter in
        trial.configuration[parameter.name].flatMap { Self.share($0, parameter.domain) } ?? 0.5
      }
      generations[generation, default: []].append((place, losses[0]))
    }
    while let members = generations[strategy.generation], members.count >= size {
      strategy.update(members.sorted { $0.loss < $1.loss }.prefix(size).map(\.place))
    }
    let place = strategy.draw(&random)
    let drawn = Dictionary(uniqueKeysWithValues: zip(numeric.map(\.name), place))
    let configuration = context.space.configuration { parameter in
      guard let share = drawn[parameter.name], let axis = parameter.domain.axis else {
        return parameter.domain.draw(&random)
      }
      return parameter.domain.value(at: axis.low + share * axis.width)
    }
    return Suggestion(configuration, generation: strategy.generation)
  }

  /// Where a value lies between the ends of its axis.
  static func share(_ value: SearchValue, _ domain: SearchDomain) -> Double? {
    guard let axis = domain.axis, axis.width > 0 else { return nil }
    return domain.coordinate(value).map { (0.0...1.0).clamp(($0 - axis.low) / axis.width) }
  }
}

/// The state of CMA-ES: a normal distribution, and the paths that it came by, in the tutorial's names.
struct EvolutionStrategy {
  let dimensions: Int
  private(set) var generation = 0
  private var mean: [Double]
  private var sigma: Double
  private var covariance: SquareMatrix
  private var pathSigma: [Double]
  private var pathC: [Double]
  private var eigen: SymmetricEigen
  private let weights: [Double]
  /// How many of the places of a generation move the mean.
  private let parents: Int
  private let muEff, cSigma, dSigma, cC, c1, cMu, chi: Double

  init(dimensions n: Int, size: Int, deviation: Double) {
    dimensions = n
    mean = [Double](repeating: 0.5, count: n)
    sigma = deviation
    covariance = .identity(n)
    eigen = SymmetricEigen(covariance)
    pathSigma = [Double](repeating: 0, count: n)
    pathC = pathSigma
    let parents = size / 2
    let d = Double(n)
    let raw = (1...size).map { logarithm(Double(size + 1) / 2) - logarithm(Double($0)) }
    func effective(_ weights: ArraySlice<Double>) -> Double {
      let sum = weights.reduce(0, +)
      return sum * sum / weights.reduce(0) { $0 + $1 * $1 }
    }
    muEff = effective(raw[..<parents])
    let muEffMinus = effective(raw[parents...])
    cSigma = (muEff + 2) / (d + muEff + 5)
    dSigma = 1 + 2 * max(0, ((muEff - 1) / (d + 1)).squareRoot() - 1) + cSigma
    cC = (4 + muEff / d) / (d + 4 + 2 * muEff / d)
    c1 = 2 / ((d + 1.3) * (d + 1.3) + muEff)
    cMu = min(1 - c1, 2 * (muEff - 2 + 1 / muEff) / ((d + 2) * (d + 2) + muEff))
    // Bad places make their directions shorter, as far as the matrix stays positive definite.
    let positive = raw[..<parents].reduce(0, +)
    let negative = -raw[parents...].reduce(0) { $0 + min($1, 0) }
    let most = min(
      1 + c1 / cMu, 1 + 2 * muEffMinus / (muEff + 2), (1 - c1 - cMu) / (d * cMu))
    weights = raw.enumerated().map { i, weight in
      i < parents ? weight / positive : negative > 0 ? min(weight, 0) / negative * most : 0
    }
    self.parents = parents
    chi = d.squareRoot() * (1 - 1 / (4 * d) + 1 / (21 * d * d))
  }

  /// A place in the unit cube: drawn again where it lies outside, and put on the border at last.
  func draw(_ random: inout RandomSource) -> [Double] {
    var place = mean
    for _ in 0..<100 {
      let z = (0..<dimensions).map { _ in random.normal() }
      let y = eigen.scaled(z)
      place = zip(mean, y).map { $0 + sigma * $1 }
      if place.allSatisfy({ $0 >= 0 && $0 <= 1 }) { return place }
    }
    return place.map { (0.0...1.0).clamp($0) }
  }

  /// Moves on to the next generation, from the places of this one, the best first.
  mutating func update(_ places: [[Double]]) {
    generation += 1
    let steps = places.map { place in
      zip(place, mean).map { ($0 - $1) / sigma }
    }
    var y = [Double](repeating: 0, count: dimensions)
    for (weight, step) in zip(weights, steps).prefix(parents) {
      for i in 0..<dimensions { y[i] += weight * step[i] }
    }
    for i in 0..<dimensions { mean[i] += sigma * y[i] }
    let whitened = eigen.whitened(y)
    let factor = (cSigma * (2 - cSigma) * muEff).squareRoot()
    for i in 0..<dimensions { pathSigma[i] = (1 - cSigma) * pathSigma[i] + factor * whitened[i] }
    let length = pathSigma.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let settled = (1 - power(1 - cSigma, 2 * Double(generation))).squareRoot()
    let isShort = length / settled < (1.4 + 2 / Double(dimensions + 1)) * chi
    let spread = (cC * (2 - cC) * muEff).squareRoot()
    for i in 0..<dimensions { pathC[i] = (1 - cC) * pathC[i] + (isShort ? spread * y[i] : 0) }
    let kept = 1 - c1 - cMu * weights.reduce(0, +) + (isShort ? 0 : c1 * cC * (2 - cC))
    let signed = zip(weights, steps).map { weight, step in
      let length = weight < 0 ? eigen.whitened(step).reduce(0) { $0 + $1 * $1 } : 1
      return weight < 0 ? weight * Double(dimensions) / max(length, 1e-300) : weight
    }
    for i in 0..<dimensions {
      for j in 0..<dimensions {
        var sum = kept * covariance[i, j] + c1 * pathC[i] * pathC[j]
        for (weight, step) in zip(signed, steps) { sum += cMu * weight * step[i] * step[j] }
        covariance[i, j] = sum
      }
    }
    // Beyond that nothing is learnt: the axes have length 1.
    sigma = min(max(sigma * exponential(min(1, cSigma / dSigma * (length / chi - 1))), 1e-12), 10)
    eigen = SymmetricEigen(covariance)
  }
}
