import LatheLearn

/// The tree-structured Parzen estimator: draws where good trials lie closer together than all others.
///
/// Bergstra et al., "Algorithms for Hyper-Parameter Optimization", NeurIPS 2011, with Hyperopt's settings. Parameters that always
/// matter are drawn together, those with a condition each by itself from the trials in which it mattered. With several goals the good ones are the first fronts. Trials that run already count as bad ones, so that
/// parallel workers try different places; those that were pruned count by how far they came.
public struct TPESampler: SearchSampler {
  /// How many trials are drawn at random first.
  public var startupTrials: Int
  /// How many candidates are drawn, of which one is tried.
  public var candidates: Int

  /// A sampler with the usual settings.
  public init(startupTrials: Int = 10, candidates: Int = 24) {
    self.startupTrials = startupTrials
    self.candidates = candidates
  }

  /// The next configuration, from all trials so far; nil where nothing is left to try.
  public func suggest(_ context: SearchContext) -> Suggestion? {
    var random = context.random
    let ranked = ranking(context)
    guard ranked.count >= max(startupTrials, 1) else {
      return Suggestion(context.space.configuration { $0.domain.draw(&random) })
    }
    // Chronological, since older ones count less.
    let count = min(25, (ranked.count + 9) / 10)
    let good = ranked.prefix(count).sorted().map { context.trials[$0] }
    let running = context.trials.indices.filter {
      context.trials[$0].state == .running && context.comparable.contains(context.trials[$0].number)
    }
    let bad = (Array(ranked.dropFirst(count)) + running).sorted().map { context.trials[$0] }
    let always = context.space.parameters.filter { $0.condition == nil }
    let together = choose(always, good, bad, &random)
    return Suggestion(
      context.space.configuration { parameter in
        if let place = always.firstIndex(of: parameter) { return together[place] }
        return choose([parameter], good, bad, &random)[0]
      })
  }

  /// Values of some parameters: those of the candidates that are most likelier among good trials than among the others.
  private func choose(
    _ parameters: [SearchParameter], _ good: [Trial], _ bad: [Trial], _ random: inout RandomSource
  ) -> [SearchValue] {
    func estimator(_ trials: [Trial]) -> ParzenEstimator {
      let observed = trials.compactMap { trial -> [SearchValue]? in
        var values: [SearchValue] = []
        values.reserveCapacity(parameters.count)
        for parameter in parameters {
          guard let value = trial.configuration[parameter.name] else { return nil }
          values.append(value)
        }
        return values
      }
      return ParzenEstimator(parameters, observed, weights: Self.weights(observed.count))
    }
    let (near, far) = (estimator(good), estimator(bad))
    var chosen: [SearchValue] = []
    var most = -Double.infinity
    for _ in 0..<max(candidates, 1) {
      var places = near.draw(&random)
      var values: [SearchValue] = []
      for (i, parameter) in parameters.enumerated() {
        if case .choice(let choices) = parameter.domain {
          values.append(choices[Int(places[i])])
          continue
        }
        let axis = parameter.domain.axis ?? SearchAxis(low: 0, high: 0, step: nil)
        let value = parameter.domain.value(at: axis.low + places[i] * axis.width)
        // Whole numbers are compared at where they lie.
        if axis.step != nil { places[i] = CMAESSampler.share(value, parameter.domain) ?? places[i] }
        values.append(value)
      }
      let score = near.density(places) / far.density(places)
      if score > most || chosen.isEmpty { (chosen, most) = (values, score) }
    }
    return chosen
  }

  /// The last 25 count in full, older ones less, down to 1/n.
  static func weights(_ count: Int) -> [Double] {
    guard count > 25 else { return [Double](repeating: 1, count: count) }
    let old = count - 25
    let first = 1 / Double(count)
    let ramp = (0..<old).map { old == 1 ? first : first + (1 - first) * Double($0) / Double(old - 1) }
    return ramp + [Double](repeating: 1, count: 25)
  }

  /// Where complete trials are, the best ones first, then pruned ones: those that came farther first.
  private func ranking(_ context: SearchContext) -> [Int] {
    let trials = context.trials
    let known = trials.indices.filter { context.comparable.contains(trials[$0].number) }
    let complete = known.filter { trials[$0].state == .complete }
    let order = ParetoFront.ranking(
      complete.map { place in zip(context.goals, trials[place].values).map { $0.loss($1) } })
    guard let goal = context.goals.first else { return [] }
    let pruned = known.compactMap { place -> (place: Int, step: Int, loss: Double)? in
      guard trials[place].state == .pruned, let last = trials[place].reports.last else { return nil }
      let loss = goal.loss(last.value)
      return (place, last.step, loss.isNaN ? .infinity : loss)
    }
    let farthest = pruned.sorted { a, b in
      a.step != b.step ? a.step > b.step : a.loss == b.loss ? a.place < b.place : a.loss < b.loss
    }
    return order.map { complete[$0] } + farthest.map(\.place)
  }
}
