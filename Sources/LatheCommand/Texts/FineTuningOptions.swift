#if CommandLine
  import ArgumentParser
  import LatheML

  /// What every command says that fine-tunes a pre-trained encoder, and the run that follows.
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

    @Option(help: "Passes over the texts to learn from.")
    var epochs = 3

    @Option(help: "Texts a step.")
    var batchSize = 16

    @Option(help: "The largest step size; without it as suits --peft.")
    var learningRate: Float?

    @Option(help: "How strongly weights are drawn to 0.")
    var weightDecay: Float = 0.01

    @Option(help: "The part of the steps in which the step size rises.")
    var warmup = 0.1

    @Option(help: "How much of a label's weight is spread over all classes.")
    var labelSmoothing: Float = 0

    @Option(help: "The part of the texts that chooses the epoch.")
    var validation = 0.1

    @Option(help: "The part of the texts for the test.")
    var test = 0.2

    @Option(help: "What random choices depend on.")
    var seed: UInt64 = 42

    @Option(help: ArgumentHelp("The folder for the run; without it one under runs/.", valueName: "dir"))
    var output: String?

    @Flag(help: "Go on with the run in the folder from its last checkpoint.")
    var resume = false

    @Flag(help: "Print epochs as JSON, one object a line.")
    var json = false

    @Option(help: "auto, cpu, opencl, or a device's name or number, see `lathe devices`.")
    var device: String?

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

    /// A run as a command sees it.
    struct Run {
      let trainer: Trainer
      /// What trained weights there are.
      let summary: String
      /// What is counted.
      let unit: String
      /// What a user should see before it begins.
      let notes: [String]
      /// Writes what loading the model takes besides its weights.
      let describe: () throws -> Void
      /// Tests, and gives the report and the figures for JSON.
      let finish: () throws -> (text: String, scores: any Encodable)
    }

    /// Trains, tests once and shows the report.
    func train(_ run: Run, in folder: String) throws {
      let trainer = run.trainer
      try run.describe()
      let display = TrainingDisplay(
        json: json, epochs: epochs, metrics: trainer.metrics.map(\.name), unit: run.unit)
      display.attach(to: trainer)
      trainer.callbacks += [
        RunRecorder(folder: folder, command: CommandLine.arguments, program: TrainCommand.release),
        RunReport(folder: folder, program: TrainCommand.release),
      ]
      if resume, try !trainer.resume() { display.note("\(folder): no checkpoint yet; starting at step 0") }
      trainer.shouldStop = { StopSignals.number != 0 }
      display.note(run.summary)
      run.notes.forEach(display.note)
      let outcome = try trainer.run()
      display.end()
      if outcome == .stopped {
        display.note(
          "stopped at step \(trainer.step); go on with the same command and --resume --output \(Terminal.shellQuoted(folder))"
        )
        throw ExitCode(128 + StopSignals.number)
      }
      let report = try run.finish()
      if json {
        try Terminal.output(json: report.scores)
      } else {
        Terminal.output(report.text)
      }
      display.note("model, test report and mistakes stored in \(folder)")
      if Terminal.hasLostResults { throw ExitCode(1) }
    }
  }

  extension TuningMethod: ExpressibleByArgument {}
#endif
