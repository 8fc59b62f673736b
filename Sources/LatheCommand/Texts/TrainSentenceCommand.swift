#if CommandLine
  import ArgumentParser
  import LatheML

  /// `lathe train sentence-encoder`; `TrainRoutes` leads there.
  struct TrainSentenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "train-sentences",
      abstract: "Teaches a sentence encoder which texts belong together, and stores it.",
      usage: "lathe train sentence-encoder --base <name> --data <file> [<options>]",
      discussion: """
        The columns of the data say what is known: anchor and positive, perhaps negative, are texts to be found by each other; \
        sentence1, sentence2 and score are pairs with how alike they are; text and label are texts with classes, a few of which \
        (--shots) make a classifier that `lathe predict` and `lathe evaluate` take; text alone teaches by dropout (SimCSE). The \
        model is stored in the run's folder under model/, for `lathe embed` and sentence-transformers.
        """, shouldDisplay: false)

    /// What is learned.
    enum Task: String, CaseIterable, ExpressibleByArgument {
      case sentenceEncoder = "sentence-encoder"
    }

    @Argument(help: ArgumentHelp("sentence-encoder.", valueName: "task"))
    var task: Task

    @Option(
      help: ArgumentHelp(
        "A sentence encoder, or a BERT, RoBERTa or DistilBERT: a model of the store, see `lathe models`, or a folder.",
        valueName: "name"))
    var base: String

    @Option(
      help: ArgumentHelp(
        "A .csv, .tsv, .jsonl or .parquet table, lines `label<TAB>text`, or a text a line.", valueName: "file"
      ))
    var data: String

    @Option(help: ArgumentHelp("Examples for the test, where they are no part of --data.", valueName: "file"))
    var testData: String?

    @Option(
      help:
        "Of labelled texts, how many of each class are learned from; without it all that are not for the test."
    )
    var shots: Int?

    @Option(help: "Of labelled texts, how many of the same class and of other ones each is compared with.")
    var pairsPerText = 20

    @Option(help: "What learns: full (all weights), lora or dora, whose updates end in the weights.")
    var peft = TuningMethod.full

    @OptionGroup var adapter: AdapterOptions

    @Option(help: "Examples a step: the more there are, the more each text is told apart from.")
    var batchSize = 16

    @Option(help: "The largest step size; without it as suits --peft.")
    var learningRate: Float?

    @Option(help: "The most tokens of a text; what is longer is cut.")
    var length = 256

    @Option(help: "What cosines are divided by where texts are told apart.")
    var temperature: Float = 0.05

    @Option(help: "The part of the examples that chooses the epoch; of labelled texts there is none.")
    var validation = 0.1

    @Option(help: "The part of the examples for the test.")
    var test = 0.2

    @OptionGroup var running: TextRunOptions

    func validate() throws {
      for (name, value) in [
        ("--base", base), ("--data", data), ("--test-data", testData), ("--output", running.output),
      ] where value?.isEmpty == true {
        throw ValidationError("\(name) is empty; name a file, folder or model")
      }
      try adapter.check(peft)
      if let problem = plan.problem { throw ValidationError(problem) }
    }

    private var plan: SentenceEncoderPlan {
      var plan = SentenceEncoderPlan(base: base)
      plan.tuning = adapter.settings(peft)
      (plan.epochs, plan.batchSize, plan.learningRate) = (running.epochs, batchSize, learningRate)
      (plan.weightDecay, plan.warmup, plan.length) = (running.weightDecay, running.warmup, length)
      (plan.temperature, plan.pairsPerText, plan.shots) = (temperature, pairsPerText, shots)
      (plan.validationShare, plan.testShare, plan.seed) = (validation, test, running.seed)
      return plan
    }

    func run() throws {
      let path = try PretrainedChoice.folder(base)
      let split = try SentenceSplit(
        SentenceExamples(path: data), test: testData.map { try SentenceExamples(path: $0) }, shots: shots,
        validationShare: validation, testShare: test, seed: running.seed)
      try running.begin(task.rawValue) { device, folder in
        try train(
          SentenceEncoderTraining(plan, base: path, split, folder: folder, device: device), on: device, folder
        )
      }
    }

    private func train(_ training: SentenceEncoderTraining, on device: Device, _ folder: String) throws {
      let split = training.split
      let nouns: [SentenceExamples.Kind: String] = [
        .pairs: "pairs", .scored: "scored pairs", .labelled: "labelled texts", .texts: "texts",
      ]
      let noun = nouns[split.training.kind] ?? ""
      let notes = [
        training.summary,
        "training \(task.rawValue) of \(base) on \(device.name): \(split.training.count) \(noun) to learn from"
          + (split.training.kind == .labelled ? ", compared in \(training.exampleCount) pairs" : "")
          + (split.validation.map { ", \($0.count) to choose by (the epochs' test)" } ?? "")
          + ", \(split.test.count) for the test at the end",
      ]
      let run = TextRunOptions.Run(
        trainer: training.trainer, unit: "pairs", notes: notes,
        stored: "model stored in \(folder)/\(SentenceEncoderTraining.modelFolder), test report in \(folder)",
        describe: training.writeDescription
      ) {
        let report = try training.finish()
        return (report.text, report.scores)
      }
      try running.train(run, in: folder)
    }
  }
#endif
