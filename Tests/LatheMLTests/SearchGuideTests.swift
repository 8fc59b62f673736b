import LatheSearch
import Testing

/// The examples of docs/search.md; a test compares the texts.
@Suite("Examples of docs/search.md")
struct SearchGuideTests {
  @Test("Every example stands in this file as it does in the document")
  func examples() throws { try GuideExamples.check("docs/search.md", count: 2) }

  private func train(_ configuration: [String: SearchValue], epochs: Int) -> Double {
    let rate = configuration["learning_rate"]?.number ?? 0
    let layers = configuration["layers"]?.number ?? 0
    return (rate - 0.01) * (rate - 0.01) + 0.01 * layers + 1 / Double(epochs)
  }

  @Test("A study")
  func study() throws {
    let space = try SearchSpace([
      SearchParameter("learning_rate", .logUniform(1e-5...1e-1)),
      SearchParameter("layers", .integer(1...6)),
      SearchParameter("width", .logInteger(16...1024)),
      SearchParameter("optimizer", .choice(["adam", "sgd"])),
      SearchParameter("momentum", .uniform(0...0.99), when: SearchCondition("optimizer", isOneOf: ["sgd"])),
    ])
    let study = try Study(
      space, goals: [.minimize("loss")], sampler: TPESampler(), pruner: MedianPruner(), seed: 1)
    try study.run(trials: 60) { trial in
      var loss = 0.0
      for epoch in 1...5 {
        loss = train(trial.configuration, epochs: epoch)
        try trial.report(loss, step: epoch)
      }
      return [loss]
    }
    let best = try study.best()
    for parameter in try study.importance() { print(parameter.name, parameter.share) }
    #expect(best?.configuration["layers"] == 1)
    #expect(try study.trials().contains { $0.state == .pruned })
    #expect(try study.importance().first?.name == "layers")
  }
}
