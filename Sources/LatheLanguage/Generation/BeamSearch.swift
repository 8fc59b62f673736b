import Foundation
import Lathe
import LatheNN
import LatheText

/// Searches the likeliest continuation by following several at once.
///
/// A whole sequence counts as much as the sum of its log-probabilities divided by a power of its length
/// (Wu et al., 2016). Sequences that have ended compete with each other; the search is over when no open one can be better than the
/// worst of as many as there are beams.
public struct BeamSearch {
  /// A sequence that was found.
  public struct Result: Sendable {
    /// The tokens behind the prompt, without that which ends it.
    public let tokens: [Int32]
    /// Why it ended.
    public let reason: FinishReason
    /// The sum of its tokens' log-probabilities, and that by its length.
    public let logProbability: Double, score: Double
  }

  private struct Beam {
    var tokens: [Int32]
    var sum: Double
    var history: TokenHistory
    /// Where it is in the grammar.
    var state: GrammarState?
  }

  private let model: any CausalModel
  private let options: GenerationOptions
  private let rules: LogitRules
  private let constraint: TokenConstraint?

  /// A search of as many beams as the options say.
  ///
  /// - Parameters:
  ///   - model: The network, in evaluation mode.
  ///   - options: How texts are continued.
  ///   - endTokens: At which a sequence ends.
  ///   - constraint: Finds the tokens that the options' grammar allows.
  public init(
    _ model: any CausalModel, options: GenerationOptions, endTokens: Set<Int32>,
    constraint: TokenConstraint? = nil
  ) {
    self.constraint = constraint
    self.model = model
    self.options = options
    let ends = options.ignoresEnd ? [] : endTokens.union(options.stopTokens)
    rules = LogitRules(options: options, endTokens: ends)
  }

  /// The likeliest sequence behind a prompt.
  ///
  /// - Parameters:
  ///   - prompt: Its tokens.
  ///   - cache: A fresh one that holds what the model needs besides the prompt, such as an encoder's output.
  /// - Throws: `LatheError`; see `TokenGeneration`.
  public func run(_ prompt: [Int32], cache given: DecoderCache? = nil) throws -> Result {
    try all(prompt, cache: given)[0]
  }

  /// The sequences that were found, the best first.
  ///
  /// - Parameters:
  ///   - prompt: Its tokens.
  ///   - cache: A fresh one that holds what the model needs besides the prompt, such as an encoder's output.
  /// - Throws: `LatheError`; see `TokenGeneration`.
  public func all(_ prompt: [Int32], cache given: DecoderCache? = nil) throws -> [Result] {
    try options.check(vocabulary: model.vocabularySize)
    try TokenGeneration.check([prompt], model)
    guard options.grammar == nil || constraint != nil else {
      throw LatheError(.invalidArgument, "generation: a grammar needs the tokens' texts; give a constraint")
    }
    let device = model.device
    let room = model.contextLength.map { $0 - prompt.count } ?? .max
    let limit = min(options.maximumNewTokens ?? room, room)
    guard limit < 1 << 24 else {
      throw LatheError(
        .invalidArgument, "generation: nothing limits the text; say how many tokens it may have")
    }
    let cache =
      given ?? DecoderCache(layers: model.layerCount, capacity: (prompt.count + limit + 63) / 64 * 64)
    var scores = try TokenGeneration.advance(
      model, [prompt], cache, chunk: options.prefillChunk, device: device)
    var beams = [
      Beam(
        tokens: [], sum: 0, history: TokenHistory(prompt, options: options), state: options.grammar?.start)
    ]
    var ended: [Result] = []
    for length in 1...limit {
      let (open, parents, whole) = try extend(beams, scores)
      ended = Array((ended + whole).sorted { $0.score > $1.score }.prefix(options.beams))
      if open.isEmpty || isOver(ended, open, length) { break }
      beams = open
      if length == limit { break }
      cache.select(parents, device: device)
      scores = try TokenGeneration.advance(
        model, beams.map { [$0.tokens[length - 1]] }, cache, chunk: 1, device: device)
    }
    // Open sequences count as they are where the length is all used up.
    if beams[0].tokens.count == limit {
      ended += beams.map { result($0, .length) }
    }
    return Array(ended.sorted { $0.score > $1.score }.prefix(options.beams))
  }

  private func result(_ beam: Beam, _ reason: FinishReason) -> Result {
    // The token that ends a sequence counts as one of it.
    let length = beam.tokens.count + (reason == .end ? 1 : 0)
    return Result(
      tokens: beam.tokens, reason: reason, logProbability: beam.sum,
      score: beam.sum / pow(Double(length), options.lengthPenalty))
  }

  private func isOver(_ ended: [Result], _ open: [Beam], _ length: Int) -> Bool {
    guard ended.count == options.beams, let worst = ended.last else { return false }
    return options.stopsEarly || worst.score >= open[0].sum / pow(Double(length), options.lengthPenalty)
  }

  /// The best sequences that are a token longer.
  private func extend(
    _ beams: [Beam], _ scores: Tensor
  ) throws -> (open: [Beam], parents: [Int], ended: [Result]) {
    let logits = try noGradient { try scores.logSoftmax(axis: -1).scalars(as: Float.self) }
    let width = scores.shape[1]
    let wanted = options.beams * max(2, rules.endTokens.count + 1)
    var candidates: [(sum: Double, beam: Int, token: Int32)] = []
    for (index, beam) in beams.enumerated() {
      var row = Array(logits[index * width..<(index + 1) * width])
      let mask = try beam.state.flatMap { state in try constraint?.mask(for: state) }
      rules.apply(&row, history: beam.history, allowed: mask)
      let best = row.indices.filter { row[$0] > -.infinity }
        .sorted { row[$0] > row[$1] || (row[$0] == row[$1] && $0 < $1) }.prefix(wanted)
      candidates += best.map { (beam.sum + Double(row[$0]), index, Int32($0)) }
    }
    guard !candidates.isEmpty else {
      throw LatheError(.training, "generation: no token is allowed, or the network's scores are not numbers")
    }
    candidates.sort { $0.sum > $1.sum }
    var (open, parents, ended): ([Beam], [Int], [Result]) = ([], [], [])
    for (rank, candidate) in candidates.prefix(wanted).enumerated() {
      let parent = beams[candidate.beam]
      if rules.endTokens.contains(candidate.token) {
        // Only among the best may a sequence end.
        if rank < options.beams {
          var beam = parent
          beam.sum = candidate.sum
          ended.append(result(beam, .end))
        }
      } else if open.count < options.beams {
        var beam = parent
        beam.tokens.append(candidate.token)
        beam.history.append(candidate.token)
        beam.sum = candidate.sum
        if var state = beam.state, let constraint {
          _ = try constraint.accept(candidate.token, in: &state)
          beam.state = state
        }
        open.append(beam)
        parents.append(candidate.beam)
      }
    }
    return (open, parents, ended)
  }
}
