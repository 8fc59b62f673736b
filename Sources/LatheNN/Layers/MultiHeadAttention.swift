import Lathe

/// Attention in several heads (Vaswani et al., 2017) with projections of queries, keys, values and output.
///
/// Sequences are [batch, time, width]. The first weights are PyTorch's: Xavier's uniform over the three input
/// projections together, biases 0.
public final class MultiHeadAttention: SequenceModule {
  /// The projections.
  public let query: Linear, key: Linear, value: Linear, output: Linear
  private let heads: Int
  private let keyHeads: Int
  private let headWidth: Int
  private let isCausal: Bool
  private let rotary: RotaryPosition?
  private let dropout: Float
  private let generator: Generator
  private var isTraining = true

  /// - Parameters:
  ///   - width: Elements of queries and outputs; a multiple of `heads`.
  ///   - heads: Heads of attention.
  ///   - keyHeads: Heads of keys and values, a divisor of `heads`; as many where nil (Ainslie et al., 2023).
  ///   - keyWidth: Elements of what keys are made from; `width` where nil. `valueWidth` likewise.
  ///   - valueWidth: Elements of what values are made from; `width` where nil.
  ///   - bias: Whether the projections have one.
  ///   - isCausal: Whether self-attention sees no later element.
  ///   - rotary: Turns queries and keys by their positions.
  ///   - dropout: How likely an attention weight becomes 0 in training.
  ///   - generator: Draws first values.
  ///   - device: Where its tensors live.
  public init(
    _ width: Int, heads: Int, keyHeads: Int? = nil, keyWidth: Int? = nil, valueWidth: Int? = nil,
    bias: Bool = true, isCausal: Bool = false, rotary: RotaryPosition? = nil, dropout: Float = 0,
    generator: Generator = .layers, device: Device = .default
  ) {
    let groups = keyHeads ?? heads
    require(
      width > 0 && heads > 0 && width % heads == 0 && groups > 0 && heads % groups == 0,
      "MultiHeadAttention: width \(width), \(heads) heads, \(groups) key heads: each must divide the one before"
    )
    self.heads = heads
    self.keyHeads = groups
    headWidth = width / heads
    self.isCausal = isCausal
    self.rotary = rotary
    self.dropout = dropout
    self.generator = generator
    let packed = keyWidth == nil && valueWidth == nil && groups == heads
    // Three square matrices drawn as one of [3 * width, width].
    let first = packed ? Initializer.xavierUniform(gain: Float(0.5).squareRoot()) : .xavierUniform(gain: 1)
    func projection(_ inputs: Int, _ outputs: Int, _ initializer: Initializer) -> Linear {
      Linear(
        weight: Parameter(initializer([outputs, inputs], generator: generator, device: device)),
        bias: bias ? Parameter(.zeros([outputs], device: device)) : nil)
    }
    query = projection(width, width, first)
    key = projection(keyWidth ?? width, groups * headWidth, first)
    value = projection(valueWidth ?? width, groups * headWidth, first)
    output = projection(width, width, .standard)
  }

  /// Self-attention, to the elements that count.
  public func forward(_ input: Tensor, lengths: [Int]?) -> Tensor {
    attend(input, input, input, mask: nil, padding: lengths.map { SequenceMask.bools($0, of: input) })
  }

  /// Attention of one sequence to another, or to itself.
  ///
  /// - Parameters:
  ///   - input: Where queries are made from, [batch, t, width].
  ///   - keys: Where keys are made from, [batch, m, keyWidth]; the input where nil.
  ///   - values: Where values are made from, [batch, m, valueWidth]; `keys` where nil.
  ///   - mask: Bools that broadcast to [batch, heads, t, m], true where a query may see a key.
  ///   - padding: Bools [batch, m], true at keys that count, false at padding.
  public func callAsFunction(
    _ input: Tensor, keys: Tensor?, values: Tensor? = nil, mask: Tensor? = nil, padding: Tensor? = nil
  ) -> Tensor {
    let source = keys ?? input
    return observed(input: input) { attend(input, source, values ?? source, mask: mask, padding: padding) }
  }

  private func attend(_ input: Tensor, _ keys: Tensor, _ values: Tensor, mask: Tensor?, padding: Tensor?)
    -> Tensor
  {
    require(
      input.rank == 3 && keys.rank == 3 && values.rank == 3,
      "MultiHeadAttention: \(input.shape), \(keys.shape), \(values.shape), not [batch, time, width]")
    var q = split(query(input), heads)
    var k = split(key(keys), keyHeads)
    if let rotary { (q, k) = (rotary(q), rotary(k)) }
    var visible = mask
    if let padding {
      require(
        padding.shape == [keys.shape[0], keys.shape[1]],
        "MultiHeadAttention: padding \(padding.shape) for keys \(keys.shape)")
      let counts = padding.cast(to: .bool).unsqueezed(1).unsqueezed(1)
      visible = visible.map { $0.cast(to: .bool) .&& counts } ?? counts
    }
    let result = q.attention(
      keys: k, values: split(value(values), keyHeads), mask: visible, isCausal: isCausal,
      dropout: isTraining && dropout > 0 ? (dropout, generator) : nil)
    return output(result.transposed(1, 2).reshaped(to: [input.shape[0], input.shape[1], heads * headWidth]))
  }

  /// [batch, time, heads * d] as [batch, heads, time, d].
  private func split(_ x: Tensor, _ heads: Int) -> Tensor {
    x.reshaped(to: [x.shape[0], x.shape[1], heads, headWidth]).transposed(1, 2)
  }

  /// Names the projections.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("query", query)
    visitor.module("key", key)
    visitor.module("value", value)
    visitor.module("output", output)
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
