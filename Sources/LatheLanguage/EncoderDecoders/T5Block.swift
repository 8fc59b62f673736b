import Lathe
import LatheNN

/// A layer of T5: norms before each part, whose result is added to the input.
final class T5Block: ParameterContainer {
  let attention: T5Attention
  private var attentionNorm: any Module
  private let memoryAttention: T5Attention?
  private var memoryNorm: (any Module)?
  private var gate: any Module
  /// What the gate opens, where there is one.
  private var linear: (any Module)?
  private var outer: any Module
  private var innerNorm: any Module
  private let dropout: Dropout
  private let activation: HiddenActivation

  /// What a layer is told besides its input.
  struct Surroundings {
    let bias: Tensor
    let mask: Tensor?
    var memory: Tensor?
    var memoryMask: Tensor?
  }

  init(
    _ path: String, _ configuration: T5Configuration, isDecoder: Bool, isFirst: Bool, from source: LayerSource
  ) throws {
    func norm(_ part: Int) throws -> any Module {
      try source.rmsNorm(
        "\(path).layer.\(part).layer_norm", configuration.width, epsilon: configuration.epsilon)
    }
    let own = "\(path).layer.0.SelfAttention"
    attention = try T5Attention(
      own, configuration,
      bias: isFirst
        ? RelativeBias("\(own).relative_attention_bias", configuration, looksAhead: !isDecoder, from: source)
        : nil,
      from: source)
    attentionNorm = try norm(0)
    memoryAttention =
      isDecoder
      ? try T5Attention("\(path).layer.1.EncDecAttention", configuration, bias: nil, from: source) : nil
    memoryNorm = isDecoder ? try norm(1) : nil
    let last = isDecoder ? 2 : 1
    let inner = "\(path).layer.\(last).DenseReluDense"
    func wide(_ name: String) throws -> any Module {
      try source.linear("\(inner).\(name)", configuration.width, configuration.innerWidth, bias: false)
    }
    gate = try wide(configuration.isGated ? "wi_0" : "wi")
    linear = configuration.isGated ? try wide("wi_1") : nil
    outer = try source.linear("\(inner).wo", configuration.innerWidth, configuration.width, bias: false)
    innerNorm = try norm(last)
    dropout = Dropout(configuration.dropout, generator: source.generator)
    activation = configuration.activation
  }

  /// Computes the layer.
  func callAsFunction(
    _ input: Tensor, _ surroundings: Surroundings, cache: KeyValueCache?, memoryCache: KeyValueCache?
  ) -> Tensor {
    observed(input: input) {
      var x =
        input
        + dropout(
          attention(
            attentionNorm(input), bias: surroundings.bias, mask: surroundings.mask,
            isCausal: memoryAttention != nil, cache: cache))
      if let memoryAttention, let memoryNorm, let memory = surroundings.memory {
        let seen = memoryAttention(
          memoryNorm(x), memory: memory, mask: surroundings.memoryMask, cache: memoryCache)
        x = x + dropout(seen)
      }
      let normed = innerNorm(x)
      var inner = activation(gate(normed))
      if let linear { inner = inner * linear(normed) }
      return x + dropout(outer(dropout(inner)))
    }
  }

  func visit(_ visitor: inout ModuleVisitor) {
    let isDecoder = memoryAttention != nil
    visitor.module("layer.0.SelfAttention", attention)
    visitor.module("layer.0.layer_norm", attentionNorm) { self.attentionNorm = $0 }
    visitor.module("layer.1.EncDecAttention", memoryAttention)
    visitor.module("layer.1.layer_norm", memoryNorm) { self.memoryNorm = $0 }
    let last = "layer.\(isDecoder ? 2 : 1)"
    visitor.module("\(last).DenseReluDense.\(linear == nil ? "wi" : "wi_0")", gate) { self.gate = $0 }
    visitor.module("\(last).DenseReluDense.wi_1", linear) { self.linear = $0 }
    visitor.module("\(last).DenseReluDense.wo", outer) { self.outer = $0 }
    visitor.module("\(last).layer_norm", innerNorm) { self.innerNorm = $0 }
    visitor.module("dropout", dropout)
  }
}

/// The layers of T5's encoder or decoder, with a norm behind the last one.
final class T5Stack: ParameterContainer {
  private let blocks: [T5Block]
  private var norm: any Module
  private let dropout: Dropout

  init(_ path: String, _ configuration: T5Configuration, isDecoder: Bool, from source: LayerSource) throws {
    let count = isDecoder ? configuration.decoderLayers : configuration.encoderLayers
    blocks = try (0..<count).map {
      try T5Block("\(path).block.\($0)", configuration, isDecoder: isDecoder, isFirst: $0 == 0, from: source)
    }
    norm = try source.rmsNorm("\(path).final_layer_norm", configuration.width, epsilon: configuration.epsilon)
    dropout = Dropout(configuration.dropout, generator: source.generator)
  }

  var layerCount: Int { blocks.count }

  /// The input, what each layer but the last gives, and the last one's behind the norm.
  ///
  /// - Parameters:
  ///   - input: Vectors of tokens [batch, t, width].
  ///   - mask: Bools that broadcast to [batch, heads, t, m].
  func callAsFunction(
    _ input: Tensor, mask: Tensor?, memory: Tensor? = nil, memoryMask: Tensor? = nil,
    cache: DecoderCache? = nil
  ) -> [Tensor] {
    let time = input.shape[1]
    // The first layer's, made once for all.
    guard
      let bias = blocks.first?.attention.bias?(
        queries: time, keys: time + (cache?.count ?? 0), device: input.device)
    else { return [input] }
    let surroundings = T5Block.Surroundings(bias: bias, mask: mask, memory: memory, memoryMask: memoryMask)
    var states = [dropout(input)]
    for (index, block) in blocks.enumerated() {
      states.append(
        block(
          states[index], surroundings, cache: cache?.layers[index], memoryCache: cache?.memoryLayers[index]))
    }
    states[blocks.count] = dropout(norm(states[blocks.count]))
    return states
  }

  func visit(_ visitor: inout ModuleVisitor) {
    visitor.modules("block", blocks)
    visitor.module("final_layer_norm", norm) { self.norm = $0 }
    visitor.module("dropout", dropout)
  }
}
