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

    @OptionGroup var adapter: AdapterOptions

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
    func check() throws { try adapter.check(peft) }

    /// The method and its settings.
    var settings: TuningSettings { adapter.settings(peft) }
  }
#endif
