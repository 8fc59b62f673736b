import LatheLearn

/// Bayesian optimisation: models the loss by a Gaussian process and tries where the expected improvement is largest.
///
/// Jones et al., "Efficient Global Optimization of Expensive Black-Box Functions", 1998; Matern kernel 5/2 with a length for each
/// parameter, as Snoek et al., "Practical Bayesian Optimization of Machine Learning Algorithms", NeurIPS 2012. Choices are
/// coordinates of their own. Of more than `mostObservations` trials the best half and the latest half are modelled.
public struct GaussianProcessSampler: SearchSampler {
  /// How many trials are drawn at random first.
  public var startupTrials: Int
  /// How many trials are modelled at most.
  public var mostObservations: Int

  /// A sampler with the usual settings.
  public init(startupTrials: Int = 10, mostObservations: Int = 100) {
    self.startupTrials = startupTrials
    self.mostObservations = mostObservations
  }

  /// The next configuration, from all trials so far; nil where nothing is left to try.
  public func suggest(_ context: SearchContext) -> Suggestion? {
    var random = context.random
    var complete = context.complete()
    guard complete.count >= max(startupTrials, 2) else {
      return Suggestion(context.space.configuration { $0.domain.draw(&random) })
    }
    if complete.count > mostObservations {
      let best = complete.sorted { $0.losses[0] < $1.losses[0] }.prefix(mostObservations / 2)
      let known = Set(best.map(\.trial.number))
      complete =
        best + complete.filter { !known.contains($0.trial.number) }.suffix(mostObservations - best.count)
    }
    let encoder = SpaceEncoder(context.space)
    var places = complete.map { encoder.encode($0.trial.configuration) }
    // Ranks in the place of losses: one that is far too large would flatten all others.
    var losses = Self.standardized(complete.map(\.losses[0]))
    guard let process = GaussianProcess.fitted(places, losses) else {
      return Suggestion(context.space.configuration { $0.domain.draw(&random) })
    }
    var model = process
    // What runs is taken to turn out as expected, so that workers try different places.
    for trial in context.trials where trial.state == .running {
      let place = encoder.encode(trial.configuration)
      places.append(place)
      losses.append(model.prediction(place).mean)
      model = model.with(places, losses) ?? model
    }
    let least = losses.min() ?? 0
    func drawn() -> [String: SearchValue] { context.space.configuration { $0.domain.draw(&random) } }
    var candidates = (0..<1024).map { _ in drawn() }
    let best = complete.min { $0.losses[0] < $1.losses[0] }?.trial.configuration ?? [:]
    for scale in [0.2, 0.05, 0.01] {
      for _ in 0..<128 { candidates.append(encoder.neighbour(best, scale, &random)) }
    }
    var chosen = candidates[0]
    var most = -Double.infinity
    for candidate in candidates {
      let value = model.expectedImprovement(encoder.encode(candidate), least)
      if value > most { (chosen, most) = (candidate, value) }
    }
    return Suggestion(chosen)
  }

  /// Mean 0 and deviation 1, large losses being drawn in to three deviations of the better half.
  private static func standardized(_ losses: [Double]) -> [Double] {
    let sorted = losses.sorted()
    let middle = sorted[sorted.count / 2]
    let limit = middle + 5 * max(middle - sorted[0], 1e-300)
    let cut = losses.map { min($0, limit) }
    let mean = cut.reduce(0, +) / Double(cut.count)
    let variance = cut.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(cut.count)
    return cut.map { ($0 - mean) / (variance > 0 ? variance.squareRoot() : 1) }
  }
}

/// Configurations as numbers between 0 and 1.
struct SpaceEncoder {
  let space: SearchSpace

  init(_ space: SearchSpace) { self.space = space }

  /// A number for each parameter, or one for each choice; what does not matter lies in the middle.
  func encode(_ configuration: [String: SearchValue]) -> [Double] {
    space.parameters.flatMap { parameter -> [Double] in
      let value = configuration[parameter.name]
      if case .choice(let values) = parameter.domain {
        return values.map { value == nil ? 0.5 : $0 == value ? 1 : 0 }
      }
      return [value.flatMap { CMAESSampler.share($0, parameter.domain) } ?? 0.5]
    }
  }

  /// A configuration near another one.
  func neighbour(_ configuration: [String: SearchValue], _ scale: Double, _ random: inout RandomSource)
    -> [String: SearchValue]
  {
    space.configuration { parameter in
      guard let value = configuration[parameter.name], let axis = parameter.domain.axis,
        let place = parameter.domain.coordinate(value)
      else {
        let known = configuration[parameter.name]
        return known != nil && random.uniform() > scale ? known ?? true : parameter.domain.draw(&random)
      }
      let moved = place + scale * axis.width * random.normal()
      return parameter.domain.value(at: min(max(moved, axis.low), axis.high))
    }
  }
}
