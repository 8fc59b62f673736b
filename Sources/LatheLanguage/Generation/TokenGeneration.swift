import Foundation
import Lathe
import LatheNN
import LatheText

/// Why a sequence ended.
public enum FinishReason: Sendable, Hashable {
  /// A token that ends texts.
  case end
  /// A text at which it was to stop.
  case stop(String)
  /// As many tokens as were wanted, or as fit.
  case length
  /// Whoever asked for it wants no more.
  case cancelled
}

/// Continues sequences of tokens, a token of each at a time.
///
/// The sequences of a batch may be of unequal lengths. A step runs the network once for all of them; keys and values of what is there
/// are kept, in memory that is taken once.
public final class TokenGeneration {
  /// What was made of each prompt, without the token that ends it.
  public private(set) var sequences: [[Int32]]
  /// Why each sequence ended; nil while it goes on.
  public private(set) var reasons: [FinishReason?]
  /// The natural logarithm of the probability of each token that was made, before penalties and temperature; empty where the
  /// options do not ask for it.
  public private(set) var logProbabilities: [[Float]]
  /// Keys and values of the prompts and of what was made.
  public let cache: DecoderCache
  /// Asked before each step and between the chunks of a prompt; where it says so, or the task is cancelled, all sequences end.
  public var shouldStop: (() -> Bool)?
  private let model: any CausalModel
  private let options: GenerationOptions
  private let rules: LogitRules
  private let sampler: TokenSampler
  private let constraint: TokenConstraint?
  /// Where each sequence is in the grammar.
  private var states: [GrammarState?]
  private var histories: [TokenHistory]
  private let device: Device
  /// How many sequences are made of each prompt.
  private let copies: Int
  private let limit: Int
  /// How many tokens the longest prompt has.
  let promptCount: Int
  /// Tokens that the network has not seen, all of one length: of each prompt at first, then of each sequence.
  private var pending: [[Int32]]
  private var step = 0

  /// A generation at its beginning; nothing is computed yet.
  ///
  /// - Parameters:
  ///   - model: The network, in evaluation mode.
  ///   - prompts: One or several, none of them empty.
  ///   - copies: How many sequences are made of each prompt, which is computed once for all of them. Those of a prompt stand
  ///     behind each other; the sequence at place n is that which a generation of its own makes with a seed that is larger by n.
  ///   - options: How they are continued; beams are not followed here, see `BeamSearch`.
  ///   - endTokens: At which a sequence ends.
  ///   - cache: Holds the first tokens of a single prompt, which are not computed again.
  ///   - constraint: Finds the tokens that the options' grammar allows.
  /// - Throws: `LatheError` for prompts that are empty, longer than the context, or of tokens that there are not, and for
  ///   options that cannot be.
  public init(
    _ model: any CausalModel, prompts: [[Int32]], copies: Int = 1,
    options: GenerationOptions = GenerationOptions(), endTokens: Set<Int32> = [], cache: DecoderCache? = nil,
    constraint: TokenConstraint? = nil
  ) throws {
    try options.check(vocabulary: model.vocabularySize)
    guard options.grammar == nil || constraint != nil else {
      throw LatheError(.invalidArgument, "generation: a grammar needs the tokens' texts; give a constraint")
    }
    guard (1...1024).contains(copies) else {
      throw LatheError(.invalidArgument, "generation: \(copies) texts of a prompt, expected 1 to 1024")
    }
    self.constraint = constraint
    self.copies = copies
    try Self.check(prompts, model)
    let longest = prompts.map(\.count).max() ?? 0
    promptCount = longest
    let room = model.contextLength.map { $0 - longest } ?? .max
    limit = min(options.maximumNewTokens ?? room, room)
    guard limit < 1 << 24 else {
      throw LatheError(
        .invalidArgument, "generation: nothing limits the text; say how many tokens it may have")
    }
    self.model = model
    self.options = options
    device = model.device
    let ends = options.ignoresEnd ? [] : endTokens.union(options.stopTokens)
    rules = LogitRules(options: options, endTokens: ends)
    sampler = TokenSampler(options: options)
    let count = prompts.count * copies
    sequences = Array(repeating: [], count: count)
    logProbabilities = sequences.map { _ in [] }
    reasons = Array(repeating: nil, count: count)
    states = Array(repeating: options.grammar?.start, count: count)
    histories = prompts.flatMap { prompt in
      Array(repeating: TokenHistory(prompt, options: options), count: copies)
    }
    if let cache {
      guard prompts.count == 1, cache.count < longest, cache.capacity >= longest + limit else {
        throw LatheError(
          .invalidArgument,
          "generation: a cache of \(cache.count) tokens and room for \(cache.capacity), for one prompt of \(longest) tokens and \(limit) new ones"
        )
      }
      self.cache = cache
      pending = [Array(prompts[0].dropFirst(cache.count))]
    } else {
      self.cache = DecoderCache(
        layers: model.layerCount, capacity: (longest + limit + 63) / 64 * 64,
        padding: prompts.map { longest - $0.count })
      // What fills up is never seen; any token will do.
      pending = prompts.map { [Int32](repeating: 0, count: longest - $0.count) + $0 }
    }
  }

  /// Stops what cannot be a prompt of a model.
  static func check(_ prompts: [[Int32]], _ model: any CausalModel) throws {
    guard !prompts.isEmpty, !prompts.contains([]) else {
      throw LatheError(.invalidArgument, "generation: an empty prompt; begin it with at least one token")
    }
    for prompt in prompts {
      if let wrong = prompt.first(where: { $0 < 0 || Int($0) >= model.vocabularySize }) {
        throw LatheError(
          .invalidArgument,
          "generation: the token \(wrong) in a prompt, and the model knows \(model.vocabularySize)")
      }
      if let length = model.contextLength, prompt.count >= length {
        throw LatheError(
          .invalidArgument,
          "generation: a prompt of \(prompt.count) tokens, and the model's context has \(length); shorten it")
      }
    }
  }

  /// Runs the network on tokens, a chunk at a time.
  ///
  /// - Returns: The scores behind the last token, float32 [batch, vocabulary].
  /// - Throws: `CancellationError` where `shouldStop` says so before a chunk.
  static func advance(
    _ model: any CausalModel, _ tokens: [[Int32]], _ cache: DecoderCache, chunk: Int, device: Device,
    shouldStop: () -> Bool = { false }
  ) throws -> Tensor {
    try noGradient {
      let count = tokens[0].count
      var scores: Tensor?
      for start in stride(from: 0, to: count, by: chunk) {
        guard !shouldStop() else { throw CancellationError() }
        let end = min(start + chunk, count)
        let input = Tensor(
          tokens.flatMap { $0[start..<end] }, shape: [tokens.count, end - start], device: device)
        // Computed, so that the cache's memory is held by nobody else when the next chunk is written into it.
        scores = try model.logits(input, cache: cache, lastOnly: true).computed()
      }
      guard let scores else { throw LatheError(.invalidArgument, "generation: no tokens to begin with") }
      return scores.reshaped(to: [tokens.count, scores.shape[2]])
    }
  }

  /// Makes the next token of each sequence.
  ///
  /// - Returns: A token for each sequence, nil where it has ended; nil where all have.
  /// - Throws: `LatheError` of the device, or where no token is allowed.
  public func next() throws -> [Int32?]? {
    guard reasons.contains(nil) else { return nil }
    if step >= limit {
      for row in reasons.indices where reasons[row] == nil { reasons[row] = .length }
      return nil
    }
    let scores: Tensor
    do {
      scores = try Self.advance(
        model, pending, cache, chunk: options.prefillChunk, device: device,
        shouldStop: { Task.isCancelled || shouldStop?() == true })
    } catch is CancellationError {
      for row in reasons.indices { finish(row, .cancelled) }
      return nil
    }
    let all = try scores.scalars(as: Float.self)
    let width = scores.shape[1]
    // The first scores are those of the prompts, which are shared.
    let sharing = pending.count == sequences.count ? 1 : copies
    var made: [Int32?] = []
    for row in sequences.indices {
      guard reasons[row] == nil else {
        made.append(nil)
        continue
      }
      let start = row / sharing * width
      let token = try choose(all.count == width ? all : Array(all[start..<start + width]), row)
      if rules.endTokens.contains(token) {
        reasons[row] = .end
        made.append(nil)
      } else {
        sequences[row].append(token)
        histories[row].append(token)
        made.append(token)
      }
    }
    if sharing > 1 { cache.select(sequences.indices.map { $0 / sharing }, device: device) }
    step += 1
    // A sequence that has ended goes on with any token, which nobody sees.
    pending = made.map { [$0 ?? 0] }
    return made.contains { $0 != nil } ? made : try next()
  }

  private func choose(_ logits: [Float], _ row: Int) throws -> Int32 {
    var changed = logits
    let mask = try states[row].flatMap { state in try constraint?.mask(for: state) }
    rules.apply(&changed, history: histories[row], allowed: mask)
    let number = TokenSampler.number(seed: options.seed &+ UInt64(row), step: step)
    guard let token = sampler.choose(changed, number) else {
      throw LatheError(.training, "generation: no token is allowed, or the network's scores are not numbers")
    }
    if var state = states[row], let constraint, !rules.endTokens.contains(Int32(token)) {
      _ = try constraint.accept(Int32(token), in: &state)
      states[row] = state
    }
    if options.givesLogProbabilities {
      logProbabilities[row].append(Self.logProbability(of: token, logits))
    }
    return Int32(token)
  }

  /// The natural logarithm of a token's probability.
  static func logProbability(of token: Int, _ logits: [Float]) -> Float {
    let peak = logits.max() ?? 0
    let sum = logits.reduce(0.0) { $0 + exp(Double($1 - peak)) }
    return Float(Double(logits[token] - peak) - log(sum))
  }

  /// Ends a sequence.
  public func finish(_ row: Int, _ reason: FinishReason) { if reasons[row] == nil { reasons[row] = reason } }
}
