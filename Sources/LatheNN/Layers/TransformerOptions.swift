import Lathe

/// What transformer layers share: sizes, dropout, activation, norms, and how positions enter.
public struct TransformerOptions {
  /// What layers normalise by.
  public enum Norm: Sendable {
    /// Mean and variance, with factors and summands.
    case layer
    /// The root mean square, with factors.
    case rms
  }

  /// Elements of a token.
  public var width: Int
  /// Attention heads; `keyHeads` of keys and values, as many where nil.
  public var heads: Int, keyHeads: Int?
  /// Elements of a head; width / heads where nil.
  public var headWidth: Int?
  /// Elements between the products of the feed-forward part.
  public var feedForward: Int
  /// How likely elements become 0 in training.
  public var dropout: Float
  /// Of the feed-forward part.
  public var activation: (Tensor) -> Tensor
  /// Whether the feed-forward part multiplies the activation by another product: SwiGLU with SiLU, GeGLU with GELU.
  public var isGated: Bool
  /// Whether each part's input is normalised instead of its sum with the input.
  public var normFirst: Bool
  /// What layers normalise by.
  public var norm: Norm
  /// Whether linear layers and layer norms have summands.
  public var bias: Bool
  /// Whether the projections of queries, keys and values have summands; as `bias` says where nil.
  public var inputBias: Bool?
  /// Whether self-attention sees no later element.
  public var isCausal: Bool
  /// How many places self-attention sees, the element's own included; all where nil.
  public var window: Int?
  /// Turns queries and keys by their positions.
  public var rotary: RotaryPosition?
  /// Whether scores of self-attention fall with the distance (ALiBi); see `AttentionBias.linear(heads:queries:keys:device:)`.
  public var hasLinearBias: Bool
  /// Added to the variance in norms.
  public var epsilon: Float

  /// Options with PyTorch's defaults.
  ///
  /// - Parameters:
  ///   - width: Elements of a token.
  ///   - heads: Attention heads.
  ///   - keyHeads: Heads of keys and values, a divisor of `heads`.
  ///   - headWidth: Elements of a head; width / heads where nil.
  ///   - feedForward: Elements between the products of the feed-forward part.
  ///   - dropout: How likely elements become 0 in training.
  ///   - activation: Of the feed-forward part.
  ///   - isGated: Whether the feed-forward part is gated.
  ///   - normFirst: Whether each part's input is normalised instead of its sum with the input.
  ///   - norm: What layers normalise by.
  ///   - bias: Whether linear layers and layer norms have summands.
  ///   - inputBias: Whether the projections of queries, keys and values have them; as `bias` says where nil.
  ///   - isCausal: Whether self-attention sees no later element.
  ///   - window: How many places self-attention sees; all where nil.
  ///   - rotary: Turns queries and keys by their positions.
  ///   - hasLinearBias: Whether scores of self-attention fall with the distance.
  ///   - epsilon: Added to the variance in norms.
  public init(
    width: Int, heads: Int, keyHeads: Int? = nil, headWidth: Int? = nil, feedForward: Int = 2048,
    dropout: Float = 0.1, activation: @escaping (Tensor) -> Tensor = { $0.relu() }, isGated: Bool = false,
    normFirst: Bool = false, norm: Norm = .layer, bias: Bool = true, inputBias: Bool? = nil,
    isCausal: Bool = false, window: Int? = nil, rotary: RotaryPosition? = nil, hasLinearBias: Bool = false,
    epsilon: Float = 1e-5
  ) {
    self.width = width
    self.heads = heads
    self.keyHeads = keyHeads
    self.headWidth = headWidth
    self.feedForward = feedForward
    self.dropout = dropout
    self.activation = activation
    self.isGated = isGated
    self.normFirst = normFirst
    self.norm = norm
    self.bias = bias
    self.inputBias = inputBias
    self.isCausal = isCausal
    self.window = window
    self.rotary = rotary
    self.hasLinearBias = hasLinearBias
    self.epsilon = epsilon
  }

  /// The form of Llama's layers (Touvron et al., 2023): RMS norms first, SwiGLU, rotary positions, no summands.
  ///
  /// - Parameters:
  ///   - width: Elements of a token.
  ///   - heads: Attention heads.
  ///   - keyHeads: Heads of keys and values, a divisor of `heads`.
  ///   - feedForward: Elements between the products of the feed-forward part.
  ///   - rotary: Turns queries and keys by their positions.
  public static func llama(
    width: Int, heads: Int, keyHeads: Int? = nil, feedForward: Int, rotary: RotaryPosition = RotaryPosition()
  ) -> TransformerOptions {
    TransformerOptions(
      width: width, heads: heads, keyHeads: keyHeads, feedForward: feedForward, dropout: 0,
      activation: { $0.silu() }, isGated: true, normFirst: true, norm: .rms, bias: false, isCausal: true,
      rotary: rotary)
  }

  func attention(cross: Bool, _ generator: Generator, _ device: Device) -> MultiHeadAttention {
    MultiHeadAttention(
      width, heads: heads, keyHeads: keyHeads, headWidth: headWidth, bias: inputBias ?? bias,
      outputBias: bias,
      isCausal: !cross && isCausal, window: cross ? nil : window, rotary: cross ? nil : rotary,
      hasLinearBias: !cross && hasLinearBias, dropout: dropout, generator: generator, device: device)
  }

  func feedForward(_ generator: Generator, _ device: Device) -> any Module {
    isGated
      ? GatedFeedForward(
        width, feedForward, bias: bias, dropout: dropout, activation: activation, generator: generator,
        device: device)
      : FeedForward(
        width, feedForward, bias: bias, dropout: dropout, activation: activation, generator: generator,
        device: device)
  }

  func norm(_ device: Device) -> any Module {
    switch norm {
    case .layer: LayerNorm(width, epsilon: epsilon, bias: bias, device: device)
    case .rms: RMSNorm(width, epsilon: epsilon, device: device)
    }
  }

  /// The norm behind all layers: as wanted, or where the layers normalise first.
  func finalNorm(_ wanted: Bool?, _ device: Device) -> (any Module)? {
    wanted ?? normFirst ? norm(device) : nil
  }
}
