import Foundation
import Lathe
import LatheText

/// How likely a continuation of a text is.
public struct ContinuationScore: Sendable {
  /// The continuation's tokens.
  public let tokens: [Int32]
  /// The natural logarithm of each token's probability behind those before it.
  public let logProbabilities: [Float]
  /// Whether each token is the likeliest at its place.
  public let isLikeliest: Bool

  /// The natural logarithm of the whole continuation's probability.
  public var logProbability: Double { logProbabilities.reduce(0) { $0 + Double($1) } }
  /// The same for each token on average.
  public var meanLogProbability: Double { logProbability / Double(max(tokens.count, 1)) }
}

extension TextGenerator {
  /// How likely each of some continuations of a text is: the likeliest one is the answer of a classification without examples.
  ///
  /// - Parameters:
  ///   - prompt: The text.
  ///   - continuations: What may come behind it; a space in front belongs to them.
  /// - Throws: `LatheError` where a text cannot be encoded, or both are longer than the context.
  public func scores(of continuations: [String], after prompt: String) throws -> [ContinuationScore] {
    let start = try encode(prompt)
    return try scores(
      of: continuations.map { try tokenizer.encode($0, addsSpecialTokens: false).ids }, after: start)
  }

  /// How likely each of some continuations of a prompt is.
  ///
  /// The prompt is computed once.
  /// - Parameters:
  ///   - continuations: Tokens that may come behind it.
  ///   - prompt: Tokens, at least one.
  /// - Throws: `LatheError` where both are longer than the context, or there are no such tokens.
  public func scores(of continuations: [[Int32]], after prompt: [Int32]) throws -> [ContinuationScore] {
    try TokenGeneration.check([prompt] + continuations.filter { !$0.isEmpty }, model)
    let longest = continuations.map(\.count).max() ?? 0
    if let length = model.contextLength, prompt.count + longest > length {
      throw LatheError(
        .invalidArgument,
        "a prompt of \(prompt.count) tokens with a continuation of \(longest), and the model's context has \(length)"
      )
    }
    let device = model.device
    let cache = DecoderCache(layers: model.layerCount, capacity: prompt.count + longest)
    let first = try TokenGeneration.advance(model, [prompt], cache, chunk: 128, device: device)
      .scalars(as: Float.self)
    return try continuations.map { tokens in
      cache.truncate(to: prompt.count)
      var rows = first
      if tokens.count > 1 {
        // The last token's own scores are not asked for.
        let input = Tensor(tokens.dropLast(), shape: [1, tokens.count - 1], device: device)
        rows += try noGradient {
          try model.logits(input, cache: cache, lastOnly: false).scalars(as: Float.self)
        }
      }
      let width = first.count
      var (found, isLikeliest) = ([Float](), true)
      for (place, token) in tokens.enumerated() {
        let logits = Array(rows[place * width..<(place + 1) * width])
        found.append(TokenGeneration.logProbability(of: Int(token), logits))
        isLikeliest = isLikeliest && TokenSampler.largest(logits) == Int(token)
      }
      return ContinuationScore(tokens: tokens, logProbabilities: found, isLikeliest: isLikeliest)
    }
  }
}
