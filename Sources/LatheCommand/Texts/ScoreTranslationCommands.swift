#if CommandLine
  import ArgumentParser
  import LatheTextMetrics

  struct ScoreBLEUCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "bleu", abstract: "BLEU of translations, as sacrebleu prints it.")

    @OptionGroup var files: ScoredTexts

    @Option(help: "How texts are cut into words: 13a, intl, zh, char or none.")
    var tokenize = BLEUTokenizer.v13a

    @Option(help: "What stands in for n-grams that are not found: exp, floor, add-k or none.")
    var smooth = Smoothing.exp

    @Option(help: "The number of floor (without it 0.1) or add-k (1).")
    var smoothValue: Double?

    @Option(help: "The longest n-grams.")
    var maxOrder = 4

    @Flag(help: "Compare in lower case.")
    var lowercase = false

    enum Smoothing: String, ExpressibleByArgument, CaseIterable {
      case exp, floor
      case addK = "add-k"
      case none
    }

    func validate() throws {
      if smoothValue != nil && (smooth == .exp || smooth == .none) {
        throw ValidationError("--smooth-value is for --smooth floor and add-k")
      }
    }

    func run() throws {
      let smoothing: BLEU.Smoothing =
        switch smooth {
        case .exp: .exponential
        case .none: .none
        case .floor: .floor(smoothValue ?? 0.1)
        case .addK: .addK(smoothValue ?? 1)
        }
      // Single sentences are scored as far as they are long, as sacrebleu's command does.
      func metric(_ effective: Bool) throws -> BLEU {
        try BLEU(
          tokenizer: tokenize, smoothing: smoothing, lowercase: lowercase, maxOrder: maxOrder,
          effectiveOrder: effective)
      }
      let all = try metric(false), single = try metric(true)
      let (texts, references) = try files.read()
      if files.sentences {
        for (index, text) in texts.enumerated() {
          Terminal.output(try single.sentenceScore(text, references: references.map { $0[index] }).line)
        }
      }
      Terminal.output(try all.corpusScore(texts, references: references).line)
    }
  }

  extension BLEUTokenizer: ExpressibleByArgument {}

  struct ScoreCHRFCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "chrf",
      abstract: "chrF of translations, as sacrebleu prints it; with --word-order 2 chrF++.")

    @OptionGroup var files: ScoredTexts

    @Option(help: "The longest n-grams of characters.")
    var charOrder = 6

    @Option(help: "The longest n-grams of words.")
    var wordOrder = 0

    @Option(help: "How many times as much recall counts as precision.")
    var beta = 2

    @Flag(help: "Compare in lower case.")
    var lowercase = false

    @Flag(help: "Let white space be part of n-grams.")
    var whitespace = false

    @Flag(help: "Count orders that a text lacks, as chrF++.py does.")
    var epsSmoothing = false

    func run() throws {
      let metric = try CHRF(
        charOrder: charOrder, wordOrder: wordOrder, beta: beta, lowercase: lowercase, whitespace: whitespace,
        epsSmoothing: epsSmoothing)
      let (texts, references) = try files.read()
      if files.sentences {
        for (index, text) in texts.enumerated() {
          Terminal.output(try metric.sentenceScore(text, references: references.map { $0[index] }).line)
        }
      }
      Terminal.output(try metric.corpusScore(texts, references: references).line)
    }
  }

  struct ScoreTERCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "ter", abstract: "The translation edit rate, as sacrebleu prints it.")

    @OptionGroup var files: ScoredTexts

    @Flag(help: "Set punctuation apart and resolve escapes.")
    var normalized = false

    @Flag(help: "Take punctuation away.")
    var noPunct = false

    @Flag(help: "Let both treat Chinese and Japanese, too.")
    var asianSupport = false

    @Flag(help: "Keep the case.")
    var caseSensitive = false

    func run() throws {
      let metric = TER(
        normalized: normalized, noPunctuation: noPunct, asianSupport: asianSupport,
        caseSensitive: caseSensitive)
      let (texts, references) = try files.read()
      if files.sentences {
        for (index, text) in texts.enumerated() {
          Terminal.output(try metric.sentenceScore(text, references: references.map { $0[index] }).line)
        }
      }
      Terminal.output(try metric.corpusScore(texts, references: references).line)
    }
  }
#endif
