#if CommandLine
  import ArgumentParser
  import LatheML

  struct EmbedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "embed", abstract: "Makes a vector of each line of a text, for search and comparison.",
      discussion: """
        Without --output the vectors are printed as JSON lists, one a line; with it they are written as JSON lines or as one \
        array of NumPy's. Without a file standard input is read. An empty line has a vector, too.
        """)

    @Option(
      help: ArgumentHelp(
        "A model of the store, see `lathe models`, or a folder in the layout of sentence-transformers or of a BERT, "
          + "RoBERTa or DistilBERT.", valueName: "name"))
    var model: String

    @Option(help: ArgumentHelp("A UTF-8 text, whose lines get a vector each.", valueName: "file"))
    var file: String?

    @Option(parsing: .unconditionalSingleValue, help: "A text; may be given several times.")
    var text: [String] = []

    @Option(
      help: ArgumentHelp("Where vectors are written: a name that ends in .npy or .jsonl.", valueName: "file"))
    var output: String?

    @Option(parsing: .unconditional, help: "How many lines are computed at a time; without it 32.")
    var batchSize: Int?

    @Option(help: "How the vectors of tokens become one; without it as the model says, or mean.")
    var pooling: SentencePooling?

    @Flag(help: "Leave the vectors' lengths as they are, also where the model says otherwise.")
    var noNormalize = false

    @Option(
      parsing: .unconditional,
      help: "A text in front of each line; without it as the model says, which an empty one undoes.")
    var prompt: String?

    @Option(
      help: ArgumentHelp("The same by the name that the model has for it, such as query.", valueName: "name"))
    var promptName: String?

    @Option(help: "auto, cpu, opencl, or a device's name or number, see `lathe devices`.")
    var device: String?

    func validate() throws {
      if model.isEmpty { throw ValidationError("--model is empty; name a stored model or a folder") }
      if file?.isEmpty == true { throw ValidationError("--file is empty; name a text") }
      if file != nil && !text.isEmpty { throw ValidationError("give --file or --text, one of them") }
      if prompt != nil && promptName != nil {
        throw ValidationError("give --prompt or --prompt-name, one of them")
      }
      if let batchSize, !(1...65536).contains(batchSize) {
        throw ValidationError("--batch-size is \(batchSize); give 1 to 65536")
      }
      if let output, !output.hasSuffix(".npy"), !output.hasSuffix(".jsonl") {
        throw ValidationError(
          "--output \(output): vectors are written as .npy or .jsonl; let the name end so")
      }
    }

    func run() throws {
      // First what is quick to find wrong.
      let folder = try PretrainedChoice.folder(model)
      let lines = text.isEmpty ? try TextLines(file) : nil
      let device = try ChosenDevice.open(flag: device)
      let encoder = try SentenceEncoder(
        pretrained: folder, pooling: pooling, normalizes: noNormalize ? false : nil, device: device)
      guard let output else { return try eachVector(encoder, lines) { Terminal.output(Self.json($0)) } }
      try AtomicFile.write(to: output) { writer in
        if output.hasSuffix(".npy") { return try writeArray(encoder, lines, writer) }
        try eachVector(encoder, lines) { row in
          try Array((Self.json(row) + "\n").utf8).withUnsafeBytes { try writer.append($0) }
        }
      }
    }

    /// Writes the elements, then over the place before them the header, which has their number.
    private func writeArray(_ encoder: SentenceEncoder, _ lines: TextLines?, _ writer: AtomicFile.Writer)
      throws
    {
      func header(_ count: Int) -> [UInt8] { NPYFile.header(.float32, [count, encoder.width], size: 128) }
      var count = 0
      try header(0).withUnsafeBytes { try writer.append($0) }
      try eachVector(encoder, lines) { row in
        count += 1
        try row.withUnsafeBytes { try writer.append($0) }
      }
      try writer.replace(at: 0, header(count))
    }

    /// Calls back for the vector of each line, of which some thousand are read at a time.
    private func eachVector(
      _ encoder: SentenceEncoder, _ lines: TextLines?, _ body: (ArraySlice<Float>) throws -> Void
    ) throws {
      var count = 0
      let prompt = try prompt ?? encoder.prompts.text(promptName)
      func put(_ batch: [String]) throws {
        let values = try encoder.encode(batch, prompt: prompt, batchSize: batchSize ?? 32)
          .scalars(as: Float.self)
        for row in batch.indices {
          count += 1
          let vector = values[row * encoder.width..<(row + 1) * encoder.width]
          guard vector.allSatisfy(\.isFinite) else {
            throw LatheError(
              .format, "line \(count): a number of its vector is not finite; the weights are damaged")
          }
          try body(vector)
        }
      }
      guard let lines else { return try put(text) }
      while true {
        var batch: [String] = []
        while batch.count < 4096, let line = try lines.next() { batch.append(line) }
        if batch.isEmpty { break }
        try put(batch)
      }
      if count == 0 {
        Terminal.note("lathe: \(file ?? "standard input") has no lines; there is nothing to embed")
      }
    }

    private static func json(_ vector: ArraySlice<Float>) -> String {
      "[" + vector.lazy.map { "\($0)" }.joined(separator: ",") + "]"
    }
  }

  extension SentencePooling: ExpressibleByArgument {}
#endif
