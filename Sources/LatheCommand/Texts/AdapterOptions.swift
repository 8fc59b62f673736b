#if CommandLine
  import ArgumentParser
  import LatheML

  /// What commands say of low-rank updates.
  struct AdapterOptions: ParsableArguments {
    @Option(help: "The rank of lora, dora and adalora; without it 8.")
    var rank: Int?

    @Option(
      help: "Updates of lora, dora and adalora are multiplied by alpha / rank; without it twice the rank.")
    var alpha: Double?

    @Option(help: "How likely lora, dora and adalora leave an element of their input out; without it 0.1.")
    var adapterDropout: Float?

    @Option(
      parsing: .upToNextOption,
      help: ArgumentHelp(
        "The layers of lora, dora and adalora; without it those of queries and values.", valueName: "layer"))
    var targets: [String] = []

    /// Says what has no meaning for a method.
    func check(_ method: TuningMethod) throws {
      let hasRank = [TuningMethod.lora, .dora, .adalora].contains(method)
      for (name, isGiven) in [
        ("--rank", rank != nil), ("--alpha", alpha != nil), ("--adapter-dropout", adapterDropout != nil),
        ("--targets", !targets.isEmpty),
      ] where isGiven && !hasRank {
        throw ValidationError("\(name) is for --peft lora, dora and adalora, not for \(method.rawValue)")
      }
    }

    /// A method with its settings.
    func settings(_ method: TuningMethod) -> TuningSettings {
      var settings = TuningSettings(method)
      settings.rank = rank ?? settings.rank
      settings.alpha = alpha
      settings.dropout = adapterDropout ?? settings.dropout
      settings.targets = targets.isEmpty ? nil : targets
      return settings
    }
  }

  extension TuningMethod: ExpressibleByArgument {}
#endif
