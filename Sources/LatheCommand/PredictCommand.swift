#if CommandLine
  import ArgumentParser
  import LatheML

  struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "predict", abstract: "Says what a stored model makes of images, rows or texts.",
      discussion: """
        Of each input the classes with the largest probabilities; of a text that a network learned to go on with, the \
        characters that may come next. The data needs no labels. What is in a file follows from its name, as in training.
        """)

    /// How answers are written.
    enum Format: String, CaseIterable, ExpressibleByArgument {
      case table, json, csv
    }

    @OptionGroup var stored: StoredModelOptions

    @Flag(help: "Print one JSON object a line, as --format json does.")
    var json = false

    @Option(
      parsing: .upToNextOption,
      help: ArgumentHelp("PNG and JPEG files.", valueName: "file"))
    var image: [String] = []

    @Option(
      help: ArgumentHelp(
        "A folder of PNG and JPEG files, with those in its folders, or of IDX files, of which the test images are taken.",
        valueName: "dir"))
    var dataDir: String?

    @Option(
      help: ArgumentHelp(
        "A .csv table with the columns that the model knows, an .npz or .npy array, a .tfrecord file of images, a .jsonl "
          + "file or a text: one a line for networks that tell classes.", valueName: "file"))
    var dataFile: String?

    @Option(
      help: ArgumentHelp(
        "A .csv, .jsonl, .arff or .parquet table for a model of tables, with the columns that it learned from in any order; - for "
          + "standard input.",
        valueName: "file"))
    var data: String?

    @Option(parsing: .unconditionalSingleValue, help: "A text; may be given several times.")
    var text: [String] = []

    @Option(help: ArgumentHelp("Texts, one a line, for a model of texts.", valueName: "file"))
    var file: String?

    @Option(help: "table, json or csv; without it table.")
    var format: Format?

    @Option(parsing: .unconditional, help: "How many classes of each input are shown; without it 3.")
    var top: Int?

    /// What is said of the inputs, as training takes it, and the device.
    enum Choice: SettingChoice {
      static let settings: [any AnySetting] = {
        let all = TrainingOptions.declared
        return [all.input, all.dataLimit, all.pixelLimit, all.scanLimit, all.device]
      }()
    }

    @OptionGroup var given: Flags<Choice>

    @OptionGroup(title: "Reading tables") var reading: TableReadingOptions

    private var options: TrainingOptions { given.options }

    /// The file of rows for a model of tables; nil for a network.
    private var rows: String? { data ?? (TablePrediction.isModel(stored.model) ? dataFile : nil) }

    /// Refuses what says nothing to the kind of model that is asked.
    private func checkKind() throws {
      let isTable = TablePrediction.isModel(stored.model)
      let ofNetworks: [(String, Bool)] = [
        ("image", !image.isEmpty), ("data-dir", dataDir != nil), ("text", !text.isEmpty), ("top", top != nil),
        ("best", stored.best), ("format table", format == .table), ("input", options.input != nil),
        ("data-limit", options.dataLimit != nil), ("pixel-limit", options.pixelLimit != nil),
        ("scan-limit", options.scanLimit != nil), ("file", file != nil),
      ]
      if isTable, let unused = ofNetworks.first(where: \.1)?.0 {
        throw ValidationError("--\(unused) is for networks; \(stored.model) is a model of tables")
      }
      if !isTable, reading.isGiven {
        throw ValidationError(
          "options for reading tables are for models of tables; \(stored.model) is no folder of one")
      }
    }

    func validate() throws {
      try stored.check()
      let sources = [
        !image.isEmpty, dataDir != nil, dataFile != nil, data != nil, !text.isEmpty, file != nil,
      ].count { $0 }
      guard sources == 1 else {
        throw ValidationError(
          "give --image, --data-dir, --data-file, --data, --text or --file\(sources == 0 ? "" : ", one of them")"
        )
      }
      if dataDir?.isEmpty == true || file?.isEmpty == true || dataFile?.isEmpty == true
        || data?.isEmpty == true || image.contains("")
      {
        throw ValidationError("a path is empty; name a file or a folder")
      }
      if let top, !(1...1_000_000).contains(top) {
        throw ValidationError("--top is \(top); give 1 to 1000000")
      }
      if let problem = options.problem { throw ValidationError(problem) }
      try checkKind()
      if json, let format, format != .json {
        throw ValidationError("--json is --format json; leave one of them out")
      }
    }

    func run() throws {
      if TextAnswers.isModel(stored.model) || TaggedAnswers.isModel(stored.model) {
        return try predictTexts(ChosenDevice.open(flag: options.device))
      }
      if let rows {
        let model =
          try options.device.map { try TableModel(path: stored.model, device: ChosenDevice.open(flag: $0)) }
          ?? TableModel(path: stored.model)
        var prediction = TablePrediction(model: model, format: json ? .json : format ?? .csv, path: rows)
        return try prediction.write(reading.reading)
      }
      let device = try ChosenDevice.open(flag: options.device)
      guard file == nil else {
        throw LatheError(
          .invalidArgument, "--file is for models of texts, and \(stored.model) is none; give --data-file")
      }
      let model = try stored.load(device)
      let answers = try Answers(model)
      let inputs = try self.inputs(of: model)
      var writer = PredictionWriter(format: json ? .json : format ?? .table, top: top ?? 3)
      for start in stride(from: 0, to: inputs.count, by: Answers.batchSize) {
        let range = start..<min(start + Answers.batchSize, inputs.count)
        let rows = try answers.probabilities(of: inputs, range)
        for (place, row) in zip(range, rows) {
          try writer.write(name: inputs.name(place), probabilities: row, of: answers.names)
        }
      }
    }

    private func predictTexts(_ device: Device) throws {
      guard !text.isEmpty || file != nil else {
        throw LatheError(.invalidArgument, "\(stored.model): a model of texts; give --text or --file")
      }
      var texts = text
      if let file {
        let lines = try TextLines(file)
        while let line = try lines.next() { texts.append(line) }
      }
      let format = json ? Format.json : format ?? .table
      if TaggedAnswers.isModel(stored.model) {
        guard top == nil else {
          throw LatheError(
            .invalidArgument, "--top is for classes; \(stored.model) finds entities, of which all are shown")
        }
        return try TaggedAnswers(stored.model, device).write(texts, as: format)
      }
      var writer = PredictionWriter(format: format, top: top ?? 3)
      try TextAnswers(stored.model, device).write(texts, to: &writer)
    }

    private func inputs(of model: Model) throws -> PredictionInputs {
      if !image.isEmpty { return try .images(image, model, options) }
      if let dataDir { return try .folder(dataDir, model, options) }
      if let dataFile { return try .file(dataFile, model, options) }
      return try .texts(text.map { ($0, $0) }, model)
    }
  }

  /// The classes of a model and their probabilities.
  private struct Answers {
    /// Inputs that go through the network at once; of texts to go on with one, since each has a length of its own.
    static let batchSize = 64

    /// The classes' names, or the characters that may come next.
    let names: [String]
    private let model: Model

    /// - Throws: `LatheError` where the model tells no classes.
    init(_ model: Model) throws {
      self.model = model
      switch model.recipe.task {
      case .images, .texts: names = model.description.classNames ?? []
      case .language: names = (model.description.characters ?? []).map { String($0) }
      case .reconstruction, .variational:
        throw LatheError(
          .invalidArgument,
          "\(model.source): \(model.recipe.name) gives images back and tells no classes; `lathe evaluate` shows its loss"
        )
      }
    }

    /// A row for each input of a range.
    func probabilities(of inputs: PredictionInputs, _ range: Range<Int>) throws -> [[Float]] {
      guard model.recipe.task == .language else { return try model.probabilities(inputs.batch(range)) }
      // Of each character there is a row; the last one's says what may follow.
      return try range.compactMap { try model.probabilities(inputs.batch($0..<$0 + 1)).last }
    }
  }
#endif
