import Lathe

/// One part of a transformer layer with its norm, dropout and residual sum.
private final class TransformerPart {
  var norm: any Module
  var dropout: any Module
  let normFirst: Bool

  init(_ options: TransformerOptions, _ generator: Generator, _ device: Device) {
    norm = options.norm(device)
    dropout = Dropout(options.dropout, generator: generator)
    normFirst = options.normFirst
  }

  func callAsFunction(_ x: Tensor, _ body: (Tensor) -> Tensor) -> Tensor {
    normFirst ? x + dropout(body(norm(x))) : norm(x + dropout(body(x)))
  }

  func visit(_ visitor: inout ModuleVisitor, number: Int) {
    visitor.module("norm\(number)", norm) { self.norm = $0 }
    visitor.module("dropout\(number)", dropout) { self.dropout = $0 }
  }
}

/// Self-attention and a feed-forward part (Vaswani et al., 2017), norms last or first (Xiong et al., 2020).
public final class TransformerEncoderLayer: SequenceModule {
  private var attention: MultiHeadAttention
  private var feedForward: any Module
  private let parts: [TransformerPart]

  /// A layer with first values as PyTorch draws them.
  public init(_ options: TransformerOptions, generator: Generator = .layers, device: Device = .default) {
    attention = options.attention(cross: false, generator, device)
    feedForward = options.feedForward(generator, device)
    parts = (0..<2).map { _ in TransformerPart(options, generator, device) }
  }

  /// Computes the layer, with attention to the elements that count.
  public func forward(_ input: Tensor, lengths: [Int]?) -> Tensor {
    run(input, AttentionLimits(padding: lengths.map { SequenceMask.bools($0, of: input) }), nil)
  }

  /// Computes the layer.
  ///
  /// - Parameters:
  ///   - input: [batch, time, width].
  ///   - mask: Bools that broadcast to [batch, heads, time, time], true where a token may see another.
  ///   - bias: Added to the scores of attention; broadcasts to [batch, heads, time, time].
  ///   - padding: Bools [batch, time], true at tokens that count.
  ///   - cache: Holds the tokens before the input, which are then among the keys of mask, bias and padding.
  public func callAsFunction(
    _ input: Tensor, mask: Tensor?, bias: Tensor? = nil, padding: Tensor? = nil, cache: KeyValueCache? = nil
  ) -> Tensor {
    observed(input: input) { run(input, AttentionLimits(mask: mask, bias: bias, padding: padding), cache) }
  }

  private func run(_ input: Tensor, _ limits: AttentionLimits, _ cache: KeyValueCache?) -> Tensor {
    let x = parts[0](input) {
      attention(
        $0, keys: nil, mask: limits.mask, bias: limits.bias, padding: limits.padding, cache: cache)
    }
    return parts[1](x) { feedForward($0) }
  }

  /// Names the parts.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("attention", attention) { self.attention = $0 }
    visitor.module("feedForward", feedForward) { self.feedForward = $0 }
    for (index, part) in parts.enumerated() { part.visit(&visitor, number: index + 1) }
  }
}

/// Self-attention, attention to an encoder's output, and a feed-forward part.
public final class TransformerDecoderLayer: ParameterContainer {
  private var attention: MultiHeadAttention
  private var crossAttention: MultiHeadAttention
  private var feedForward: any Module
  private let parts: [TransformerPart]

  /// A layer with first values as PyTorch draws them.
  public init(_ options: TransformerOptions, generator: Generator = .layers, device: Device = .default) {
    attention = options.attention(cross: false, generator, device)
    crossAttention = options.attention(cross: true, generator, device)
    feedForward = options.feedForward(generator, device)
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
  ///   - cache: Holds the tokens before the input, and what attention makes of the encoder's output, once.
  public func callAsFunction(
    _ input: Tensor, memory: Tensor, mask: Tensor? = nil, padding: Tensor? = nil,
    memoryPadding: Tensor? = nil,
    cache: TransformerCache.Layer? = nil
  ) -> Tensor {
    observed(input: input) {
      var x = parts[0](input) {
        attention($0, keys: nil, mask: mask, padding: padding, cache: cache?.attention)
      }
      x = parts[1](x) { crossAttention($0, keys: memory, padding: memoryPadding, cache: cache?.memory) }
      return parts[2](x) { feedForward($0) }
    }
  }

  /// Names the parts.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("attention", attention) { self.attention = $0 }
    visitor.module("crossAttention", crossAttention) { self.crossAttention = $0 }
    visitor.module("feedForward", feedForward) { self.feedForward = $0 }
    for (index, part) in parts.enumerated() { part.visit(&visitor, number: index + 1) }
  }
}
