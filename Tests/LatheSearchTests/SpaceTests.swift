import LatheCore
import LatheSearch
import Testing

/// Spaces, and what is wrong with them.
@Suite("Search spaces") struct SpaceTests {
  private func message(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)" }
    return "no error"
  }

  @Test("JSON, and parameters behind those that they depend on")
  func json() throws {
    let space = try SearchSpace(
      json: """
        {"a_momentum": {"type": "uniform", "low": 0, "high": 0.99, "when": {"optimizer": ["sgd"]}},
         "layers": {"type": "integer", "low": 1, "high": 7, "step": 2},
         "width": {"type": "log_integer", "low": 16, "high": 1024},
         "optimizer": {"type": "choice", "values": ["adam", "sgd", 3, true]},
         "rate": {"type": "log_uniform", "low": 1e-5, "high": 0.1}}
        """.utf8)
    #expect(space.parameters.map(\.name) == ["layers", "optimizer", "rate", "width", "a_momentum"])
    #expect(space.parameters[0].domain == .integer(1...7, step: 2))
    #expect(space.parameters[1].domain == .choice(["adam", "sgd", 3, true]))
    #expect(space.parameters[4].condition == SearchCondition("optimizer", isOneOf: ["sgd"]))
    let set = try space.checked([
      "layers": 3, "optimizer": "sgd", "rate": 0.1, "width": 32, "a_momentum": 0,
    ])
    #expect(set["a_momentum"] == .number(0))
    #expect(
      message {
        _ = try space.checked(["layers": 3, "optimizer": "adam", "rate": 0.1, "width": 32, "a_momentum": 0])
      }
      .contains("a_momentum is set, and is no parameter that matters here"))
    #expect(
      message { _ = try space.checked(["layers": 2, "optimizer": "adam", "rate": 0.1, "width": 32]) }
        .contains("layers is 2, which is not of the space"))
  }

  @Test(
    "What is wrong is named",
    arguments: [
      ("[]", "the text"), ("{", "the text"), ("{}", "no parameter"),
      (#"{"x": {"low": 1, "high": 2}}"#, #"x has no "type""#),
      (#"{"x": {"type": "uniform", "low": 2, "high": 1}}"#, "low being at most high"),
      (#"{"x": {"type": "uniform", "low": "a", "high": 1}}"#, "x.low"),
      (#"{"x": {"type": "normal", "low": 0, "high": 1}}"#, #"the type "normal" is none of"#),
      (#"{"x": {"type": "log_uniform", "low": 0, "high": 1}}"#, "x: its bounds must be above 0"),
      (#"{"x": {"type": "uniform", "low": -1e308, "high": 1e308}}"#, "their distance must be finite"),
      (#"{"x": {"type": "integer", "low": 0.5, "high": 1}}"#, "whole numbers"),
      (#"{"x": {"type": "integer", "low": 0, "high": 1e300}}"#, "whole numbers"),
      (#"{"x": {"type": "integer", "low": 0, "high": 5, "step": 0}}"#, "its step is 0"),
      (#"{"x": {"type": "uniform", "low": 0, "high": 5, "step": 1}}"#, #""step" is for the type"#),
      (#"{"x": {"type": "log_integer", "low": 0, "high": 5}}"#, "its lower bound is 0"),
      (#"{"x": {"type": "choice", "values": []}}"#, "no choices"),
      (#"{"x": {"type": "choice", "values": [1, 1]}}"#, "there twice"),
      (#"{"x": {"type": "choice", "values": [[1]]}}"#, "x.values"),
      (#"{"x": {"type": "choice", "low": 1, "high": 2}}"#, #"a choice has "values""#),
      (#"{"x": {"type": "uniform", "low": 0, "high": 1, "when": {"y": [1]}}}"#, "depends on y"),
      (#"{"x": {"type": "uniform", "low": 0, "high": 1, "when": {}}}"#, #""when" names one"#),
      (#"{"x": {"type": "choice", "values": [1], "when": {"x": [1]}}}"#, "in a circle"),
      (
        #"{"x": {"type": "choice", "values": [1]}, "y": {"type": "choice", "values": [1], "when": {"x": [2]}}}"#,
        "which it cannot be"
      ),
      (
        #"{"x": {"type": "choice", "values": [1]}, "y": {"type": "choice", "values": [1], "when": {"x": []}}}"#,
        "matters for no value"
      ),
    ])
  func wrong(_ text: String, _ part: String) {
    let said = message { _ = try SearchSpace(json: text.utf8) }
    #expect(said.contains(part), "\(said)")
  }

  @Test("Values are drawn within their bounds, and each whole number about as often")
  func bounds() throws {
    let space = try SearchSpace([
      SearchParameter("a", .uniform(-1...1)), SearchParameter("b", .logUniform(1e-3...10)),
      SearchParameter("c", .integer(-3...4, step: 3)), SearchParameter("d", .logInteger(1...8)),
      SearchParameter("e", .uniform(2...2)),
    ])
    let study = try Study(space, goals: [.minimize("f")], sampler: RandomSampler())
    try study.run(trials: 3000) { _ in [0] }
    var counts: [SearchValue: Int] = [:]
    for trial in try study.trials() {
      #expect(try space.checked(trial.configuration) == trial.configuration)
      if let c = trial.configuration["c"] { counts[c, default: 0] += 1 }
    }
    #expect(counts.keys.sorted { ($0.integer ?? 0) < ($1.integer ?? 0) } == [-3, 0, 3])
    #expect(counts.values.allSatisfy { abs($0 - 1000) < 120 }, "\(counts)")
  }
}
