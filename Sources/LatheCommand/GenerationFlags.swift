#if CommandLine
  import ArgumentParser
  import LatheML

  /// How a command continues texts.
  struct GenerationFlags: ParsableArguments {
    @Option(parsing: .unconditional, help: ArgumentHelp("The most tokens that are made.", valueName: "count"))
    var maxTokens = 256

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp(
        "Divides scores before a token is drawn; 0 takes the likeliest.", valueName: "number"))
    var temperature: Double?

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("Draw from so many of the likeliest tokens.", valueName: "count"))
    var topK: Int?

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("Draw from the likeliest tokens that make up this probability.", valueName: "share"))
    var topP: Double?

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp(
        "Draw from tokens at least so likely, compared with the likeliest.", valueName: "share"))
    var minP: Double?

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("Draw from tokens of about the expected surprise.", valueName: "share"))
    var typicalP: Double?

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("Divides the scores of tokens that are there already.", valueName: "factor"))
    var repetitionPenalty = 1.0

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("Taken from the scores of tokens that were made.", valueName: "number"))
    var presencePenalty = 0.0

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("Taken from scores for each time a token was made.", valueName: "number"))
    var frequencyPenalty = 0.0

    @Option(parsing: .unconditionalSingleValue, help: "A text at which to stop; may be given several times.")
    var stop: [String] = []

    @Option(
      help: ArgumentHelp("A file with the grammar that the text has to follow, in GBNF.", valueName: "file"))
    var grammar: String?

    @Option(help: ArgumentHelp("A file with the JSON schema that the text has to follow.", valueName: "file"))
    var schema: String?

    @Option(parsing: .unconditional, help: ArgumentHelp("Decides what is drawn.", valueName: "number"))
    var seed: UInt64?

    /// Says what is wrong with the options.
    func check() throws {
      if grammar != nil && schema != nil { throw ValidationError("give --grammar or --schema, one of them") }
    }

    /// The options, with a temperature where none was given.
    ///
    /// - Throws: `LatheError` where a grammar cannot be read.
    func options(temperature standard: Double) throws -> GenerationOptions {
      var options = GenerationOptions()
      options.maximumNewTokens = maxTokens
      options.temperature = temperature ?? standard
      (options.topK, options.topP, options.minP, options.typicalP) = (topK, topP, minP, typicalP)
      options.repetitionPenalty = repetitionPenalty
      options.presencePenalty = presencePenalty
      options.frequencyPenalty = frequencyPenalty
      options.stop = stop
      options.seed = seed ?? UInt64.random(in: 0..<1 << 53)
      if let grammar { options.grammar = try Grammar(TextLines.whole(grammar)) }
      if let schema { options.grammar = try Grammar(schema: TextLines.whole(schema)) }
      return options
    }
  }
#endif
