import Lathe

/// Attention in several heads (Vaswani et al., 2017) with projections of queries, keys, values and output.
///
/// Sequences are [batch, time, width]. The first weights are PyTorch's: Xavier's uniform over the three input
/// projections together, biases 0.
public final class MultiHeadAttention: SequenceModule {
  /// The projections.
  public private(set) var query: any Module, key: any Module, value: any Module, output: any Module
  private var rotary: RotaryPosition?
  private let heads: Int
  private let keyHeads: Int
  private let headWidth: Int
  private let isCausal: Bool
  private let window: Int?
  private let hasLinearBias: Bool
  private let dropout: Float
  private let generator: Generator
  private var isTraining = true

  /// - Parameters:
  ///   - width: Elements of queries and outputs; a multiple of `heads` unless heads have a width of their own.
  ///   - heads: Heads of attention.
  ///   - keyHeads: Heads of keys and values, a divisor of `heads`; as many where nil (Ainslie et al., 2023).
  ///   - headWidth: Elements of a head; width / heads where nil.
  ///   - keyWidth: Elements of what keys are made from; `width` where nil. `valueWidth` likewise.
  ///   - valueWidth: Elements of what values are made from; `width` where nil.
  ///   - bias: Whether the projections have one.
  ///   - outputBias: Whether that of the output has one; as `bias` says where nil.
  ///   - isCausal: Whether self-attention sees no later element.
  ///   - window: How many places a query sees, its own included; all where nil.
  ///   - rotary: Turns queries and keys by their positions.
  ///   - hasLinearBias: Whether scores fall with the distance; see `AttentionBias.linear(heads:queries:keys:device:)`.
  ///   - dropout: How likely an attention weight becomes 0 in training.
  ///   - generator: Draws first values.
  ///   - device: Where its tensors live.
  public init(
    _ width: Int, heads: Int, keyHeads: Int? = nil, headWidth: Int? = nil, keyWidth: Int? = nil,
    valueWidth: Int? = nil, bias: Bool = true, outputBias: Bool? = nil, isCausal: Bool = false,
    window: Int? = nil, rotary: RotaryPosition? = nil, hasLinearBias: Bool = false, dropout: Float = 0,
    generator: Generator = .layers, device: Device = .default
  ) {
    let groups = keyHeads ?? heads
    require(
      width > 0 && heads > 0 && (headWidth.map { $0 > 0 } ?? (width % heads == 0)) && groups > 0
        && heads % groups == 0,
      "MultiHeadAttention: width \(width), \(heads) heads, \(groups) key heads: each must divide the one before"
    )
    self.heads = heads
    self.keyHeads = groups
    let each = headWidth ?? width / heads
    self.headWidth = each
    self.isCausal = isCausal
    self.window = window
    self.rotary = rotary
    self.hasLinearBias = hasLinearBias
    self.dropout = dropout
    self.generator = generator
    let packed = keyWidth == nil && valueWidth == nil && groups == heads && heads * each == width
    // Three square matrices drawn as one of [3 * width, width].
    let first = packed ? Initializer.xavierUniform(gain: Float(0.5).squareRoot()) : .xavierUniform(gain: 1)
    func projection(_ inputs: Int, _ outputs: Int, _ initializer: Initializer, _ bias: Bool) -> Linear {
      Linear(
        weight: Parameter(initializer([outputs, inputs], generator: generator, device: device)),
        bias: bias ? Parameter(.zeros([outputs], device: device)) : nil)
    }
    query = projection(width, heads * each, first, bias)
    key = projection(keyWidth ?? width, groups * each, first, bias)
    value = projection(valueWidth ?? width, groups * each, first, bias)
    output = projection(heads * each, width, .standard, outputBias ?? bias)
  }

  /// Self-attention, to the elements that count.
  public func forward(_ input: Tensor, lengths: [Int]?) -> Tensor {
    attend(input, nil, nil, AttentionLimits(padding: lengths.map { SequenceMask.bools($0, of: input) }), nil)
  }

  /// Attention of one sequence to another, or to itself.
  ///
  /// - Parameters:
  ///   - input: Where queries are made from, [batch, t, width].
  ///   - keys: Where keys are made from, [batch, m, keyWidth]; the input where nil.
  ///   - values: Where values are made from, [batch, m, valueWidth]; `keys` where nil.
  ///   - mask: Bools that broadcast to [batch, heads, t, m], true where a query may see a key.
  ///   - bias: Added to the scores before the softmax; broadcasts to [batch, heads, t, m].
  ///   - padding: Bools [batch, m], true at keys that count, false at padding.
  ///   - cache: Keys and values of the elements before the input, which are among the m, and of the input from then on.
  ///     With `keys` it keeps what is made of these at the first call, and later ones use that.
  public func callAsFunction(
    _ input: Tensor, keys: Tensor?, values: Tensor? = nil, mask: Tensor? = nil, bias: Tensor? = nil,
    padding: Tensor? = nil, cache: KeyValueCache? = nil
  ) -> Tensor {
    observed(input: input) {
      attend(input, keys, values, AttentionLimits(mask: mask, bias: bias, padding: padding), cache)
    }
  }

  private func attend(
    _ input: Tensor, _ keys: Tensor?, _ values: Tensor?, _ limits: AttentionLimits, _ cache: KeyValueCache?
  ) -> Tensor {
    require(
      input.rank == 3 && (keys ?? input).rank == 3 && (values ?? input).rank == 3,
      "MultiHeadAttention: \(input.shape), \(keys?.shape ?? []), \(values?.shape ?? []), not [batch, time, width]"
    )
    let q: Tensor
    let source: (keys: Tensor, values: Tensor)
    if let keys {
      require(
        cache == nil || rotary == nil, "MultiHeadAttention: rotary positions and a cache of another sequence")
      q = turned(split(query(input), heads))
      let make = {
        (
          self.turned(self.split(self.key(keys), self.keyHeads)),
          self.split(self.value(values ?? keys), self.keyHeads)
        )
      }
      source = cache?.kept(make) ?? make()
    } else {
      let offset = cache?.count ?? 0
      q = turned(split(query(input), heads), offset)
      let made = (turned(split(key(input), keyHeads), offset), split(value(values ?? input), keyHeads))
      source = cache?.append(made.0, made.1) ?? made
    }
    let (queries, count) = (q.shape[2], source.keys.shape[2])
    var (visible, bias) = (limits.visible(batch: source.keys.shape[0], keys: count), limits.bias)
    // Without a mask where every key is in the window.
    if let window, window < count {
      let near = AttentionBias.slidingWindow(window, queries: queries, keys: count, device: q.device)
      visible = visible.map { $0 .&& near } ?? near
    }
    if hasLinearBias {
      let slope = AttentionBias.linear(heads: heads, queries: queries, keys: count, device: q.device)
      bias = bias.map { $0 + slope } ?? slope
    }
    let result = q.attention(
      keys: source.keys, values: source.values, mask: visible, isCausal: isCausal, bias: bias,
      dropout: isTraining && dropout > 0 ? (dropout, generator) : nil)
    return output(result.transposed(1, 2).reshaped(to: [input.shape[0], input.shape[1], heads * headWidth]))
  }

  private func turned(_ x: Tensor, _ offset: Int = 0) -> Tensor { rotary.map { $0(x, offset: offset) } ?? x }

  /// [batch, time, heads * d] as [batch, heads, time, d].
  private func split(_ x: Tensor, _ heads: Int) -> Tensor {
    x.reshaped(to: [x.shape[0], x.shape[1], heads, headWidth]).transposed(1, 2)
  }

  /// Names the projections.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("query", query) { self.query = $0 }
    visitor.module("key", key) { self.key = $0 }
    visitor.module("value", value) { self.value = $0 }
    visitor.module("output", output) { self.output = $0 }
    visitor.module("rotary", rotary) { self.rotary = $0 }
    visitor.generator("generator", generator)
  }

  /// Drops attention weights only in training.
  public func setTraining(_ isTraining: Bool) { self.isTraining = isTraining }

  /// Whether the layer is in training.
  public var trainingMode: Bool? { isTraining }

  /// The products of queries with keys and of weights with values, for keys as many as queries.
  public func operationCount(input: Shape, output: Shape) -> Int {
    4 * input[0] * input[1] * input[1] * heads * headWidth
  }
}

/// What a caller says of the keys that queries see.
struct AttentionLimits {
  /// Bools that broadcast to [batch, heads, t, m].
  var mask: Tensor?
  /// Broadcasts to [batch, heads, t, m].
  var bias: Tensor?
  /// Bools [batch, m].
  var padding: Tensor?

  /// Mask and padding as one mask.
  func visible(batch: Int, keys: Int) -> Tensor? {
    guard let padding else { return mask?.cast(to: .bool) }
    require(
      padding.shape == [batch, keys],
      "MultiHeadAttention: padding \(padding.shape) for keys [\(batch), \(keys), ...]")
    let counts = padding.cast(to: .bool).unsqueezed(1).unsqueezed(1)
    return mask.map { $0.cast(to: .bool) .&& counts } ?? counts
  }
}
