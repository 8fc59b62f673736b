import Lathe
import LatheNN

/// The sizes and settings of a network of GPT-2's kind.
public struct GPT2Configuration: Sendable {
  /// Tokens, the longest sequence, elements of a token, and elements between the feed-forward layers.
  public let vocabulary: Int, contextLength: Int, width: Int, hidden: Int
  /// Decoder layers, and heads of each.
  public let layers: Int, heads: Int
  /// Added to variances.
  public let epsilon: Double
  let activation: HiddenActivation

  /// Reads a `config.json`.
  ///
  /// - Throws: `LatheError` naming the key that is missing, wrong or not supported.
  public init(_ values: ConfigurationValues) throws {
    let largest = 1 << 24
    vocabulary = try values.integer("vocab_size", in: 1...largest)
    contextLength = try values.integer("n_positions", "max_position_embeddings", in: 1...largest)
    width = try values.integer("n_embd", "hidden_size", in: 1...largest)
    layers = try values.integer("n_layer", "num_hidden_layers", in: 1...10_000)
    heads = try values.integer("n_head", "num_attention_heads", in: 1...100_000)
    hidden = try values.optionalInteger("n_inner") ?? 4 * width
    guard width % heads == 0 else {
      throw values.failure("n_head", "\(heads) does not divide \(width) elements")
    }
    guard hidden > 0, hidden <= largest else { throw values.failure("n_inner", "\(hidden) elements") }
    epsilon = try values.optionalNumber("layer_norm_epsilon") ?? 1e-5
    activation = try HiddenActivation(values, "activation_function", default: .geluNew)
    for (key, expected) in [
      ("scale_attn_weights", true), ("scale_attn_by_inverse_layer_idx", false),
      ("add_cross_attention", false),
      ("tie_word_embeddings", true),
    ] where try values.flag(key) ?? expected != expected {
      throw values.failure(key, "\(!expected) is not supported")
    }
  }
}

/// A decoder of GPT-2's kind (Radford et al., 2019).
///
/// Paths of parameters are those of the Hugging Face libraries: `transformer.h.0.attn.c_attn.weight`.
public final class GPT2: PackingModel, PretrainedModel {
  /// What the network is made of.
  public let sizes: GPT2Configuration
  /// What stands in its `config.json`.
  public let configuration: ConfigurationValues
  private let decoder: GPT2Decoder

  /// A network of the layers of a source.
  ///
  /// - Parameters:
  ///   - configuration: A `config.json`.
  ///   - source: Where the layers come from.
  /// - Throws: `LatheError` naming what is wrong in the configuration or the weights.
  public init(_ configuration: ConfigurationValues, from source: LayerSource) throws {
    self.configuration = configuration
    sizes = try GPT2Configuration(configuration)
    decoder = try GPT2Decoder(sizes, source)
    source.passOver("lm_head.weight")
  }

  /// What files call the weights.
  public static func storedNames(_ configuration: ConfigurationValues) throws -> StoredNames {
    StoredNames(base: "transformer.")
  }

  /// All but the tables.
  public static var transposedLayers: [PathPattern] {
    ["*.c_attn.weight", "*.c_proj.weight", "*.c_fc.weight"]
  }

  /// The class that `transformers` has for the network.
  public var architecture: String { "GPT2LMHeadModel" }
  /// How many tokens it knows.
  public var vocabularySize: Int { sizes.vocabulary }
  /// How many tokens a sequence may have.
  public var contextLength: Int? { sizes.contextLength }
  /// Decoder layers.
  public var layerCount: Int { sizes.layers }

  /// Scores of the next token.
  public func logits(_ tokens: Tensor, cache: DecoderCache?, lastOnly: Bool) -> Tensor {
    var x = decoder(tokens, cache: cache)
    if lastOnly { x = x.sliced(axis: 1, from: x.shape[1] - 1, to: x.shape[1]) }
    return decoder.tokens.asLinear(x)
  }

  /// Scores of the next token in sequences that share rows.
  public func logits(_ tokens: Tensor, packing: SequencePacking) -> Tensor {
    decoder.tokens.asLinear(decoder(tokens, packing: packing))
  }

  /// Names the parts.
  public func visit(_ visitor: inout ModuleVisitor) { visitor.module("transformer", decoder) }
}

/// The part of a network of GPT-2's kind below its last layer.
final class GPT2Decoder: ParameterContainer {
  private(set) var tokens: any Module
  private var positions: any Module
  private let layers: [GPT2Layer]
  private var norm: any Module

  init(_ sizes: GPT2Configuration, _ source: LayerSource) throws {
    tokens = try source.embedding("transformer.wte", sizes.vocabulary, sizes.width)
    positions = try source.embedding("transformer.wpe", sizes.contextLength, sizes.width)
    layers = try (0..<sizes.layers).map { try GPT2Layer(source, "transformer.h.\($0)", sizes) }
    norm = try source.layerNorm("transformer.ln_f", sizes.width, epsilon: sizes.epsilon)
  }

  func callAsFunction(_ input: Tensor, cache: DecoderCache? = nil, packing: SequencePacking? = nil) -> Tensor
  {
    let (offset, time) = (cache?.count ?? 0, input.shape[1])
    let places =
      packing?.positions ?? cache?.positions(time: time, device: input.device)
      ?? (Tensor.arange(time, device: input.device) + Int32(clamping: offset)).unsqueezed(0)
    let x = tokens(input) + positions(places)
    let mask = packing?.mask ?? cache?.mask(keys: offset + time, device: x.device)
    return norm(
      layers.enumerated().reduce(x) { x, entry in
        entry.element(x, cache: cache?.layers[entry.offset], mask: mask)
      })
  }

  func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("wte", tokens) { self.tokens = $0 }
    visitor.module("wpe", positions) { self.positions = $0 }
    visitor.modules("h", layers)
    visitor.module("ln_f", norm) { self.norm = $0 }
  }
}

/// A decoder layer of GPT-2's kind.
final class GPT2Layer: ParameterContainer {
  private let attention: GPT2Attention
  private var feedForward: any Module
  private var norm1: any Module, norm2: any Module

  init(_ source: LayerSource, _ path: String, _ sizes: GPT2Configuration) throws {
    attention = try GPT2Attention(source, "\(path).attn", sizes)
    feedForward = try GPT2FeedForward(source, "\(path).mlp", sizes)
    norm1 = try source.layerNorm("\(path).ln_1", sizes.width, epsilon: sizes.epsilon)
    norm2 = try source.layerNorm("\(path).ln_2", sizes.width, epsilon: sizes.epsilon)
  }

  func callAsFunction(_ input: Tensor, cache: KeyValueCache?, mask: Tensor?) -> Tensor {
    observed(input: input) {
      let x = input + attention(norm1(input), cache: cache, mask: mask)
      return x + feedForward(norm2(x))
    }
  }

  func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("ln_1", norm1) { self.norm1 = $0 }
    visitor.module("attn", attention)
    visitor.module("ln_2", norm2) { self.norm2 = $0 }
    visitor.module("mlp", feedForward) { self.feedForward = $0 }
  }
}

/// Attention of GPT-2's kind: queries, keys and values of one product.
final class GPT2Attention: ParameterContainer {
  private var projection: any Module, output: any Module
  private let heads: Int, width: Int

  init(_ source: LayerSource, _ path: String, _ sizes: GPT2Configuration) throws {
    (heads, width) = (sizes.heads, sizes.width)
    projection = try source.transposedLinear("\(path).c_attn", width, 3 * width)
    output = try source.transposedLinear("\(path).c_proj", width, width)
  }

  func callAsFunction(_ input: Tensor, cache: KeyValueCache?, mask: Tensor?) -> Tensor {
    observed(input: input) {
      let (batch, time) = (input.shape[0], input.shape[1])
      let parts = projection(input).split(count: 3, axis: -1).map {
        $0.reshaped(to: [batch, time, heads, width / heads]).transposed(1, 2)
      }
      let all = cache?.append(parts[1], parts[2]) ?? (keys: parts[1], values: parts[2])
      let result = parts[0].attention(keys: all.keys, values: all.values, mask: mask, isCausal: time > 1)
      return output(result.transposed(1, 2).reshaped(to: input.shape))
    }
  }

  func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("c_attn", projection) { self.projection = $0 }
    visitor.module("c_proj", output) { self.output = $0 }
  }
}

/// The feed-forward part of GPT-2's kind.
final class GPT2FeedForward: Module {
  private var first: any Module, second: any Module
  private let activation: HiddenActivation

  init(_ source: LayerSource, _ path: String, _ sizes: GPT2Configuration) throws {
    first = try source.transposedLinear("\(path).c_fc", sizes.width, sizes.hidden)
    second = try source.transposedLinear("\(path).c_proj", sizes.hidden, sizes.width)
    activation = sizes.activation
  }

  func forward(_ input: Tensor) -> Tensor { second(activation(first(input))) }

  func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("c_fc", first) { self.first = $0 }
    visitor.module("c_proj", second) { self.second = $0 }
  }
}
