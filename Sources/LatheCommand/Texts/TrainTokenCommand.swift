#if CommandLine
  import ArgumentParser
  import LatheML

  /// `lathe train token-classifier`; `TrainRoutes` leads there.
  struct TrainTokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "train-tokens",
      abstract: "Fine-tunes a pre-trained encoder to find names and other entities, and stores it.",
      usage: "lathe train token-classifier --base <name> --data <file> [<options>]",
      discussion: """
        The sentences, or documents where -DOCSTART- marks them, are split: a part to learn from, a part that chooses the epoch by the \
        F1 of entities, and a part for one test at the end. Tags may be IOB1, BIO or BIOES. `lathe predict`, `lathe evaluate` and \
        `lathe merge` take the run's folder.
        """, shouldDisplay: false)

    /// What is learned.
    enum Task: String, CaseIterable, ExpressibleByArgument {
      case tokenClassifier = "token-classifier"
    }

    @Argument(help: ArgumentHelp("token-classifier.", valueName: "task"))
    var task: Task

    @OptionGroup var tuning: FineTuningOptions

    @Option(
      help: ArgumentHelp(
        "A word and its tag a line, with a tab or spaces between them, and an empty line behind each sentence.",
        valueName: "file"))
    var data: String

    @Option(
      help: ArgumentHelp(
        "Sentences that choose the epoch, where they are no part of --data.", valueName: "file"))
    var validationData: String?

    @Option(
      help: ArgumentHelp("Sentences for the test, where they are no part of --data.", valueName: "file"))
    var testData: String?

    @Flag(help: "Learn a linear chain of tags (CRF) with the network.")
    var crf = false

    @Option(help: "The tags that are learned and given: bio or bioes.")
    var scheme = TagScheme.bio

    @Option(help: "The most tokens of a sentence; what is longer is learned from in parts.")
    var length = 128

    func validate() throws {
      if [tuning.base, data, validationData ?? "-", testData ?? "-", tuning.run.output ?? "-"].contains("") {
        throw ValidationError(
          "--base, --data, --validation-data, --test-data or --output is empty; name a model, files and a folder"
        )
      }
      try tuning.check()
      if let problem = plan.problem { throw ValidationError(problem) }
    }

    private var plan: TokenClassifierPlan {
      var plan = TokenClassifierPlan(base: tuning.base)
      (plan.tuning, plan.usesChain, plan.scheme) = (tuning.settings, crf, scheme)
      (plan.epochs, plan.batchSize, plan.learningRate) = (
        tuning.run.epochs, tuning.batchSize, tuning.learningRate
      )
      (plan.weightDecay, plan.warmup, plan.length) = (tuning.run.weightDecay, tuning.run.warmup, length)
      (plan.labelSmoothing, plan.seed) = (tuning.labelSmoothing, tuning.run.seed)
      (plan.validationShare, plan.testShare) = (tuning.validation, tuning.test)
      return plan
    }

    func run() throws {
      let folder = try PretrainedChoice.folder(tuning.base)
      let split = try sentences()
      try tuning.run.begin(task.rawValue) { try train(folder, split, $0, $1) }
    }

    /// The sentences, each once, in their parts.
    private func sentences() throws -> TaggedSplit {
      func read(_ path: String) throws -> TaggedSentences {
        let (sentences, removed, contradicting) = try TaggedSentences(path: path).withoutDuplicates()
        if removed > 0 {
          Terminal.note(
            "\(path): \(counted(removed, "sentences")) left out that came before"
              + (contradicting > 0 ? ", \(contradicting) of them with other tags" : ""))
        }
        let irregular = sentences.irregularCount
        if irregular > 0 {
          Terminal.note(
            "\(path): \(counted(irregular, "sentences")) with tags where \(sentences.scheme.rawValue) has none of them; an I- that goes on with nothing begins an entity"
          )
        }
        return sentences
      }
      let all = try read(data)
      let validation = try validationData.map(read), tests = try testData.map(read)
      let learned = Set(all.words)
      for part in [validation, tests].compactMap({ $0 }) {
        let shared = part.words.count { learned.contains($0) }
        if shared > 0 {
          Terminal.note("\(part.source): \(counted(shared, "sentences")) are among those to learn from, too")
        }
      }
      return try TaggedSplit(
        all, validation: validation, test: tests, validationShare: tuning.validation, testShare: tuning.test,
        seed: tuning.run.seed)
    }

    private func train(_ base: String, _ split: TaggedSplit, _ device: Device, _ folder: String) throws {
      let training = try TokenClassifierTraining(plan, base: base, split, folder: folder, device: device)
      var notes = [training.summary]
      if training.dividedCount > 0 {
        notes.append(
          "\(counted(training.dividedCount, "sentences")) of more than \(length) tokens are learned from in parts (--length)"
        )
      }
      if training.cutCount > 0 {
        notes.append(
          "\(counted(training.cutCount, "words")) of more than \(length) tokens are cut (--length)")
      }
      notes.append(
        "training \(task.rawValue) of \(plan.base) on \(device.name): \(split.training.count) sentences with "
          + "\(split.types.joined(separator: ", ")) to learn from, \(split.validation.count) to choose by, \(split.test.count) for the test"
      )
      let run = TextRunOptions.Run(
        trainer: training.trainer, unit: "words", notes: notes,
        stored: "model, test report and mistakes stored in \(folder)", describe: training.writeDescription
      ) {
        let report = try training.finish()
        return (report.text, report.scores)
      }
      try tuning.run.train(run, in: folder)
    }
  }

  extension TagScheme: ExpressibleByArgument {}
#endif
