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

    @OptionGroup var tuning: FineTuningOptions

    @Option(
      help: ArgumentHelp(
        "Lines `label<TAB>text`, or a .csv, .tsv, .jsonl or .parquet table with columns of labels and texts.",
        valueName: "file"))
    var data: String

    @Option(help: ArgumentHelp("Texts for the test, where it is no part of --data.", valueName: "file"))
    var testData: String?

    @Option(help: ArgumentHelp("The column of texts; without it text.", valueName: "column"))
    var textColumn: String?

    @Option(
      help: ArgumentHelp(
        "The column of second texts, to tell pairs of texts apart: whether one follows from the other, or both say the same.",
        valueName: "column"))
    var pairColumn: String?

    @Option(help: ArgumentHelp("The column of labels; without it label.", valueName: "column"))
    var labelColumn: String?

    @Option(help: "The most tokens of a text; what is longer is cut.")
    var length = 256

    func validate() throws {
      if tuning.base.isEmpty || data.isEmpty || testData?.isEmpty == true
        || tuning.run.output?.isEmpty == true
      {
        throw ValidationError(
          "--base, --data, --test-data or --output is empty; name a model, files and a folder")
      }
      try tuning.check()
      if let problem = plan.problem { throw ValidationError(problem) }
    }

    private var plan: TextClassifierPlan {
      var plan = TextClassifierPlan(base: tuning.base)
      plan.tuning = tuning.settings
      (plan.epochs, plan.batchSize, plan.learningRate) = (
        tuning.run.epochs, tuning.batchSize, tuning.learningRate
      )
      (plan.weightDecay, plan.warmup, plan.length) = (tuning.run.weightDecay, tuning.run.warmup, length)
      (plan.labelSmoothing, plan.seed) = (tuning.labelSmoothing, tuning.run.seed)
      (plan.validationShare, plan.testShare) = (tuning.validation, tuning.test)
      (plan.textColumn, plan.labelColumn, plan.pairColumn) = (textColumn, labelColumn, pairColumn)
      return plan
    }

    func run() throws {
      let folder = try PretrainedChoice.folder(tuning.base)
      let split = try documents()
      try tuning.run.begin(task.rawValue) { try train(folder, split, $0, $1) }
    }

    /// The texts, each once, in their parts.
    private func documents() throws -> DocumentSplit {
      func read(_ path: String) throws -> LabelledDocuments {
        let (documents, removed, contradicting) = try LabelledDocuments(
          path: path, text: textColumn, label: labelColumn, pair: pairColumn
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
        return try DocumentSplit(
          all, validationShare: tuning.validation, testShare: tuning.test, seed: tuning.run.seed)
      }
      let tests = try read(testData)
      let learned = Set((0..<all.count).map(all.whole))
      let shared = (0..<tests.count).count { learned.contains(tests.whole($0)) }
      if shared > 0 {
        Terminal.note(
          "\(testData): \(counted(shared, "texts")) are among those to learn from, too; the test is easier by them"
        )
      }
      return try DocumentSplit(
        all, test: tests, validationShare: tuning.validation, testShare: tuning.test, seed: tuning.run.seed)
    }

    private func train(_ base: String, _ split: DocumentSplit, _ device: Device, _ folder: String) throws {
      let training = try TextClassifierTraining(plan, base: base, split, folder: folder, device: device)
      var notes = [training.summary]
      if training.cutCount > 0 {
        notes.append(
          "\(counted(training.cutCount, "texts")) of more than \(length) tokens are cut (--length)")
      }
      notes.append(
        "training \(task.rawValue) of \(plan.base) on \(device.name): \(split.training.count) texts of "
          + "\(split.classes.count) classes to learn from, \(split.validation.count) to choose by, \(split.test.count) for the test"
      )
      let run = TextRunOptions.Run(
        trainer: training.trainer, unit: "texts", notes: notes,
        stored: "model, test report and mistakes stored in \(folder)", describe: training.writeDescription
      ) {
        let report = try training.finish()
        return (report.text, report.scores)
      }
      try tuning.run.train(run, in: folder)
    }
  }
#endif
