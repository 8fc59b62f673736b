#if CommandLine
  import ArgumentParser
  import LatheML

  struct PretrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "pretrain", abstract: "Teaches a network a language from documents, and stores it.",
      discussion: """
        Hidden words (mlm) are told by both sides, by networks like BERT; the next token (lm) by those before, by networks like \
        GPT-2 and Llama. The network begins at random from --config, or where --base is. Documents are split as wholes: to \
        learn from, to choose the epoch by, and for one test at the end. The model is stored in the run's folder under model/, \
        for --base, `lathe generate` and `transformers`.
        """)

    @Option(help: "What is learned: mlm or lm.")
    var objective: PretrainingPlan.Objective

    @Option(
      help: ArgumentHelp(
        "A folder of text files, each a document; a text file with empty lines between documents; or a .csv, .tsv, .jsonl or "
          + ".parquet table whose rows are.",
        valueName: "path"))
    var data: String

    @Option(help: ArgumentHelp("The column of texts of a table; without it text.", valueName: "column"))
    var textColumn: String?

    @Option(
      help: ArgumentHelp(
        "The config.json of a network that begins at random, see docs/pretraining.md.", valueName: "file"))
    var config: String?

    @Option(
      help: ArgumentHelp(
        "The model that it goes on from: a name of the store, see `lathe models`, or a folder in the layout of Hugging Face.",
        valueName: "name"))
    var base: String?

    @Option(
      help: ArgumentHelp(
        "A tokenizer.json, or a model whose tokeniser is taken; without it that of --base, or one is trained.",
        valueName: "name"))
    var tokenizer: String?

    @Option(
      help:
        "The tokens of a tokeniser that is trained, WordPiece for mlm and byte pairs for lm; without it vocab_size of --config."
    )
    var vocabularySize: Int?

    @Flag(help: "Keep capital letters and accents in a WordPiece tokeniser that is trained.")
    var cased = false

    @Option(help: "Texts or rows of documents a step.")
    var batchSize = 32

    @Option(help: "The largest step size.")
    var learningRate: Float = 5e-4

    @Option(help: "The most tokens of a text (mlm), or the tokens of a row of documents (lm).")
    var length = 128

    @Option(help: "The part of the tokens that mlm hides.")
    var maskedShare = 0.15

    @Flag(help: "Hide all pieces of a word together.")
    var wholeWords = false

    @Option(help: "The part of the documents that chooses the epoch.")
    var validation = 0.05

    @Option(help: "The part of the documents for the test.")
    var test = 0.05

    @Option(
      help: ArgumentHelp("The licence of the documents, for the record in corpus.json.", valueName: "text"))
    var licence: String?

    @OptionGroup var running: TextRunOptions

    func validate() throws {
      for (name, value) in [
        ("--data", data), ("--config", config), ("--base", base), ("--tokenizer", tokenizer),
        ("--output", running.output),
      ] where value?.isEmpty == true {
        throw ValidationError("\(name) is empty; name a file, folder or model")
      }
      switch (config, base) {
      case (nil, nil):
        throw ValidationError(
          "give --config for a network that begins at random, or --base for one to go on from")
      case (.some, .some):
        throw ValidationError("--config is the network's own where --base is given; give one of them")
      default: break
      }
      if objective == .lm, wholeWords || maskedShare != 0.15 {
        throw ValidationError("--whole-words and --masked-share are for --objective mlm")
      }
      if tokenizer != nil || base != nil, vocabularySize != nil || cased {
        throw ValidationError(
          "--vocabulary-size and --cased are for a tokeniser that is trained, and one is given by --tokenizer or --base"
        )
      }
      if let vocabularySize, vocabularySize < 1 {
        throw ValidationError("--vocabulary-size is \(vocabularySize); give 1 or more")
      }
      if let problem = plan.problem { throw ValidationError(problem) }
    }

    private var plan: PretrainingPlan {
      var plan = PretrainingPlan(objective)
      (plan.base, plan.epochs, plan.batchSize, plan.learningRate) = (
        base, running.epochs, batchSize, learningRate
      )
      (plan.weightDecay, plan.warmup, plan.length, plan.seed) = (
        running.weightDecay, running.warmup, length, running.seed
      )
      (plan.maskedShare, plan.wholeWords) = (maskedShare, wholeWords)
      (plan.validationShare, plan.testShare, plan.licence) = (validation, test, licence)
      return plan
    }

    func run() throws {
      let folder = try base.map(PretrainedChoice.folder)
      let configuration = try ConfigurationValues(path: config ?? "\(folder ?? "")/config.json")
      let corpus = try TextCorpus(path: data, column: textColumn)
      if corpus.duplicates > 0 {
        Terminal.note("\(data): \(counted(corpus.duplicates, "documents")) left out that came before")
      }
      let split = try CorpusSplit(corpus, validationShare: validation, testShare: test, seed: running.seed)
      try running.begin("pretrain-\(objective.rawValue)") { device, output in
        let words = try tokens(folder, configuration, split)
        if StopSignals.number != 0 { throw ExitCode(128 + StopSignals.number) }
        try train(
          Pretraining(
            plan, configuration: configuration, base: folder, tokenizer: words, split, folder: output,
            device: device),
          on: device, output)
      }
    }

    /// The tokeniser that is given, or one that is trained on the documents to learn from.
    private func tokens(
      _ base: String?, _ configuration: ConfigurationValues, _ split: CorpusSplit
    ) throws -> Tokenizer {
      if let tokenizer {
        let path = try PretrainedChoice.path(tokenizer)
        return try FileErrors.isFolder(path) ? Tokenizer(model: path) : Tokenizer(path: path)
      }
      if let base { return try Tokenizer(model: base) }
      let size = try vocabularySize ?? configuration.integer("vocab_size", in: 1...(1 << 24))
      Terminal.note("training a tokeniser of \(size) tokens on \(counted(split.training.count, "documents"))")
      switch objective {
      case .mlm:
        var trainer = WordPieceTrainer(vocabularySize: size)
        trainer.lowercases = !cased
        return try trainer.train(split.training)
      case .lm: return try BPETrainer(vocabularySize: size).train(split.training)
      }
    }

    private func train(_ training: Pretraining, on device: Device, _ folder: String) throws {
      var notes: [String] = []
      if !training.drawn.isEmpty {
        notes.append("\(base ?? "") has no head for \(objective.rawValue): it begins at random")
      }
      let split = training.split
      notes.append(
        "pre-training \(training.parameterCount) parameters on \(device.name): \(training.tokenCount) tokens of "
          + "\(counted(split.training.count, "documents")) to learn from, \(split.validation.count) to choose by (the epochs' "
          + "test), \(split.test.count) for the test at the end")
      let run = TextRunOptions.Run(
        trainer: training.trainer, unit: objective == .mlm ? "texts" : "rows", notes: notes,
        stored:
          "model stored in \(folder)/\(PretrainingPlan.modelFolder), record and test report in \(folder)",
        describe: training.writeDescription
      ) {
        let report = try training.finish()
        return (report.text, report.scores)
      }
      try running.train(run, in: folder)
    }
  }

  extension PretrainingPlan.Objective: ExpressibleByArgument {}
#endif
