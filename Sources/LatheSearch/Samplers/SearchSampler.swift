import LatheLearn

/// What a sampler decides by.
public struct SearchContext: Sendable {
  /// What is set.
  public let space: SearchSpace
  /// What is wanted.
  public let goals: [SearchGoal]
  /// All trials so far.
  public let trials: [Trial]
  /// The place of the trial that is wanted.
  public let number: Int
  /// What all random choices depend on.
  public let seed: UInt64
  /// The numbers of the trials that the pruner compares with this one: those of its bracket.
  public let comparable: Set<Int>

  /// Random numbers of this trial alone: the same history gives the same suggestion.
  var random: RandomSource { RandomSource(seed: seed, stream: UInt64(number) + 1) }

  /// Trials with all values, as losses.
  func complete() -> [(trial: Trial, losses: [Double])] {
    trials.filter { $0.state == .complete && comparable.contains($0.number) }.map { trial in
      (trial, zip(goals, trial.values).map { $0.loss($1) })
    }
  }
}

/// What a sampler wants tried.
public struct Suggestion: Sendable {
  /// The parameters that matter.
  public let configuration: [String: SearchValue]
  /// The generation that the trial belongs to, for samplers that work in generations.
  public let generation: Int?

  /// A configuration to try.
  public init(_ configuration: [String: SearchValue], generation: Int? = nil) {
    self.configuration = configuration
    self.generation = generation
  }
}

/// Chooses what is tried next.
public protocol SearchSampler: Sendable {
  /// The next configuration, from all trials so far; nil where nothing is left to try.
  ///
  /// It depends on the context alone, so that a study can go on in another process.
  func suggest(_ context: SearchContext) throws -> Suggestion?
}

extension SearchDomain {
  /// A value, all equally likely on the axis.
  func draw(_ random: inout RandomSource) -> SearchValue {
    if case .choice(let values) = self { return values[random.below(values.count)] }
    guard let axis else { return value(at: 0) }
    return value(at: axis.low + axis.width * random.uniform())
  }
}

/// Draws each trial by itself.
public struct RandomSampler: SearchSampler {
  /// A sampler without settings.
  public init() {}

  /// The next configuration, from all trials so far; nil where nothing is left to try.
  public func suggest(_ context: SearchContext) -> Suggestion? {
    var random = context.random
    return Suggestion(context.space.configuration { $0.domain.draw(&random) })
  }
}
