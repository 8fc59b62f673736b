#if CommandLine
  import ArgumentParser
  import LatheML

  /// What commands say of texts by a fine-tuned classifier.
  struct TextAnswers {
    private let classifier: TextClassifier
    private let plan: TextClassifierPlan

    /// Whether a path is the folder of such a run.
    static func isModel(_ path: String) -> Bool { TextClassifierPlan.isStored(in: path) }

    /// Loads the model of a run.
    ///
    /// - Throws: `LatheError` where a file is damaged.
    init(_ folder: String, _ device: Device) throws {
      classifier = try TextClassifier(run: folder, device: device)
      plan = try TextClassifierPlan(folder: folder)
    }

    /// Writes the probabilities of each text.
    ///
    /// - Throws: `LatheError` where a text cannot be encoded.
    func write(_ texts: [String], to writer: inout PredictionWriter) throws {
      for start in stride(from: 0, to: texts.count, by: 256) {
        let part = Array(texts[start..<min(start + 256, texts.count)])
        for (text, row) in zip(part, try classifier.probabilities(part)) {
          try writer.write(name: text, probabilities: row, of: classifier.classes)
        }
      }
    }

    /// Tests on labelled texts.
    ///
    /// - Throws: `LatheError` where the file cannot be used or has classes that the model has not.
    func test(_ path: String) throws -> TextClassifierReport {
      try TextClassifierReport(
        of: classifier, on: LabelledDocuments(path: path, text: plan.textColumn, label: plan.labelColumn))
    }

    /// Writes the model without adapters.
    ///
    /// - Throws: `LatheError` where the adapter is no update of weights or a file cannot be written.
    func writeMerged(to folder: String) throws { try classifier.writeMerged(to: folder) }
  }

  struct MergeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "merge", abstract: "Puts the updates of a run's adapter into the weights of its base.",
      discussion:
        "Writes config.json, model.safetensors and tokenizer.json in the layout of Hugging Face, which `transformers` and --base take."
    )

    @Option(help: ArgumentHelp("The folder of a run of `lathe train text-classifier`.", valueName: "run"))
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
      try TextAnswers(model, .cpu).writeMerged(to: output)
      Terminal.note("merged model stored in \(output)")
    }
  }
#endif
