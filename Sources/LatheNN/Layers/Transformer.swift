import Lathe

/// What transformer layers share: sizes, dropout, activation and where the norms stand.
public struct TransformerOptions {
  /// Elements of a token.
  public var width: Int
  /// Attention heads; `keyHeads` of keys and values, as many where nil.
  public var heads: Int, keyHeads: Int?
  /// Elements between the two products of the feed-forward part.
  public var feedForward: Int
  /// How likely elements become 0 in training.
  public var dropout: Float
  /// Between the two products of the feed-forward part.
  public var activation: (Tensor) -> Tensor
  /// Whether each part's input is normalised instead of its sum with the input.
  public var normFirst: Bool
  /// Whether self-attention sees no later element.
  public var isCausal: Bool
  /// Turns queries and keys by their positions.
  public var rotary: RotaryPosition?
  /// Added to the variance in norms.
  public var epsilon: Float

  /// Options with PyTorch's defaults.
  public init(
    width: Int, heads: Int, keyHeads: Int? = nil, feedForward: Int = 2048, dropout: Float = 0.1,
    activation: @escaping (Tensor) -> Tensor = { $0.relu() }, normFirst: Bool = false, isCausal: Bool = false,
    rotary: RotaryPosition? = nil, epsilon: Float = 1e-5
  ) {
    self.width = width
    self.heads = heads
    self.keyHeads = keyHeads
    self.feedForward = feedForward
    self.dropout = dropout
    self.activation = activation
    self.normFirst = normFirst
    self.isCausal = isCausal
    self.rotary = rotary
    self.epsilon = epsilon
  }

  func attention(cross: Bool, _ generator: Generator, _ device: Device) -> MultiHeadAttention {
    MultiHeadAttention(
      width, heads: heads, keyHeads: keyHeads, isCausal: !cross && isCausal, rotary: cross ? nil : rotary,
      dropout: dropout, generator: generator, device: device)
  }
}

/// One part of a transformer layer with its norm, dropout and residual sum.
private struct TransformerPart {
  let norm: LayerNorm
  let dropout: Dropout
  let normFirst: Bool

  init(_ options: TransformerOptions, _ generator: Generator, _ device: Device) {
    norm = LayerNorm(options.width, epsilon: options.epsilon, device: device)
    dropout = Dropout(options.dropout, generator: generator)
    normFirst = options.normFirst
  }

  func callAsFunction(_ x: Tensor, _ body: (Tensor) -> Tensor) -> Tensor {
    normFirst ? x + dropout(body(norm(x))) : norm(x + dropout(body(x)))
  }
}

/// Two linear layers with an activation between, applied to each token.
final class FeedForward: Module {
  private let linear1: Linear
  private let linear2: Linear
  private let dropout: Dropout
  private let activation: (Tensor) -> Tensor

  init(_ options: TransformerOptions, _ generator: Generator, _ device: Device) {
    linear1 = Linear(options.width, options.feedForward, generator: generator, device: device)
    linear2 = Linear(options.feedForward, options.width, generator: generator, device: device)
    dropout = Dropout(options.dropout, generator: generator)
    activation = options.activation
  }

  func forward(_ input: Tensor) -> Tensor { linear2(dropout(activation(linear1(input)))) }

  func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("linear1", linear1)
    visitor.module("linear2", linear2)
    visitor.module("dropout", dropout)
  }
}

/// Self-attention and a feed-forward part (Vaswani et al., 2017), norms last or first (Xiong et al., 2020).
public final class TransformerEncoderLayer: SequenceModule {
  private let attention: MultiHeadAttention
  private let feedForward: FeedForward
  private let parts: [TransformerPart]

  /// A layer with first values as PyTorch draws them.
  public init(_ options: TransformerOptions, generator: Generator = .layers, device: Device = .default) {
    attention = options.attention(cross: false, generator, device)
    feedForward = FeedForward(options, generator, device)
    parts = (0..<2).map { _ in TransformerPart(options, generator, device) }
  }

  /// Computes the layer, with attention to the elements that count.
  public func forward(_ input: Tensor, lengths: [Int]?) -> Tensor {
    run(input, mask: nil, padding: lengths.map { SequenceMask.bools($0, of: input) })
  }

  /// Computes the layer.
  ///
  /// - Parameters:
  ///   - input: [batch, time, width].
  ///   - mask: Bools that broadcast to [batch, heads, time, time], true where a token may see another.
  ///   - padding: Bools [batch, time], true at tokens that count.
  public func callAsFunction(_ input: Tensor, mask: Tensor?, padding: Tensor? = nil) -> Tensor {
    observed(input: input) { run(input, mask: mask, padding: padding) }
  }

  private func run(_ input: Tensor, mask: Tensor?, padding: Tensor?) -> Tensor {
    let x = parts[0](input) { attention($0, keys: nil, mask: mask, padding: padding) }
    return parts[1](x) { feedForward($0) }
  }

  /// Names the parts.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("attention", attention)
    visitor.module("feedForward", feedForward)
    for (index, part) in parts.enumerated() {
      visitor.module("norm\(index + 1)", part.norm)
      visitor.module("dropout\(index + 1)", part.dropout)
    }
  }
}

/// Self-attention, attention to an encoder's output, and a feed-forward part.
public final class TransformerDecoderLayer: ParameterContainer {
  private let attention: MultiHeadAttention
  private let crossAttention: MultiHeadAttention
  private let feedForward: FeedForward
  private let parts: [TransformerPart]

  /// A layer with first values as PyTorch draws them.
  public init(_ options: TransformerOptions, generator: Generator = .layers, device: Device = .default) {
    attention = options.attention(cross: false, generator, device)
    crossAttention = options.attention(cross: true, generator, device)
    feedForward = FeedForward(options, generator, device)
    parts = (0..<3).map { _ in TransformerPart(options, generator, device) }
  }

  /// Computes the layer.
  ///
  /// - Parameters:
  ///   - input: [batch, time, width].
  ///   - memory: The encoder's output, [batch, m, width].
  ///   - mask: As of the encoder layer; `padding` likewise, of the input.
  ///   - padding: Bools [batch, time], true at tokens of the input that count.
  ///   - memoryPadding: Bools [batch, m], true at tokens that count.
  public func callAsFunction(
    _ input: Tensor, memory: Tensor, mask: Tensor? = nil, padding: Tensor? = nil, memoryPadding: Tensor? = nil
  ) -> Tensor {
    observed(input: input) {
      var x = parts[0](input) { attention($0, keys: nil, mask: mask, padding: padding) }
      x = parts[1](x) { crossAttention($0, keys: memory, padding: memoryPadding) }
      return parts[2](x) { feedForward($0) }
    }
  }

  /// Names the parts.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("attention", attention)
    visitor.module("crossAttention", crossAttention)
    visitor.module("feedForward", feedForward)
    for (index, part) in parts.enumerated() {
      visitor.module("norm\(index + 1)", part.norm)
      visitor.module("dropout\(index + 1)", part.dropout)
    }
  }
}

/// Encoder layers one after the other, with a norm behind them where they normalise first.
public final class TransformerEncoder: SequenceModule, LayerRecomputation {
  /// The layers in order.
  public let layers: [TransformerEncoderLayer]
  /// Whether layers are run again in the backward pass instead of keeping what they made.
  public var isRecomputed = false
  private let norm: LayerNorm?

  /// - Parameters:
  ///   - count: Layers.
  ///   - options: What each layer is made of.
  ///   - finalNorm: Whether a norm comes last; where the layers normalise first if nil.
  ///   - generator: Draws first values.
  ///   - device: Where its tensors live.
  public init(
    _ count: Int, _ options: TransformerOptions, finalNorm: Bool? = nil, generator: Generator = .layers,
    device: Device = .default
  ) {
    layers = (0..<count).map { _ in TransformerEncoderLayer(options, generator: generator, device: device) }
    norm =
      finalNorm ?? options.normFirst
      ? LayerNorm(options.width, epsilon: options.epsilon, device: device) : nil
  }

  /// Computes all layers, with attention to the elements that count.
  public func forward(_ input: Tensor, lengths: [Int]?) -> Tensor {
    run(input, mask: nil, padding: lengths.map { SequenceMask.bools($0, of: input) })
  }

  /// Computes all layers; see `TransformerEncoderLayer`.
  public func callAsFunction(_ input: Tensor, mask: Tensor?, padding: Tensor? = nil) -> Tensor {
    observed(input: input) { run(input, mask: mask, padding: padding) }
  }

  private func run(_ input: Tensor, mask: Tensor?, padding: Tensor?) -> Tensor {
    let x = layers.reduce(input) { x, layer in
      run { layer(x, mask: mask, padding: padding) }
    }
    return norm.map { $0(x) } ?? x
  }

  /// Names the layers and the norm.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.modules("layers", layers)
    visitor.module("norm", norm)
  }
}

/// Decoder layers one after the other, with a norm behind them where they normalise first.
public final class TransformerDecoder: ParameterContainer, LayerRecomputation {
  /// The layers in order.
  public let layers: [TransformerDecoderLayer]
  /// Whether layers are run again in the backward pass instead of keeping what they made.
  public var isRecomputed = false
  private let norm: LayerNorm?

  /// - Parameters:
  ///   - count: Layers.
  ///   - options: What each layer is made of.
  ///   - finalNorm: Whether a norm comes last; where the layers normalise first if nil.
  ///   - generator: Draws first values.
  ///   - device: Where its tensors live.
  public init(
    _ count: Int, _ options: TransformerOptions, finalNorm: Bool? = nil, generator: Generator = .layers,
    device: Device = .default
  ) {
    layers = (0..<count).map { _ in TransformerDecoderLayer(options, generator: generator, device: device) }
    norm =
      finalNorm ?? options.normFirst
      ? LayerNorm(options.width, epsilon: options.epsilon, device: device) : nil
  }

  /// Computes all layers; see `TransformerDecoderLayer`.
  public func callAsFunction(
    _ input: Tensor, memory: Tensor, mask: Tensor? = nil, padding: Tensor? = nil, memoryPadding: Tensor? = nil
  ) -> Tensor {
    observed(input: input) {
      let x = layers.reduce(input) { x, layer in
        run {
          layer(x, memory: memory, mask: mask, padding: padding, memoryPadding: memoryPadding)
        }
      }
      return norm.map { $0(x) } ?? x
    }
  }

  /// Names the layers and the norm.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.modules("layers", layers)
    visitor.module("norm", norm)
  }
}
