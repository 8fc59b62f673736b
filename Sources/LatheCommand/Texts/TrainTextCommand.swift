#if CommandLine
  import ArgumentParser
  import LatheML

  /// `lathe train text-classifier`; `TrainRoutes` leads there.
  struct TrainTextCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "train-text",
      abstract: "Fine-tunes a pre-trained encoder to tell classes of texts, and stores it.",
      usage: "lathe train text-classifier --base <name> --data <file> [<options>]",
      discussion: """
        The texts are split by their classes: a part to learn from, a part that chooses the epoch, and a part for one test at the end. \
        Texts that come twice are taken once. `lathe predict`, `lathe evaluate` and `lathe merge` take the run's folder; the adapter in it is PEFT's with lora, dora and adalora.
        """, shouldDisplay: false)

    /// What is learned.
    enum Task: String, CaseIterable, ExpressibleByArgument {
      case textClassifier = "text-classifier"
    }

    @Argument(help: ArgumentHelp("text-classifier.", valueName: "task"))
    var task: Task

    @Option(
      help: ArgumentHelp(
        "A BERT, RoBERTa or DistilBERT: a model of the store, see `lathe models`, or a folder in the layout of Hugging Face.",
        valueName: "name"))
    var base: String

    @Option(
      help: ArgumentHelp(
        "Lines `label<TAB>text`, or a .csv, .tsv, .jsonl or .parquet table with columns of labels and texts.",
        valueName: "file"))
    var data: String

    @Option(help: ArgumentHelp("Texts for the test, where it is no part of --data.", valueName: "file"))
    var testData: String?

    @Option(help: ArgumentHelp("The column of texts; without it text.", valueName: "column"))
    var textColumn: String?

    @Option(help: ArgumentHelp("The column of labels; without it label.", valueName: "column"))
    var labelColumn: String?

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

    @Option(help: "The most tokens of a text; what is longer is cut.")
    var length = 256

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

    func validate() throws {
      if base.isEmpty || data.isEmpty || testData?.isEmpty == true || output?.isEmpty == true {
        throw ValidationError(
          "--base, --data, --test-data or --output is empty; name a model, files and a folder")
      }
      let hasRank = [TuningMethod.lora, .dora, .adalora].contains(peft)
      for (name, isGiven) in [
        ("--rank", rank != nil), ("--alpha", alpha != nil), ("--adapter-dropout", adapterDropout != nil),
        ("--targets", !targets.isEmpty),
      ] where isGiven && !hasRank {
        throw ValidationError("\(name) is for --peft lora, dora and adalora, not for \(peft.rawValue)")
      }
      if let problem = plan.problem { throw ValidationError(problem) }
    }

    private var plan: TextClassifierPlan {
      var plan = TextClassifierPlan(base: base)
      plan.tuning = TuningSettings(peft)
      plan.tuning.rank = rank ?? plan.tuning.rank
      plan.tuning.alpha = alpha
      plan.tuning.dropout = adapterDropout ?? plan.tuning.dropout
      plan.tuning.targets = targets.isEmpty ? nil : targets
      (plan.epochs, plan.batchSize, plan.learningRate) = (epochs, batchSize, learningRate)
      (plan.weightDecay, plan.warmup, plan.length) = (weightDecay, warmup, length)
      (plan.labelSmoothing, plan.validationShare, plan.testShare) = (labelSmoothing, validation, test)
      (plan.textColumn, plan.labelColumn, plan.seed) = (textColumn, labelColumn, seed)
      return plan
    }

    func run() throws {
      let folder = try PretrainedChoice.folder(base)
      let split = try documents()
      let device = try ChosenDevice.open(flag: device)
      StopSignals.listen()
      try OutputFolder.use(output, model: task.rawValue, resume: resume) {
        try train(folder, split, device, $0)
      }
    }

    /// The texts, each once, in their parts.
    private func documents() throws -> DocumentSplit {
      func read(_ path: String) throws -> LabelledDocuments {
        let (documents, removed, contradicting) = try LabelledDocuments(
          path: path, text: textColumn, label: labelColumn
        ).withoutDuplicates()
        if removed > 0 {
          Terminal.note(
            "\(path): \(counted(removed, "texts")) left out that came before"
              + (contradicting > 0 ? ", \(contradicting) of them with another label" : ""))
        }
        return documents
      }
      let all = try read(data)
      guard let testData else {
        return try DocumentSplit(all, validationShare: validation, testShare: test, seed: seed)
      }
      let tests = try read(testData)
      let learned = Set(all.texts)
      let shared = tests.texts.count { learned.contains($0) }
      if shared > 0 {
        Terminal.note(
          "\(testData): \(counted(shared, "texts")) are among those to learn from, too; the test is easier by them"
        )
      }
      return try DocumentSplit(all, test: tests, validationShare: validation, testShare: test, seed: seed)
    }

    private func train(_ base: String, _ split: DocumentSplit, _ device: Device, _ folder: String) throws {
      let training = try TextClassifierTraining(plan, base: base, split, folder: folder, device: device)
      let trainer = training.trainer
      try training.writeDescription()
      let display = TrainingDisplay(
        json: json, epochs: epochs, metrics: trainer.metrics.map(\.name), unit: "texts")
      display.attach(to: trainer)
      trainer.callbacks += [
        RunRecorder(folder: folder, command: CommandLine.arguments, program: TrainCommand.release),
        RunReport(folder: folder, program: TrainCommand.release),
      ]
      if resume, try !trainer.resume() { display.note("\(folder): no checkpoint yet; starting at step 0") }
      trainer.shouldStop = { StopSignals.number != 0 }
      display.note(training.summary)
      if training.cutCount > 0 {
        display.note(
          "\(counted(training.cutCount, "texts")) of more than \(length) tokens are cut (--length)")
      }
      display.note(
        "training \(task.rawValue) of \(plan.base) on \(device.name): \(split.training.count) texts of "
          + "\(split.classes.count) classes to learn from, \(split.validation.count) to choose by, \(split.test.count) for the test"
      )
      let outcome = try trainer.run()
      display.end()
      if outcome == .stopped {
        display.note(
          "stopped at step \(trainer.step); go on with the same command and --resume --output \(Terminal.shellQuoted(folder))"
        )
        throw ExitCode(128 + StopSignals.number)
      }
      let report = try training.finish()
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
