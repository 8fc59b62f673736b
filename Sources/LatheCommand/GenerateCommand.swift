#if CommandLine
  import ArgumentParser
  import Foundation
  import LatheML

  struct GenerateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "generate", abstract: "Continues a text with a language model.",
      discussion: """
        The text appears as it is made. Without --prompt the prompt is read from standard input. With a temperature of 0, \
        which is the default, the likeliest token is taken each time. Ctrl-C ends the text.
        """)

    @OptionGroup var model: LanguageModelOptions
    @OptionGroup var flags: GenerationFlags

    @Option(parsing: .unconditional, help: "The text that is continued.")
    var prompt: String?

    @Option(help: ArgumentHelp("A UTF-8 file with the text that is continued.", valueName: "file"))
    var file: String?

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp(
        "Make so many texts at once, the prompt being read once; with --beams the best ones.",
        valueName: "count"))
    var count = 1

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("Search the likeliest text among so many at once.", valueName: "count"))
    var beams = 1

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("Power of the length that a beam's score is divided by.", valueName: "number"))
    var lengthPenalty = 1.0

    @Option(
      help: ArgumentHelp(
        "A file that keeps what was computed of the prompt, so that the same beginning is not computed again.",
        valueName: "file"))
    var promptCache: String?

    @Flag(help: "Print a JSON object for each text: text, tokens, reason, log-probability.")
    var json = false

    @Flag(help: "Say on standard error how many tokens a second were read and made.")
    var timings = false

    func validate() throws {
      try model.check()
      try flags.check()
      if prompt != nil && file != nil { throw ValidationError("give --prompt or --file, one of them") }
      guard (1...1024).contains(count) else { throw ValidationError("--count is \(count); give 1 to 1024") }
      if beams > 1 && count > beams {
        throw ValidationError("--count \(count) of --beams \(beams): there are no more texts than beams")
      }
      if count > 1 && beams == 1 && (flags.temperature ?? 0) == 0 {
        throw ValidationError(
          "--count \(count): the likeliest texts would all be the same; give --temperature, or --beams")
      }
      if promptCache != nil && (json || beams > 1 || count > 1) {
        throw ValidationError(
          "--prompt-cache is for a text that appears as it is made; leave --json, --beams and --count out")
      }
    }

    /// What is printed with --json.
    private struct Row: Encodable {
      let text: String
      let tokens: [Int32]
      let reason: String
      let logProbability: Double
    }

    func run() throws {
      let text = try prompt ?? TextLines.whole(file)
      let start = ContinuousClock.now
      let generator = try model.generator()
      var options = try flags.options(temperature: 0)
      options.beams = beams
      options.lengthPenalty = lengthPenalty
      let loaded = ContinuousClock.now
      if json || beams > 1 || count > 1 {
        return try output(generator.generate(text, count: count, options: options))
      }
      StopSignals.listen()
      let tokens = try generator.encode(text)
      let stream = try generator.stream(tokens, options: options, cache: storedStart(of: tokens, generator))
      stream.shouldStop = { StopSignals.number != 0 }
      var meter = GenerationMeter(prompt: tokens.count, loading: loaded - start)
      while let piece = try stream.next() {
        meter.count()
        Terminal.piece(piece.text)
      }
      Terminal.piece("\n")
      if let promptCache, stream.cache.count > 0 {
        try PromptCache(stream.cache, tokens: tokens + stream.tokens).write(
          to: promptCache, model: model.model)
      }
      if timings { Terminal.note(meter.line) }
      if StopSignals.number != 0 { throw ExitCode(128 + StopSignals.number) }
    }
  }

  extension GenerateCommand {
    /// Prints texts that are whole: JSON objects, or the texts with a line between them.
    private func output(_ texts: [GeneratedText]) throws {
      for (place, made) in texts.enumerated() {
        if json {
          try Terminal.output(
            json: Row(
              text: made.text, tokens: made.tokens, reason: made.reason.name,
              logProbability: made.logProbability))
        } else {
          if place > 0 { Terminal.output("---") }
          Terminal.output(made.text)
        }
      }
    }

    /// What the file of `--prompt-cache` has of a prompt; nil where there is none yet, or it begins otherwise.
    private func storedStart(of tokens: [Int32], _ generator: TextGenerator) throws -> DecoderCache? {
      guard let promptCache, FileErrors.exists(promptCache) else { return nil }
      return try PromptCache(path: promptCache, model: model.model).start(
        of: tokens, generator.model, capacity: tokens.count + flags.maxTokens)
    }
  }

  /// Measures a generation.
  struct GenerationMeter {
    private let prompt: Int
    private let loading: Duration
    private let start = ContinuousClock.now
    private var first: ContinuousClock.Instant?
    private var last = ContinuousClock.now
    private var made = 0

    init(prompt: Int, loading: Duration) { (self.prompt, self.loading) = (prompt, loading) }

    /// A token was made.
    mutating func count() {
      last = .now
      if first == nil { first = last }
      made += 1
    }

    /// What was measured, in a line.
    var line: String {
      func seconds(_ duration: Duration) -> Double { duration / .seconds(1) }
      let reading = seconds((first ?? last) - start)
      let making = seconds(last - (first ?? last))
      let rate = { (count: Int, time: Double) in
        time > 0 ? "\(Terminal.fixed(Double(count) / time, 1)) tokens/s" : "-"
      }
      return
        "loaded in \(Terminal.fixed(seconds(loading), 2)) s; prompt: \(prompt) tokens, \(rate(prompt, reading)); "
        + "text: \(made) tokens, \(rate(max(made - 1, 0), making))"
    }
  }

  extension FinishReason {
    /// The reason in a word.
    var name: String {
      switch self {
      case .end: "end"
      case .stop: "stop"
      case .length: "length"
      case .cancelled: "cancelled"
      }
    }
  }
#endif
