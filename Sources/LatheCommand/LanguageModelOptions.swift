#if CommandLine
  import ArgumentParser
  import LatheML

  /// Which language model a command uses, and where.
  struct LanguageModelOptions: ParsableArguments {
    @Option(
      help: ArgumentHelp(
        "A pre-trained model by its name in the store (`lathe models`), a folder in the layout of Hugging Face, a GGUF file, or the folder of a run of `lathe train chat-model`.",
        valueName: "model"))
    var model: String

    @Option(help: ArgumentHelp("Where it computes: auto, cpu, opencl:0, ...", valueName: "device"))
    var device: String?

    @Flag(help: "Keep weights as float32 instead of as the file has them.")
    var float32 = false

    /// Says what is wrong with the options.
    func check() throws {
      if model.isEmpty { throw ValidationError("--model is empty; name a model, a folder or a file") }
    }

    /// The folder or the file of the model.
    ///
    /// - Throws: `LatheError` where there is none, with the names that there are.
    func path() throws -> String { try PretrainedChoice.path(model) }

    /// Loads the model.
    ///
    /// - Throws: `LatheError` where it is missing, damaged or not supported.
    func generator() throws -> TextGenerator {
      let device = try ChosenDevice.open(flag: device)
      let (path, precision) = (try path(), float32 ? WeightPrecision.float32 : .stored)
      guard ChatModelPlan.isStored(in: path) else {
        return try TextGenerator(path: path, precision: precision, device: device)
      }
      let base = try PretrainedChoice.path(ChatModelPlan(folder: path).base)
      return try TunedChatModel.generator(run: path, base: base, precision: precision, device: device)
    }
  }
#endif
