import Lathe
import LatheNN

/// A decoder of Llama's kind (Touvron et al., 2023): also Mistral, Qwen2 and SmolLM2.
///
/// Paths of parameters are those of the Hugging Face libraries: `model.layers.0.self_attn.q_proj.weight`.
public final class Llama: PackingModel, PretrainedModel {
  /// What the network is made of.
  public let sizes: LlamaConfiguration
  /// What stands in its `config.json`.
  public let configuration: ConfigurationValues
  private let decoder: LlamaDecoder
  private var head: (any Module)?

  /// A network of the layers of a source.
  ///
  /// - Parameters:
  ///   - configuration: A `config.json`.
  ///   - source: Where the layers come from.
  /// - Throws: `LatheError` naming what is wrong in the configuration or the weights.
  public init(_ configuration: ConfigurationValues, from source: LayerSource) throws {
    self.configuration = configuration
    sizes = try LlamaConfiguration(configuration)
    decoder = try LlamaDecoder(sizes, source)
    head =
      sizes.tiesEmbeddings
      ? nil : try source.linear("lm_head", sizes.width, sizes.vocabulary, bias: false)
    if sizes.tiesEmbeddings { source.passOver("lm_head.weight") }
  }

  /// What files call the weights.
  public static func storedNames(_ configuration: ConfigurationValues) throws -> StoredNames {
    StoredNames(base: "model.")
  }

  /// The class that `transformers` has for the network.
  public var architecture: String {
    switch (try? configuration.text("model_type")) ?? nil {
    case "mistral": "MistralForCausalLM"
    case "qwen2": "Qwen2ForCausalLM"
    default: "LlamaForCausalLM"
    }
  }
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
    return scores(x)
  }

  /// Scores of the next token in sequences that share rows; turned by distances, positions need not begin at 0.
  public func logits(_ tokens: Tensor, packing: SequencePacking) -> Tensor {
    scores(decoder(tokens, packing: packing))
  }

  private func scores(_ states: Tensor) -> Tensor {
    head.map { $0(states) } ?? decoder.embedding.asLinear(states)
  }

  /// Names the parts.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("model", decoder)
    visitor.module("lm_head", head) { self.head = $0 }
  }
}

/// The part of a network of Llama's kind below its last layer.
final class LlamaDecoder: ParameterContainer {
  private(set) var embedding: any Module
  private let layers: [LlamaLayer]
  private var norm: any Module

  init(_ sizes: LlamaConfiguration, _ source: LayerSource) throws {
    let rotary = RotaryPosition(base: sizes.ropeBase, scaling: sizes.ropeScaling)
    embedding = try source.embedding("model.embed_tokens", sizes.vocabulary, sizes.width)
    layers = try (0..<sizes.layers).map {
      try LlamaLayer(source, "model.layers.\($0)", sizes, window: sizes.windows[$0], rotary: rotary)
    }
    norm = try source.rmsNorm("model.norm", sizes.width, epsilon: sizes.epsilon)
  }

  func callAsFunction(_ tokens: Tensor, cache: DecoderCache? = nil, packing: SequencePacking? = nil) -> Tensor
  {
    let x = embedding(tokens)
    let keys = (cache?.count ?? 0) + tokens.shape[1]
    let mask = packing?.mask ?? cache?.mask(keys: keys, device: x.device)
    return norm(
      layers.enumerated().reduce(x) { x, entry in
        entry.element(x, cache: cache?.layers[entry.offset], mask: mask)
      })
  }

  func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("embed_tokens", embedding) { self.embedding = $0 }
    visitor.modules("layers", layers)
    visitor.module("norm", norm) { self.norm = $0 }
  }
}

extension Module {
  /// A table of tokens as the last layer of its network: the product of each row with all of the table's.
  func asLinear(_ input: Tensor) -> Tensor {
    switch self {
    case let table as QuantizedEmbedding: return input.linear(weight: table.weight)
    case let table as Embedding: return input.linear(weight: table.weight.value)
    default:
      stop(
        "a table of tokens that is a \(type(of: self)) cannot be the last layer; expected Embedding or QuantizedEmbedding"
      )
    }
  }
}
