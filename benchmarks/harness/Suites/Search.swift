import Lathe
import LatheLearn
import LatheSearch

/// What a search costs beside the models that it trains.
enum SearchSuite {
  static var workloads: [Workload] { [suggestion(trials: 1_000, isQuick: true)] }

  /// Three numbers, one of them by its logarithm, a whole number and two choices.
  private static func space() throws -> SearchSpace {
    try SearchSpace([
      SearchParameter("rate", .logUniform(1e-5...1)), SearchParameter("momentum", .uniform(0...1)),
      SearchParameter("decay", .uniform(0...1)), SearchParameter("layers", .integer(1...16)),
      SearchParameter("optimizer", .choice(["adam", "sgd", "lion"])),
      SearchParameter("activation", .choice(["relu", "gelu", "tanh", "silu"])),
    ])
  }

  private static func loss(_ configuration: [String: SearchValue]) -> Double {
    func number(_ name: String) -> Double { configuration[name]?.number ?? 0 }
    let rate = logarithm(number("rate")) - logarithm(1e-3)
    let (momentum, decay) = (number("momentum") - 0.9, number("decay") - 0.1)
    let layers = (number("layers") - 6) / 16
    let choices =
      (configuration["optimizer"] == "adam" ? 0 : 0.2) + (configuration["activation"] == "gelu" ? 0 : 0.1)
    return 0.01 * rate * rate + momentum * momentum + decay * decay + layers * layers + choices
  }

  private static func suggestion(trials: Int, isQuick: Bool) -> Workload {
    Workload(
      .search, "tpe", "\(trials)x6", parameters: ["trials": trials], work: .items(1, "suggestions"),
      isQuick: isQuick, hasPeers: true
    ) { _ in
      let study = try Study(space(), goals: [.minimize("loss")], sampler: RandomSampler())
      try study.run(trials: trials) { [loss($0.configuration)] }
      let known = try Study(
        space(), goals: [.minimize("loss")], store: MemoryTrialStore(try study.trials()), seed: 1)
      return Trial(tolerance: 0.02) {
        // A failed trial changes nothing of what comes next.
        try known.ask()?.fail("")
      } check: {
        let search = try Study(space(), goals: [.minimize("loss")])
        try search.run(trials: 200) { [loss($0.configuration)] }
        return try search.best()?.values[0] ?? 1
      }
    }
  }
}
