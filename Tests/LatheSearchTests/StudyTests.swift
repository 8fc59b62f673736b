import LatheCore
import LatheSearch
import Testing

/// Studies: what is kept of trials.
@Suite("Studies") struct StudyTests {
  private let space: SearchSpace

  init() throws {
    space = try SearchSpace([SearchParameter("x", .uniform(0...1)), SearchParameter("y", .uniform(0...1))])
  }

  private struct Broken: Error, CustomStringConvertible { let description = "no memory" }

  @Test("An error or NaN makes a failed trial, and the study goes on")
  func failures() throws {
    let study = try Study(space, goals: [.minimize("loss")])
    try study.run(trials: 30) { trial in
      switch trial.number % 3 {
      case 0: throw Broken()
      case 1: return [.nan]
      default: return [Double(trial.number)]
      }
    }
    let trials = try study.trials()
    #expect(trials.map(\.number) == Array(0..<30))
    #expect(trials[0].state == .failed && trials[0].note == "no memory")
    #expect(trials[1].state == .failed && trials[1].note == "loss is nan")
    #expect(try study.best()?.number == 2)
    #expect(trials.count { $0.state == .complete } == 10)
  }

  @Test("Trials of one's own come first, and wrong ones are errors")
  func ownTrials() throws {
    let study = try Study(space, goals: [.minimize("a"), .maximize("b")])
    try study.enqueue(["x": 1, "y": 0.5]).complete([1, 2])
    #expect(throws: LatheError.self) { try study.enqueue(["x": 1]) }
    #expect(throws: LatheError.self) { try study.enqueue(["x": 2, "y": 0]) }
    let second = try #require(try study.ask())
    #expect(throws: LatheError.self) { try second.complete([1]) }
    try second.complete([0, 1])
    #expect(throws: LatheError.self) { try second.complete([0, 1]) }
    #expect(throws: LatheError.self) { try second.report(1, step: 1) }
    #expect(try study.paretoFront().map(\.number) == [0, 1])
    try study.enqueue(["x": 0, "y": 0]).complete([0, 3])
    #expect(try study.paretoFront().map(\.number) == [2])
    #expect(throws: LatheError.self) { try Study(space, goals: []) }
    #expect(throws: LatheError.self) { try Study(space, goals: [.minimize("a")], store: study.store) }
    let other = try SearchSpace([SearchParameter("z", .uniform(0...1))])
    #expect(throws: LatheError.self) { try Study(other, goals: study.goals, store: study.store) }
  }

  @Test("A run ends where it is told to")
  func stops() throws {
    let study = try Study(space, goals: [.minimize("loss")])
    var asked = 0
    try study.run(
      trials: 100,
      until: {
        asked += 1
        return asked > 7
      }, { _ in [0] })
    #expect(try study.trials().count == 7)
  }

  @Test("Threads share a study, and no trial is there twice")
  func threads() async throws {
    let study = try Study(space, goals: [.minimize("loss")])
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask { try study.run(trials: 25) { [$0.configuration["x"]?.number ?? 0] } }
      }
      try await group.waitForAll()
    }
    let trials = try study.trials()
    #expect(trials.map(\.number) == Array(0..<100))
    #expect(trials.allSatisfy { $0.state == .complete })
  }

  @Test("Importance is the share of the variance that a parameter makes")
  func importance() throws {
    let study = try Study(space, goals: [.minimize("loss")], sampler: RandomSampler())
    #expect(try study.importance().isEmpty)
    try study.run(trials: 400) { trial in
      let (x, y) = (trial.configuration["x"]?.number ?? 0, trial.configuration["y"]?.number ?? 0)
      return [3 * x + y]
    }
    let shares = try study.importance()
    // Variances of 9/12 and 1/12.
    #expect(shares.map(\.name) == ["x", "y"])
    #expect(abs(shares[0].share - 0.9) < 0.05, "\(shares)")
    #expect(abs(shares[1].share - 0.1) < 0.05, "\(shares)")
  }
}
