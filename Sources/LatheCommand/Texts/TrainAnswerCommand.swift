#if CommandLine
  import ArgumentParser
  import LatheML

  /// `lathe train question-answering`; `TrainRoutes` leads there.
  struct TrainAnswerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "train-answers",
      abstract: "Fine-tunes a pre-trained encoder to find answers in texts, and stores it.",
      usage: "lathe train question-answering --base <name> --data <file> [<options>]",
      discussion: """
        The texts are split with their questions: a part to learn from, a part that chooses the epoch, and a part for one test at \
        the end. Texts longer than the network takes are read in windows that overlap; where some questions have no answer, that is \
        learned, too. `lathe answer`, `lathe evaluate` and `lathe merge` take the run's folder.
        """, shouldDisplay: false)

    /// What is learned.
    enum Task: String, CaseIterable, ExpressibleByArgument {
      case questionAnswering = "question-answering"
    }

    @Argument(help: ArgumentHelp("question-answering.", valueName: "task"))
    var task: Task

    @OptionGroup var tuning: FineTuningOptions

    @Option(
      help: ArgumentHelp(
        "SQuAD's JSON, or an object of JSON a line with id, question, context and answers (text, answer_start).",
        valueName: "file"))
    var data: String

    @Option(
      help: ArgumentHelp("Questions for the test, where they are no part of --data.", valueName: "file"))
    var testData: String?

    @Option(
      help: "The most tokens of a window, the question's included; longer texts are read in several windows.")
    var length = 384

    @Option(help: "How many tokens of the text a window shares with the one before.")
    var stride = 128

    @Option(help: "The most tokens of an answer.")
    var longestAnswer = 30

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

    private var plan: QuestionAnsweringPlan {
      var plan = QuestionAnsweringPlan(base: tuning.base)
      plan.tuning = tuning.settings
      (plan.epochs, plan.batchSize, plan.learningRate) = (
        tuning.run.epochs, tuning.batchSize, tuning.learningRate
      )
      (plan.weightDecay, plan.warmup, plan.seed) = (
        tuning.run.weightDecay, tuning.run.warmup, tuning.run.seed
      )
      (plan.length, plan.stride, plan.longestAnswer) = (length, stride, longestAnswer)
      (plan.labelSmoothing, plan.validationShare, plan.testShare) = (
        tuning.labelSmoothing, tuning.validation, tuning.test
      )
      return plan
    }

    func run() throws {
      let folder = try PretrainedChoice.folder(tuning.base)
      let split = try AskedSplit(
        AskedTexts(path: data), test: testData.map { try AskedTexts(path: $0) },
        validationShare: tuning.validation, testShare: tuning.test, seed: tuning.run.seed)
      try tuning.run.begin(task.rawValue) { try train(folder, split, $0, $1) }
    }

    private func train(_ base: String, _ split: AskedSplit, _ device: Device, _ folder: String) throws {
      let training = try QuestionAnsweringTraining(plan, base: base, split, folder: folder, device: device)
      let without = split.training.unanswerable
      let notes = [
        training.summary,
        "training \(task.rawValue) of \(plan.base) on \(device.name): \(split.training.count) questions to learn from"
          + (without > 0 ? " (\(without) without answer)" : "") + " in \(training.windowCount) windows, "
          + "\(split.validation.count) to choose by (the epochs' test), \(split.test.count) for the test at the end",
      ]
      let run = TextRunOptions.Run(
        trainer: training.trainer, unit: "places", notes: notes,
        stored: "model, test report and mistakes stored in \(folder)", describe: training.writeDescription
      ) {
        let report = try training.finish()
        return (report.text, report.scores)
      }
      try tuning.run.train(run, in: folder)
    }
  }
#endif
