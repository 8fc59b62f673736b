import Lathe

/// Encoder layers one after the other, with a norm behind them where they normalise first.
public final class TransformerEncoder: SequenceModule, LayerRecomputation {
  /// The layers in order.
  public private(set) var layers: [TransformerEncoderLayer]
  /// Whether layers are run again in the backward pass instead of keeping what they made.
  public var isRecomputed = false
  private var norm: (any Module)?

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
    norm = options.finalNorm(finalNorm, device)
  }

  /// Computes all layers, with attention to the elements that count.
  public func forward(_ input: Tensor, lengths: [Int]?) -> Tensor {
    run(input, AttentionLimits(padding: lengths.map { SequenceMask.bools($0, of: input) }), nil)
  }

  /// Computes all layers; see `TransformerEncoderLayer`.
  ///
  /// - Parameters:
  ///   - input: [batch, time, width].
  ///   - mask: Bools that broadcast to [batch, heads, time, time], true where a token may see another.
  ///   - bias: Added to the scores of attention; broadcasts to [batch, heads, time, time].
  ///   - padding: Bools [batch, time], true at tokens that count.
  ///   - cache: Holds the tokens before the input, and those of the input from then on.
  public func callAsFunction(
    _ input: Tensor, mask: Tensor?, bias: Tensor? = nil, padding: Tensor? = nil,
    cache: TransformerCache? = nil
  ) -> Tensor {
    cache?.check(layers.count)
    return observed(input: input) {
      run(input, AttentionLimits(mask: mask, bias: bias, padding: padding), cache)
    }
  }

  private func run(_ input: Tensor, _ limits: AttentionLimits, _ cache: TransformerCache?) -> Tensor {
    let x = layers.enumerated().reduce(input) { x, entry in
      let (index, layer) = entry
      let compute = {
        layer(
          x, mask: limits.mask, bias: limits.bias, padding: limits.padding,
          cache: cache?.layers[index].attention)
      }
      // Run again, a layer would append to its cache again.
      return cache == nil ? run(compute) : compute()
    }
    return norm.map { $0(x) } ?? x
  }

  /// Names the layers and the norm.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.modules("layers", layers) { self.layers[$0] = $1 }
    visitor.module("norm", norm) { self.norm = $0 }
  }
}

/// Decoder layers one after the other, with a norm behind them where they normalise first.
public final class TransformerDecoder: ParameterContainer, LayerRecomputation {
  /// The layers in order.
  public private(set) var layers: [TransformerDecoderLayer]
  /// Whether layers are run again in the backward pass instead of keeping what they made.
  public var isRecomputed = false
  private var norm: (any Module)?

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
    norm = options.finalNorm(finalNorm, device)
  }

  /// Computes all layers; see `TransformerDecoderLayer`.
  ///
  /// - Parameters:
  ///   - input: [batch, time, width].
  ///   - memory: The encoder's output, [batch, m, width].
  ///   - mask: Bools that broadcast to [batch, heads, time, time], true where a token may see another.
  ///   - padding: Bools [batch, time], true at tokens of the input that count.
  ///   - memoryPadding: Bools [batch, m], true at tokens that count.
  ///   - cache: Holds the tokens before the input, and what attention makes of the encoder's output, once.
  public func callAsFunction(
    _ input: Tensor, memory: Tensor, mask: Tensor? = nil, padding: Tensor? = nil,
    memoryPadding: Tensor? = nil,
    cache: TransformerCache? = nil
  ) -> Tensor {
    cache?.check(layers.count)
    return observed(input: input) {
      let x = layers.enumerated().reduce(input) { x, entry in
        let (index, layer) = entry
        let compute = {
          layer(
            x, memory: memory, mask: mask, padding: padding, memoryPadding: memoryPadding,
            cache: cache?.layers[index])
        }
        return cache == nil ? run(compute) : compute()
      }
      return norm.map { $0(x) } ?? x
    }
  }

  /// Names the layers and the norm.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.modules("layers", layers) { self.layers[$0] = $1 }
    visitor.module("norm", norm) { self.norm = $0 }
  }
}
