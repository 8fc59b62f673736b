import LatheSearch
import Testing

/// Trials that are given up.
@Suite("Pruners") struct PrunerTests {
  private let goal = SearchGoal.minimize("loss")

  private func trial(
    _ number: Int, _ values: [Double], state: Trial.State = .complete, firstStep: Int = 1
  ) -> Trial {
    var trial = Trial(number: number, configuration: [:])
    trial.state = state
    trial.reports = values.enumerated().map { Trial.Report(step: firstStep + $0, value: $1) }
    return trial
  }

  @Test("The median of the others decides, once there are enough of them")
  func median() {
    let others = [1.0, 2, 3, 4].enumerated().map { trial($0, [$1, $1]) }
    let pruner = MedianPruner(startupTrials: 4)
    func decides(_ values: [Double], _ others: [Trial], _ goal: SearchGoal) -> Bool {
      let own = trial(9, values, state: .running)
      return pruner.shouldPrune(own, at: values.count, among: others + [own], goal)
    }
    #expect(!decides([2.5], others, goal))
    #expect(decides([2.6], others, goal))
    #expect(!decides([2.4, 9], others, goal))
    #expect(!decides([9], Array(others.dropLast()), goal))
    #expect(decides([2.4], others, .maximize("accuracy")))
    #expect(decides([.nan], others, goal))
    let patient = MedianPruner(startupTrials: 1, warmupSteps: 1)
    let own = trial(9, [9], state: .running)
    #expect(!patient.shouldPrune(own, at: 1, among: others, goal))
  }

  @Test("One of four goes on at each rung")
  func halving() {
    let pruner = SuccessiveHalvingPruner(firstRung: 1, reductionFactor: 4)
    var trials = (0..<8).map { trial($0, [Double($0)], state: .running) }
    let goOn = trials.filter { !pruner.shouldPrune($0, at: 1, among: trials, goal) }.map(\.number)
    #expect(goOn == [0, 1])
    // Between rungs nothing is given up.
    trials[7] = trial(7, [7, 7], state: .running)
    #expect(!pruner.shouldPrune(trials[7], at: 2, among: trials, goal))
    trials[0] = trial(0, [0, 5, 5, 5], state: .running)
    trials[1] = trial(1, [1, 4, 4, 4], state: .running)
    #expect(pruner.shouldPrune(trials[0], at: 4, among: trials, goal))
    #expect(!pruner.shouldPrune(trials[1], at: 4, among: trials, goal))
    // A report that leaves a rung out counts there, too.
    let late = trial(8, [3], state: .running, firstStep: 3)
    #expect(pruner.shouldPrune(late, at: 3, among: trials + [late], goal))
    #expect(pruner.shouldPrune(trial(8, [.nan]), at: 1, among: trials, goal))
  }

  @Test("Brackets of Hyperband take as many trials as its table says")
  func hyperband() {
    // R = 9, eta = 3: 9, 5 and 3 trials begin at 1, 3 and 9 steps.
    let pruner = HyperbandPruner(steps: 1...9, reductionFactor: 3)
    let counts = (0..<34).reduce(into: [0, 0, 0]) { $0[pruner.bracket(of: $1)] += 1 }
    #expect(counts == [18, 10, 6])
    let trials = (0..<17).map { trial($0, [Double($0)], state: .running) }
    #expect(pruner.shouldPrune(trials[8], at: 1, among: trials, goal))
    #expect(!pruner.shouldPrune(trials[9], at: 1, among: trials, goal))
  }

  @Test("Rounds of successive halving spend more on fewer")
  func rounds() {
    var spent: [Int: Int] = [:]
    let results = SuccessiveHalving.run(Array(0..<27), budgets: 1...9) { candidate, budget in
      spent[budget, default: 0] += 1
      return candidate == 5 ? nil : abs(Double(candidate) - 13) / Double(budget)
    }
    #expect(spent == [1: 27, 3: 9, 9: 3])
    #expect(results.count == 27 && results[0].candidate == 13 && results[0].budget == 9)
    #expect(Set(results.map(\.candidate)).count == 27)
    #expect(results.last?.candidate == 5)
    let one = SuccessiveHalving.run(["a"], budgets: 1...100) { _, _ in 1 }
    #expect(one.map(\.budget) == [100])
    #expect(SuccessiveHalving.run([Int](), budgets: 1...2) { _, _ in 1 }.isEmpty)
    let lost = SuccessiveHalving.run([1, 2, 3], budgets: 1...9) { _, _ in Double.nan }
    #expect(lost.map(\.loss) == [nil, nil, nil])
  }

  @Test("A study with a pruner spends less, and TPE with Hyperband finds what random search does not")
  func together() throws {
    let space = try SearchSpace([
      SearchParameter("x", .uniform(0...1)), SearchParameter("y", .uniform(0...1)),
    ])
    func run(_ sampler: any SearchSampler, _ pruner: (any Pruner)?) throws -> (steps: Int, best: Double) {
      let study = try Study(space, goals: [.maximize("accuracy")], sampler: sampler, pruner: pruner)
      var steps = 0
      try study.run(trials: 81) { trial in
        let x = (trial.configuration["x"]?.number ?? 0) - 0.7
        let y = (trial.configuration["y"]?.number ?? 0) - 0.2
        let final = 1 - x * x - y * y
        for step in 1...9 {
          steps += 1
          try trial.report(final - 0.3 / Double(step), step: step)
        }
        return [final]
      }
      let trials = try study.trials()
      #expect(trials.allSatisfy { $0.state == .complete || $0.state == .pruned })
      return (steps, try study.best()?.values[0] ?? 0)
    }
    let plain = try run(RandomSampler(), nil)
    let bohb = try run(TPESampler(), HyperbandPruner(steps: 1...9))
    #expect(plain.steps == 81 * 9 && bohb.steps < plain.steps * 2 / 3)
    #expect(bohb.best > 0.995, "\(bohb.best)")
    #expect(try run(RandomSampler(), MedianPruner()).steps < plain.steps * 3 / 4)
  }
}
