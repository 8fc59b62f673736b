import Lathe
import LatheNN

/// T5 (Raffel et al., 2020): an encoder that reads a text, and a decoder that writes another.
///
/// The decoder is a `CausalModel`: what the encoder makes of the text to read is put into the decoder's cache by
/// `encode(_:lengths:into:)`, and generation then begins with `startToken`.
public final class T5: CausalModel, PretrainedModel {
  private let settings: T5Configuration
  /// The table of tokens, which both halves share.
  private var shared: any Module
  private let encoder: T5Stack
  private let decoder: T5Stack
  /// Scores of tokens, where they are not made with the table.
  private var head: (any Module)?

  /// A network as a configuration has it.
  public init(_ configuration: ConfigurationValues, from source: LayerSource) throws {
    let settings = try T5Configuration(configuration)
    self.settings = settings
    shared = try source.embedding("shared", settings.vocabularySize, settings.width)
    encoder = try T5Stack("encoder", settings, isDecoder: false, from: source)
    decoder = try T5Stack("decoder", settings, isDecoder: true, from: source)
    // A file with a matrix of its own is taken at its word, whatever the configuration says.
    let hasHead = source.isRandom ? !settings.isTied : source.has("lm_head.weight") || !settings.isTied
    head = hasHead ? try source.linear("lm_head", settings.width, settings.vocabularySize, bias: false) : nil
    source.passOver(
      "encoder.embed_tokens", "decoder.embed_tokens",
      "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias")
  }

  /// What files call the weights.
  public static func storedNames(_ configuration: ConfigurationValues) throws -> StoredNames { StoredNames() }

  /// What stands in the network's `config.json`.
  public var configuration: ConfigurationValues { settings.values }
  /// The class that `transformers` has for the network.
  public var architecture: String { "\(settings.className)ForConditionalGeneration" }
  /// How many tokens it knows.
  public var vocabularySize: Int { settings.vocabularySize }
  /// Nothing limits a text's length.
  public var contextLength: Int? { nil }
  /// Layers of the decoder.
  public var layerCount: Int { decoder.layerCount }
  /// The token with which the decoder begins.
  public var startToken: Int32 { Int32(settings.startToken) }

  /// The encoder's states of texts.
  ///
  /// - Parameters:
  ///   - tokens: int32 [batch, m].
  ///   - lengths: How many tokens of each text count; all where nil.
  ///   - keepsAll: Whether the states of all layers are given, not only of the last one.
  /// - Returns: Each float32 [batch, m, width].
  public func encoderStates(of tokens: Tensor, lengths: [Int]? = nil, keepsAll: Bool = false) -> [Tensor] {
    let states = encoder(shared(tokens), mask: Self.columns(padding(tokens, lengths)))
    return keepsAll ? states : states.suffix(1)
  }

  /// Reads texts: puts the encoder's states of them into a decoder's cache, in place of what is there.
  ///
  /// - Parameters:
  ///   - tokens: int32 [batch, m].
  ///   - lengths: How many tokens of each text count; all where nil.
  ///   - cache: The decoder's, in which nothing is kept yet.
  public func encode(_ tokens: Tensor, lengths: [Int]? = nil, into cache: DecoderCache) {
    require(
      cache.count == 0 && cache.memoryLayers.allSatisfy { $0.count == 0 },
      "T5: a cache that holds another text; make one for each")
    cache.memory = encoderStates(of: tokens, lengths: lengths).last
    cache.memoryPadding = padding(tokens, lengths)
  }

  /// The decoder's states.
  ///
  /// - Parameters:
  ///   - tokens: int32 [batch, t], behind those that the cache holds.
  ///   - cache: With the encoder's states in it, see `encode(_:lengths:into:)`; the tokens are added.
  /// - Returns: Vectors of the tokens, then what each layer gives, each float32 [batch, t, width].
  public func decoderStates(of tokens: Tensor, cache: DecoderCache) -> [Tensor] {
    decoderStates(tokens, memory: memory(of: cache), padding: cache.memoryPadding, cache: cache)
  }

  private func memory(of cache: DecoderCache?) -> Tensor {
    guard let memory = cache?.memory else {
      stop("T5: the decoder was told of no text; call encode(_:lengths:into:) with its cache first")
    }
    return memory
  }

  private func decoderStates(
    _ tokens: Tensor, memory: Tensor, padding: Tensor?, cache: DecoderCache?
  ) -> [Tensor] {
    require(
      tokens.rank == 2 && tokens.shape[0] == memory.shape[0],
      "T5: tokens \(tokens.shape) for encoded texts \(memory.shape)")
    let keys = tokens.shape[1] + (cache?.count ?? 0)
    return decoder(
      shared(tokens), mask: cache?.mask(keys: keys, device: tokens.device), memory: memory,
      memoryMask: Self.columns(padding), cache: cache)
  }

  /// Scores of the next token behind each one; the cache has to hold a text, see `encode(_:lengths:into:)`.
  public func logits(_ tokens: Tensor, cache: DecoderCache?, lastOnly: Bool) -> Tensor {
    let states = decoderStates(
      tokens, memory: memory(of: cache), padding: cache?.memoryPadding, cache: cache)
    return scores(states, lastOnly: lastOnly)
  }

  /// Scores of the next token behind each one of whole texts, as training needs them.
  ///
  /// - Parameters:
  ///   - tokens: What is written, int32 [batch, t], beginning with `startToken`.
  ///   - inputs: What is read, int32 [batch, m].
  ///   - lengths: How many tokens of each text that is read count; all where nil.
  /// - Returns: float32 [batch, t, vocabulary].
  public func logits(_ tokens: Tensor, inputs: Tensor, lengths: [Int]? = nil) -> Tensor {
    let memory = encoderStates(of: inputs, lengths: lengths)
    return scores(
      decoderStates(tokens, memory: memory[0], padding: padding(inputs, lengths), cache: nil), lastOnly: false
    )
  }

  private func scores(_ states: [Tensor], lastOnly: Bool) -> Tensor {
    var last = states[states.count - 1]
    if lastOnly { last = last.sliced(axis: 1, from: last.shape[1] - 1, to: last.shape[1]) }
    if let scale = settings.outputScale { last = last * scale }
    return head.map { $0(last) } ?? shared.asLinear(last)
  }

  /// Nil where all tokens count, so that attention looks at no mask.
  private func padding(_ tokens: Tensor, _ lengths: [Int]?) -> Tensor? {
    guard let lengths, !lengths.allSatisfy({ $0 == tokens.shape[1] }) else { return nil }
    return SequenceMask.bools(lengths, of: tokens)
  }

  /// Bools [batch, m] as [batch, 1, 1, m].
  private static func columns(_ padding: Tensor?) -> Tensor? { padding?.unsqueezed(1).unsqueezed(1) }

  /// Names the layers.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("shared", shared) { self.shared = $0 }
    visitor.module("encoder", encoder)
    visitor.module("decoder", decoder)
    visitor.module("lm_head", head) { self.head = $0 }
  }
}
