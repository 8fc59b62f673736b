import LatheML
import Testing

/// Thirty learning rates from a base of 0.5.
struct ScheduleFixture: Decodable, Sendable, CustomTestStringConvertible {
  var name: String
  var rates: [Double]
  /// What a plateau is found in; empty for schedules by step.
  var figures: [Double]

  var testDescription: String { name }
}

/// Every schedule against PyTorch's.
@Suite struct ScheduleFixtureTests {
  private static let schedules: [String: LearningRateSchedule] = [
    "constant": .constant, "step": .step(every: 7, decay: 0.3),
    "milestones": .milestones([3, 10, 11], decay: 0.5),
    "exponential": .exponential(decay: 0.9), "linear": .linear(from: 0.2, to: 0.8, steps: 12),
    "cosine": .cosine(steps: 40, minimum: 0.1),
    "cosineRestarts": .cosineRestarts(first: 4, multiplier: 2, minimum: 0.1),
    "cosineRestarts of one length": .cosineRestarts(first: 6),
    "warmupLinear": .warmupLinear(warmup: 5, steps: 25),
    "warmupCosine": .warmupCosine(warmup: 5, steps: 25, minimum: 0.1), "oneCycle": .oneCycle(steps: 31),
    "sequence": .sequence(.linear(from: 0.1, steps: 5), until: 5, .exponential(decay: 0.9)),
  ]

  @Test func everySchedule() throws {
    let fixtures = try FixtureFile.load("schedules", as: ScheduleFixture.self).filter(\.figures.isEmpty)
    #expect(Set(fixtures.map(\.name)) == Set(Self.schedules.keys))
    for fixture in fixtures {
      let schedule = try #require(Self.schedules[fixture.name])
      let found = fixture.rates.indices.map { schedule.learningRate(0.5, step: $0) }
      expectClose(found, fixture.rates, fixture.name, tolerance: 1e-6)
    }
  }

  @Test func plateau() throws {
    let rules = [
      "plateau": ReduceOnPlateau(decay: 0.5, patience: 2, cooldown: 1, minimum: 0.1),
      "plateau of a maximum": ReduceOnPlateau(decay: 0.2, patience: 4, isMaximum: true),
    ]
    for (name, start) in rules {
      let fixture = try #require(
        try FixtureFile.load("schedules", as: ScheduleFixture.self).first { $0.name == name })
      var rule = start
      let found = fixture.figures.map { figure -> Float in
        rule.report(figure)
        return Float(0.5 * rule.factor)
      }
      expectClose(found, fixture.rates, name, tolerance: 1e-6)
    }
  }
}
