#if CommandLine
  import ArgumentParser
  import LatheML

  /// What every command says that fine-tunes a pre-trained encoder.
  struct FineTuningOptions: ParsableArguments {
    @Option(
      help: ArgumentHelp(
        "A BERT, RoBERTa or DistilBERT: a model of the store, see `lathe models`, or a folder in the layout of Hugging Face.",
        valueName: "name"))
    var base: String

    @Option(
      help:
        "What learns: full (all weights), frozen (the head alone), lora, dora, adalora, adapter or pfeiffer.")
    var peft = TuningMethod.full

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
        "The layers of lora, dora and adalora; without it query and value.", valueName: "layer"))
    var targets: [String] = []

    @Option(help: "Texts a step.")
    var batchSize = 16

    @Option(help: "The largest step size; without it as suits --peft.")
    var learningRate: Float?

    @Option(help: "How much of a label's weight is spread over all classes.")
    var labelSmoothing: Float = 0

    @Option(help: "The part of the texts that chooses the epoch.")
    var validation = 0.1

    @Option(help: "The part of the texts for the test.")
    var test = 0.2

    @OptionGroup var run: TextRunOptions

    /// Says what is wrong with the options.
    func check() throws {
      let hasRank = [TuningMethod.lora, .dora, .adalora].contains(peft)
      for (name, isGiven) in [
        ("--rank", rank != nil), ("--alpha", alpha != nil), ("--adapter-dropout", adapterDropout != nil),
        ("--targets", !targets.isEmpty),
      ] where isGiven && !hasRank {
        throw ValidationError("\(name) is for --peft lora, dora and adalora, not for \(peft.rawValue)")
      }
    }

    /// The method and its settings.
    var settings: TuningSettings {
      var settings = TuningSettings(peft)
      settings.rank = rank ?? settings.rank
      settings.alpha = alpha
      settings.dropout = adapterDropout ?? settings.dropout
      settings.targets = targets.isEmpty ? nil : targets
      return settings
    }
  }

  extension TuningMethod: ExpressibleByArgument {}
#endif
