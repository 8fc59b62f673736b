/// Decides which trials are given up early.
public protocol Pruner: Sendable {
  /// Whether a trial is given up after its report at a step.
  ///
  /// - Parameters:
  ///   - trial: The trial with its reports so far.
  ///   - step: The step of the last one.
  ///   - trials: All trials of the study, this one among them.
  ///   - goal: What reports are of.
  func shouldPrune(_ trial: Trial, at step: Int, among trials: [Trial], _ goal: SearchGoal) -> Bool

  /// The group of trials that a trial is compared with.
  func bracket(of number: Int) -> Int
}

extension Pruner {
  /// The group of trials that a trial is compared with.
  public func bracket(of number: Int) -> Int { 0 }
}

/// Gives up a trial whose best report so far is worse than the median of the others' reports at the same step.
///
/// Golovin et al., "Google Vizier", KDD 2017, section 3.2.2.
public struct MedianPruner: Pruner {
  /// How many trials are complete before any is given up.
  public var startupTrials: Int
  /// Up to which step none is given up.
  public var warmupSteps: Int

  /// A pruner with the usual settings.
  public init(startupTrials: Int = 5, warmupSteps: Int = 0) {
    self.startupTrials = startupTrials
    self.warmupSteps = warmupSteps
  }

  /// Whether a trial is given up after its report at a step.
  public func shouldPrune(_ trial: Trial, at step: Int, among trials: [Trial], _ goal: SearchGoal) -> Bool {
    guard step > warmupSteps else { return false }
    let complete = trials.filter { $0.state == .complete && $0.number != trial.number }
    guard complete.count >= startupTrials else { return false }
    let others = complete.compactMap { $0.report(upTo: step) }.map { goal.loss($0.value) }
      .filter { !$0.isNaN }.sorted()
    guard !others.isEmpty else { return false }
    let middle = others.count / 2
    let median = others.count % 2 == 1 ? others[middle] : (others[middle - 1] + others[middle]) / 2
    let own = trial.reports.map { goal.loss($0.value) }.filter { !$0.isNaN }.min()
    return own.map { $0 > median } ?? true
  }
}

/// Asynchronous successive halving: at each rung only the best share of those that came there goes on.
///
/// Li et al., "A System for Massively Parallel Hyperparameter Tuning" (ASHA), MLSys 2020. A rung is passed with the first report at
/// its step or behind it.
public struct SuccessiveHalvingPruner: Pruner {
  /// The step of the first rung.
  public var firstRung: Int
  /// One of how many goes on, and how many times as far the next rung is.
  public var reductionFactor: Int

  /// Rungs at `firstRung` times powers of the factor.
  public init(firstRung: Int = 1, reductionFactor: Int = 4) {
    precondition(
      firstRung >= 1 && reductionFactor >= 2, "SuccessiveHalvingPruner: a rung from 1 on, a factor from 2 on")
    self.firstRung = firstRung
    self.reductionFactor = reductionFactor
  }

  /// Whether a trial is given up after its report at a step.
  public func shouldPrune(_ trial: Trial, at step: Int, among trials: [Trial], _ goal: SearchGoal) -> Bool {
    var rung = firstRung
    // Only the rung that this report passes is looked at: earlier ones were passed.
    let before = trial.reports.last { $0.step < step }?.step ?? 0
    while rung <= step {
      if rung > before {
        guard let own = Self.loss(trial, rung, goal) else { return true }
        let all = trials.compactMap { Self.loss($0, rung, goal) }.sorted()
        // The best of those that are here goes on, also while there are few.
        let kept = max(1, all.count / reductionFactor)
        if own > all[min(kept, all.count) - 1] { return true }
      }
      let (next, overflow) = rung.multipliedReportingOverflow(by: reductionFactor)
      if overflow { break }
      rung = next
    }
    return false
  }

  /// What a trial reported when it passed a rung; nil where it did not come there, or it was no number.
  private static func loss(_ trial: Trial, _ rung: Int, _ goal: SearchGoal) -> Double? {
    trial.reports.first { $0.step >= rung }.flatMap { $0.value.isNaN ? nil : goal.loss($0.value) }
  }
}

/// Hyperband: successive halving in brackets that begin to give up at different steps.
///
/// Li et al., "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization", JMLR 18, 2018. With `TPESampler`, which
/// then learns from the trials of a bracket, it is BOHB (Falkner et al., ICML 2018).
public struct HyperbandPruner: Pruner {
  /// The least and the largest number of steps.
  public let steps: ClosedRange<Int>
  /// One of how many goes on.
  public let reductionFactor: Int
  private let brackets: [SuccessiveHalvingPruner]
  /// Rising sums of how many trials of a round each bracket takes.
  private let shares: [Int]

  /// Brackets between a first rung and the number of steps of a whole trial.
  public init(steps: ClosedRange<Int>, reductionFactor: Int = 3) {
    precondition(
      steps.lowerBound >= 1 && reductionFactor >= 2, "HyperbandPruner: steps from 1 on, a factor from 2 on")
    self.steps = steps
    self.reductionFactor = reductionFactor
    var rungs = [steps.lowerBound]
    while let last = rungs.last, last <= steps.upperBound / reductionFactor {
      rungs.append(last * reductionFactor)
    }
    brackets = rungs.map { SuccessiveHalvingPruner(firstRung: $0, reductionFactor: reductionFactor) }
    // Bracket s of s_max begins with ceil((s_max + 1) / (s + 1) * factor^s) trials.
    var sum = 0
    shares = rungs.indices.map { i in
      let s = rungs.count - 1 - i
      var first = rungs.count
      for _ in 0..<s { first *= reductionFactor }
      sum += (first + s) / (s + 1)
      return sum
    }
  }

  /// The group of trials that a trial is compared with.
  public func bracket(of number: Int) -> Int {
    let place = number % (shares.last ?? 1)
    return shares.firstIndex { $0 > place } ?? 0
  }

  /// Whether a trial is given up after its report at a step.
  public func shouldPrune(_ trial: Trial, at step: Int, among trials: [Trial], _ goal: SearchGoal) -> Bool {
    let bracket = bracket(of: trial.number)
    return brackets[bracket].shouldPrune(
      trial, at: step, among: trials.filter { self.bracket(of: $0.number) == bracket }, goal)
  }
}
