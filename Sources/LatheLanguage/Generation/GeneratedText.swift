import Lathe
import LatheText

/// A text that was made.
public struct GeneratedText: Sendable {
  /// What comes behind the prompt.
  public let text: String
  /// Its tokens.
  public let tokens: [Int32]
  /// Why it ended.
  public let reason: FinishReason
  /// The natural logarithm of its probability.
  public let logProbability: Double
}

extension TextGenerator {
  /// Continues a text to its end.
  ///
  /// - Parameters:
  ///   - prompt: The text.
  ///   - options: How it is continued.
  /// - Returns: What comes behind the prompt.
  /// - Throws: `LatheError`; see `stream(_:options:)`.
  public func generate(
    _ prompt: String, options: GenerationOptions = GenerationOptions()
  ) throws -> GeneratedText {
    try generate(prompt, count: 1, options: options)[0]
  }

  /// Continues a text several times.
  ///
  /// The prompt is computed once, and the texts are made side by side.
  ///
  /// - Parameters:
  ///   - prompt: The text.
  ///   - count: How many texts. With beams they are the best that were found; otherwise each is drawn, the text at place n as
  ///     one alone with a seed that is larger by n.
  ///   - options: How it is continued.
  /// - Returns: What comes behind the prompt.
  /// - Throws: `LatheError` for a count that the options do not allow; see also `stream(_:options:)`.
  public func generate(
    _ prompt: String, count: Int, options: GenerationOptions = GenerationOptions()
  ) throws -> [GeneratedText] {
    try generate(encode(prompt), count: count, options: options)
  }

  /// Continues tokens several times, as `generate(_:count:options:)` does it with a text's.
  ///
  /// - Throws: `LatheError` for a count that the options do not allow; see also `stream(_:options:)`.
  public func generate(
    _ tokens: [Int32], count: Int, options: GenerationOptions = GenerationOptions()
  ) throws -> [GeneratedText] {
    if options.beams > 1 { return try searched(tokens, count, options) }
    guard count == 1 || options.temperature > 0 else {
      throw LatheError(
        .invalidArgument,
        "generation: \(count) texts of the likeliest tokens would all be the same; set a temperature, or as many beams"
      )
    }
    var options = options
    options.givesLogProbabilities = true
    let start = try start(tokens, options)
    let generation = try TokenGeneration(
      model, prompts: [start.tokens], copies: count, options: options, endTokens: endTokens,
      cache: start.cache,
      constraint: constraint(for: options))
    var pieces = (0..<count).map { _ in TextPieces(tokenizer, stop: options.stop) }
    var texts = Array(repeating: "", count: count)
    while let made = try generation.next() {
      for (row, token) in made.enumerated() {
        guard let token else { continue }
        let (shown, found) = try pieces[row].append(token)
        texts[row] += shown
        if let found { generation.finish(row, .stop(found)) }
      }
    }
    return try (0..<count).map { row in
      GeneratedText(
        text: texts[row] + (try pieces[row].finish()), tokens: generation.sequences[row],
        reason: generation.reasons[row] ?? .length,
        logProbability: generation.logProbabilities[row].reduce(0) { $0 + Double($1) })
    }
  }

  /// The best texts of a beam search.
  private func searched(
    _ tokens: [Int32], _ count: Int, _ options: GenerationOptions
  ) throws -> [GeneratedText] {
    guard (1...options.beams).contains(count) else {
      throw LatheError(
        .invalidArgument,
        "generation: \(count) texts of \(options.beams) beams, expected 1 to \(options.beams)")
    }
    let start = try start(tokens, options)
    let found = try BeamSearch(
      model, options: options, endTokens: endTokens, constraint: constraint(for: options)
    ).all(start.tokens, cache: start.cache)
    return try found.prefix(count).map { best in
      var stops = StopTexts(options.stop)
      var (text, stop) = stops.append(try tokenizer.decode(best.tokens))
      if stop == nil { text += stops.finish() }
      return GeneratedText(
        text: text, tokens: best.tokens, reason: stop.map { .stop($0) } ?? best.reason,
        logProbability: best.logProbability)
    }
  }
}
