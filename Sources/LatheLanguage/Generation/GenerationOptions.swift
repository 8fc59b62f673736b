import Lathe
import LatheText

/// How a text is continued.
public struct GenerationOptions: Sendable {
  /// The most tokens that are made; as many as fit where nil.
  public var maximumNewTokens: Int? = 256
  /// The fewest tokens before the text may end.
  public var minimumNewTokens = 0
  /// What scores are divided by before a token is drawn; with 0 the likeliest token is taken.
  public var temperature = 0.0
  /// Only so many of the likeliest tokens are drawn from.
  public var topK: Int?
  /// Only the likeliest tokens whose probabilities make up this much are drawn from (Holtzman et al., 2020).
  public var topP: Double?
  /// Only tokens that are at least so likely, compared with the likeliest, are drawn from (Nguyen et al., 2024).
  public var minP: Double?
  /// Only tokens whose surprise is nearest to what is expected, up to this much probability (Meister et al., 2023).
  public var typicalP: Double?
  /// What scores of tokens that are there already are divided by, or multiplied where they are negative (Keskar et al., 2019).
  public var repetitionPenalty = 1.0
  /// Taken from the scores of tokens that were made already.
  public var presencePenalty = 0.0
  /// Taken from the scores of tokens for each time that they were made.
  public var frequencyPenalty = 0.0
  /// Added to the scores of tokens.
  public var logitBias: [Int32: Float] = [:]
  /// Tokens that are never taken.
  public var forbiddenTokens: Set<Int32> = []
  /// Tokens that are taken first, whatever their scores are.
  public var forcedTokens: [Int32] = []
  /// Texts at which a text ends; they are no part of it.
  public var stop: [String] = []
  /// Tokens at which a text ends, besides those that the model's files name.
  public var stopTokens: Set<Int32> = []
  /// What the text has to be: a grammar, or that of a JSON schema; it ends where that is complete.
  public var grammar: Grammar?
  /// Whether the text goes on behind the tokens that end a text.
  public var ignoresEnd = false
  /// Whether the logarithm of each token's probability is computed, too.
  public var givesLogProbabilities = false
  /// Decides what is drawn: the same seed gives the same text on a device.
  public var seed: UInt64 = 0
  /// How many sequences are followed at once; with more than one the likeliest whole is searched for.
  public var beams = 1
  /// The sum of a beam's log-probabilities is divided by its length to this power.
  public var lengthPenalty = 1.0
  /// Whether the search ends as soon as there are as many whole sequences as beams.
  public var stopsEarly = false
  /// How many tokens of a prompt are computed at once.
  public var prefillChunk = 128

  /// The likeliest tokens, 256 at most.
  public init() {}

  /// Checks the values against each other.
  ///
  /// - Throws: `LatheError` naming the first that cannot be.
  package func check(vocabulary: Int) throws {
    func refuse(_ what: String) -> LatheError { LatheError(.invalidArgument, "generation: \(what)") }
    if let count = maximumNewTokens, count < 1 { throw refuse("\(count) new tokens, expected at least 1") }
    guard minimumNewTokens >= 0, minimumNewTokens <= maximumNewTokens ?? .max else {
      throw refuse("at least \(minimumNewTokens) new tokens and at most \(maximumNewTokens ?? 0)")
    }
    guard temperature >= 0, temperature.isFinite else {
      throw refuse("a temperature of \(temperature), expected 0 or more")
    }
    if let topK, topK < 1 { throw refuse("the likeliest \(topK) tokens, expected at least 1") }
    for (name, value) in [("top-p", topP), ("min-p", minP), ("typical-p", typicalP)] {
      if let value, !(value > 0 && value <= 1) {
        throw refuse("\(name) of \(value), expected above 0 up to 1")
      }
    }
    guard repetitionPenalty > 0, repetitionPenalty.isFinite else {
      throw refuse("a repetition penalty of \(repetitionPenalty), expected a positive number")
    }
    guard presencePenalty.isFinite, frequencyPenalty.isFinite, lengthPenalty.isFinite else {
      throw refuse("a penalty that is not a number")
    }
    guard (1...1024).contains(beams) else { throw refuse("\(beams) beams, expected 1 to 1024") }
    guard beams == 1 || temperature == 0 else {
      throw refuse("beams search the likeliest text; set the temperature to 0")
    }
    guard grammar == nil || !ignoresEnd else { throw refuse("a grammar, and no end where it is complete") }
    guard prefillChunk > 0 else { throw refuse("a prompt in chunks of \(prefillChunk) tokens") }
    guard !stop.contains("") else { throw refuse("an empty text to stop at") }
    let named = Array(logitBias.keys) + forbiddenTokens + forcedTokens + stopTokens
    if let wrong = named.first(where: { $0 < 0 || Int($0) >= vocabulary }) {
      throw refuse("the token \(wrong), and there are \(vocabulary)")
    }
  }
}
