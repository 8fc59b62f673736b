#if CommandLine
  import ArgumentParser
  import LatheML

  /// `lathe train chat-model`; `TrainRoutes` leads there.
  struct TrainChatCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "train-chat",
      abstract:
        "Fine-tunes a language model on conversations, or on which of two answers is better, and stores it.",
      usage: "lathe train chat-model --base <name> --data <file> [<options>]",
      discussion: """
        The answers of the assistant are learned, not the questions; where lines have `chosen` and `rejected`, the preferred answer \
        is made likelier than the other (DPO). Conversations are split: a part to learn from, a part that chooses the epoch, and a \
        part for one test at the end. `lathe chat`, `lathe generate` and `lathe merge` take the run's folder; the adapter in it is \
        PEFT's.
        """, shouldDisplay: false)

    /// What is learned.
    enum Task: String, CaseIterable, ExpressibleByArgument {
      case chatModel = "chat-model"
    }

    @Argument(help: ArgumentHelp("chat-model.", valueName: "task"))
    var task: Task

    @Option(
      help: ArgumentHelp(
        "A language model: of the store, see `lathe models`, a folder in the layout of Hugging Face, or a GGUF file, whose weights stay as they are.",
        valueName: "name"))
    var base: String

    @Option(
      help: ArgumentHelp(
        "An object of JSON a line: messages, conversations, prompt with completion, instruction with output, or chosen with rejected.",
        valueName: "file"))
    var data: String

    @Option(
      help: ArgumentHelp("Conversations for the test, where they are no part of --data.", valueName: "file"))
    var testData: String?

    @Option(
      help: ArgumentHelp(
        "A chat template in Jinja2, in place of the model's or for one that has none.", valueName: "file"))
    var chatTemplate: String?

    @Option(help: "What learns: lora, dora or full (all weights).")
    var peft = TuningMethod.lora

    @OptionGroup var adapter: AdapterOptions

    @Option(help: "Conversations, or pairs of answers, a step.")
    var batchSize = 8

    @Option(help: "The largest step size; without it as suits --peft and the data.")
    var learningRate: Float?

    @Option(help: "The most tokens of a conversation; what is longer is cut at its end.")
    var length = 512

    @Option(help: "Of pairs of answers, how strongly the model is held to what it was.")
    var beta: Float = 0.1

    @Option(
      help:
        "How much of a token's weight is spread over all; of pairs, the share whose answers may have been mixed up."
    )
    var labelSmoothing: Float = 0

    @Option(help: "The part of the conversations that chooses the epoch.")
    var validation = 0.1

    @Option(help: "The part of the conversations for the test.")
    var test = 0.1

    @OptionGroup var running: TextRunOptions

    func validate() throws {
      for (name, value) in [
        ("--base", base), ("--data", data), ("--test-data", testData), ("--chat-template", chatTemplate),
        ("--output", running.output),
      ] where value?.isEmpty == true {
        throw ValidationError("\(name) is empty; name a file, folder or model")
      }
      try adapter.check(peft)
      if let problem = plan.problem { throw ValidationError(problem) }
    }

    private var plan: ChatModelPlan {
      var plan = ChatModelPlan(base: base)
      plan.tuning = adapter.settings(peft)
      (plan.epochs, plan.batchSize, plan.learningRate) = (running.epochs, batchSize, learningRate)
      (plan.weightDecay, plan.warmup, plan.length) = (running.weightDecay, running.warmup, length)
      (plan.beta, plan.labelSmoothing, plan.seed) = (beta, labelSmoothing, running.seed)
      (plan.validationShare, plan.testShare) = (validation, test)
      return plan
    }

    func run() throws {
      let path = try PretrainedChoice.path(base)
      func read(_ file: String) throws -> Conversations {
        let found = try Conversations(path: file)
        if found.duplicates > 0 {
          Terminal.note("\(file): \(counted(found.duplicates, "conversations")) left out that came before")
        }
        return found
      }
      let split = try ConversationSplit(
        read(data), test: testData.map(read), validationShare: validation, testShare: test, seed: running.seed
      )
      let template = try chatTemplate.map { file in
        guard let text = String(validating: try FileErrors.read(file, limit: 1 << 22), as: UTF8.self) else {
          throw LatheError(.format, "\(file): not UTF-8 text")
        }
        return text
      }
      try running.begin(task.rawValue) { device, folder in
        try train(
          ChatModelTraining(plan, base: path, split, template: template, folder: folder, device: device),
          on: device, folder)
      }
    }

    private func train(_ training: ChatModelTraining, on device: Device, _ folder: String) throws {
      let split = training.split
      let isPreference = split.training.arePreferences
      let noun = isPreference ? "pairs of answers" : "conversations"
      var notes = [training.summary]
      if training.cutCount > 0 {
        notes.append(
          "\(counted(training.cutCount, noun)) of more than \(training.plan.length) tokens are cut (--length)"
            + (training.emptyCount > 0
              ? ", \(training.emptyCount) of them before an answer, and left out" : ""))
      }
      notes.append(
        "training \(task.rawValue) of \(base) on \(device.name): \(split.training.count) \(noun) to learn from"
          + (isPreference ? "" : " (\(training.answerCount) tokens of answers)")
          + ", \(split.validation.count) to choose by (the epochs' test), \(split.test.count) for the test at the end"
      )
      let run = TextRunOptions.Run(
        trainer: training.trainer, unit: isPreference ? "pairs" : "tokens", notes: notes,
        stored: "model, test report and samples stored in \(folder); talk to it with lathe chat --model "
          + Terminal.shellQuoted(folder),
        describe: training.writeDescription
      ) {
        let report = try training.finish()
        return (report.text, report.scores)
      }
      try running.train(run, in: folder)
    }
  }
#endif
