import LatheCore
import Synchronization

/// A search for the best configuration: asks a sampler for trials, and keeps what came of them.
///
/// ```swift
/// let study = try Study(space, goals: [.minimize("loss")], sampler: TPESampler(), pruner: MedianPruner())
/// try study.run(trials: 100) { trial in
///   var loss = 0.0
///   for epoch in 1...20 {
///     loss = train(trial.configuration)
///     try trial.report(loss, step: epoch)
///   }
///   return [loss]
/// }
/// print(try study.best()?.configuration ?? [:])
/// ```
public final class Study: Sendable {
  /// What is set.
  public let space: SearchSpace
  /// What is wanted, one goal at least.
  public let goals: [SearchGoal]
  /// Where trials are kept.
  public let store: any TrialStore
  /// What all random choices depend on.
  public let seed: UInt64
  /// What the store's trials set, by their numbers: that never changes.
  private let written = Mutex<[[String: SearchValue]]>([])
  private let sampler: any SearchSampler
  private let pruner: (any Pruner)?

  /// A study, which goes on from the trials that its store holds.
  ///
  /// - Throws: `LatheError.invalidArgument` without a goal, or where a trial of the store does not fit the space.
  public init(
    _ space: SearchSpace, goals: [SearchGoal], sampler: any SearchSampler = TPESampler(),
    pruner: (any Pruner)? = nil, store: any TrialStore = MemoryTrialStore(), seed: UInt64 = 0
  ) throws {
    guard !goals.isEmpty else { throw LatheError(.invalidArgument, "search: there is no goal; name one") }
    for trial in try store.trials() {
      guard (try? space.checked(trial.configuration)) != nil,
        trial.state != .complete || trial.values.count == goals.count
      else {
        throw LatheError(
          .invalidArgument,
          "search: trial \(trial.number) of the store is of another space or of other goals; begin a new study"
        )
      }
    }
    self.space = space
    self.goals = goals
    self.sampler = sampler
    self.pruner = pruner
    self.store = store
    self.seed = seed
  }

  /// The next trial to evaluate; nil where a grid is exhausted.
  public func ask() throws -> RunningTrial? {
    let trial = try store.begin { trials in
      let trials = try normalized(trials)
      let bracket = self.bracket(of: trials.count)
      let comparable = trials.lazy.map(\.number).filter { self.bracket(of: $0) == bracket }
      let context = SearchContext(
        space: space, goals: goals, trials: trials, number: trials.count, seed: seed,
        comparable: Set(comparable))
      guard let suggestion = try sampler.suggest(context) else { return nil }
      return Trial(
        number: trials.count, configuration: try space.checked(suggestion.configuration),
        generation: suggestion.generation)
    }
    guard var trial else { return nil }
    trial.configuration = try space.checked(trial.configuration)
    return RunningTrial(study: self, trial: trial)
  }

  /// Trials of the store with their values as the space writes them: files know one kind of numbers.
  private func normalized(_ trials: [Trial]) throws -> [Trial] {
    try written.withLock { written in
      for trial in trials.dropFirst(written.count) { written.append(try space.checked(trial.configuration)) }
      var result = trials
      for (place, configuration) in zip(result.indices, written) {
        result[place].configuration = configuration
      }
      return result
    }
  }

  /// Adds a trial with a configuration of one's own, such as what is known to be good.
  public func enqueue(_ configuration: [String: SearchValue]) throws -> RunningTrial {
    let checked = try space.checked(configuration)
    let trial = try store.begin { Trial(number: $0.count, configuration: checked) }
    guard let trial else { throw LatheError(.invalidArgument, "search: the store takes no trial") }
    return RunningTrial(study: self, trial: trial)
  }

  /// Evaluates trials one after the other.
  ///
  /// An error of `evaluate` makes its trial a failed one, but for `TrialPruned`, which makes it a pruned one; the study goes on.
  /// - Parameters:
  ///   - trials: How many.
  ///   - shouldStop: Asked before each trial; true ends the run.
  ///   - evaluate: The values of a trial, one for each goal.
  public func run(
    trials count: Int, until shouldStop: () -> Bool = { false }, _ evaluate: (RunningTrial) throws -> [Double]
  ) throws {
    for _ in 0..<count {
      if shouldStop() { return }
      guard let trial = try ask() else { return }
      do { try trial.complete(try evaluate(trial)) } catch is TrialPruned {
        try trial.prune()
      } catch {
        try trial.fail("\(error)")
      }
    }
  }

  /// All trials so far.
  public func trials() throws -> [Trial] { try normalized(store.trials()) }

  /// The complete trial that is best by the first goal; nil where none is complete.
  public func best() throws -> Trial? {
    try trials().filter { $0.state == .complete }
      .min { goals[0].loss($0.values[0]) < goals[0].loss($1.values[0]) }
  }

  /// The complete trials that no other one beats in all goals.
  public func paretoFront() throws -> [Trial] {
    let complete = try trials().filter { $0.state == .complete }
    return ParetoFront.first(complete.map(losses)).map { complete[$0] }
  }

  private func bracket(of number: Int) -> Int { pruner?.bracket(of: number) ?? 0 }

  /// Values of which less is better.
  func losses(_ trial: Trial) -> [Double] { zip(goals, trial.values).map { $0.loss($1) } }

  /// Whether a trial is to be given up, by what it and the others have reported.
  func shouldPrune(_ number: Int) throws -> Bool {
    // Without one the trials, which may be in a file, are not read.
    guard let pruner else { return false }
    let trials = try store.trials()
    guard let trial = trials.first(where: { $0.number == number }), let last = trial.reports.last else {
      return false
    }
    return pruner.shouldPrune(trial, at: last.step, among: trials, goals[0])
  }
}

/// A trial that is given up: thrown by `RunningTrial.report`.
public struct TrialPruned: Error, Sendable, Hashable {
  /// A mark without content.
  public init() {}
}

/// A trial while it is evaluated.
public struct RunningTrial: Sendable {
  private let study: Study
  private let trial: Trial

  init(study: Study, trial: Trial) {
    self.study = study
    self.trial = trial
  }

  /// Its place among all trials.
  public var number: Int { trial.number }
  /// What it sets.
  public var configuration: [String: SearchValue] { trial.configuration }

  /// Notes a measurement on the way, and gives up where others were better.
  ///
  /// - Parameters:
  ///   - value: What is wanted by the first goal.
  ///   - step: How much was spent so far: epochs, steps, rows.
  /// - Throws: `TrialPruned`, which is to be passed on.
  public func report(_ value: Double, step: Int) throws {
    try study.store.report(Trial.Report(step: step, value: value), of: number)
    if try study.shouldPrune(number) { throw TrialPruned() }
  }

  /// Ends it with its values, one for each goal; one that is no number makes it a failed trial.
  public func complete(_ values: [Double]) throws {
    guard values.count == study.goals.count else {
      throw LatheError(
        .invalidArgument, "search: \(values.count) values for \(study.goals.count) goals; give one for each")
    }
    if let bad = zip(study.goals, values).first(where: { !$1.isFinite }) {
      return try fail("\(bad.0.name) is \(bad.1)")
    }
    try study.store.end(number, .complete, values: values, note: "")
  }

  /// Ends it early.
  public func prune() throws { try study.store.end(number, .pruned, values: [], note: "") }

  /// Ends it with the reason why it has no values.
  public func fail(_ note: String) throws {
    try study.store.end(number, .failed, values: [], note: note)
  }
}
