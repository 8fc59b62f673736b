#if CommandLine
  import ArgumentParser
  import LatheML

  struct MergeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "merge", abstract: "Puts the updates of a run's adapter into the weights of its base.",
      discussion:
        "Writes config.json, model.safetensors and tokenizer.json in the layout of Hugging Face, which `transformers` and --base take; the chain of --crf, which they do not have, is beside them in crf.safetensors."
    )

    @Option(
      help: ArgumentHelp(
        "The folder of a run of `lathe train text-classifier`, `token-classifier`, `question-answering` or `chat-model`.",
        valueName: "run"))
    var model: String

    @Option(help: ArgumentHelp("The folder for the merged model.", valueName: "dir"))
    var output: String

    func validate() throws {
      if model.isEmpty || output.isEmpty {
        throw ValidationError(
          "--model or --output is empty; name the folder of a run and one for the merged model")
      }
    }

    func run() throws {
      guard !FileErrors.exists("\(output)/config.json"), !FileErrors.exists("\(output)/model.safetensors")
      else {
        throw LatheError(.file, "\(output): holds a model already; choose another folder with --output")
      }
      if ChatModelPlan.isStored(in: model) {
        let plan = try ChatModelPlan(folder: model)
        try TunedChatModel.merge(run: model, base: PretrainedChoice.path(plan.base), to: output)
      } else if QuestionAnsweringPlan.isStored(in: model) {
        try TextAnswerer(run: model, device: .cpu).writeMerged(to: output)
      } else if TaggedAnswers.isModel(model) {
        try TaggedAnswers(model, .cpu).writeMerged(to: output)
      } else {
        try TextAnswers(model, .cpu).writeMerged(to: output)
      }
      Terminal.note("merged model stored in \(output)")
    }
  }
#endif
