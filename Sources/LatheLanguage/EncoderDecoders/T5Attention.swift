import Lathe
import LatheNN

/// Attention of T5: without biases of projections, and with scores that are not scaled.
final class T5Attention: ParameterContainer {
  private var query: any Module, key: any Module, value: any Module, output: any Module
  private let heads: Int
  private let dropout: Float
  private let generator: Generator
  private var isTraining = true
  /// Only the first layer has one, and gives it to the others.
  let bias: RelativeBias?

  init(_ path: String, _ configuration: T5Configuration, bias: RelativeBias?, from source: LayerSource) throws
  {
    let inner = configuration.heads * configuration.headWidth
    query = try source.linear("\(path).q", configuration.width, inner, bias: false)
    key = try source.linear("\(path).k", configuration.width, inner, bias: false)
    value = try source.linear("\(path).v", configuration.width, inner, bias: false)
    output = try source.linear("\(path).o", inner, configuration.width, bias: false)
    heads = configuration.heads
    dropout = configuration.dropout
    generator = source.generator
    self.bias = bias
  }

  /// Attention of a sequence to itself.
  ///
  /// - Parameters:
  ///   - input: [batch, t, width].
  ///   - bias: Added to the scores, [1, heads, t, m].
  ///   - mask: Bools that broadcast to [batch, heads, t, m].
  ///   - isCausal: Whether no later element is seen.
  ///   - cache: Keys and values of the elements before the input, to which its own are added.
  func callAsFunction(
    _ input: Tensor, bias: Tensor, mask: Tensor?, isCausal: Bool, cache: KeyValueCache?
  ) -> Tensor {
    let made = (split(key(input)), split(value(input)))
    let all = cache?.append(made.0, made.1) ?? made
    return attend(input, all, mask: mask, bias: bias, isCausal: isCausal)
  }

  /// Attention to an encoder's output [batch, m, width], whose keys and values a cache keeps.
  func callAsFunction(_ input: Tensor, memory: Tensor, mask: Tensor?, cache: KeyValueCache?) -> Tensor {
    let make = { (self.split(self.key(memory)), self.split(self.value(memory))) }
    return attend(input, cache?.kept(make) ?? make(), mask: mask, bias: nil, isCausal: false)
  }

  private func attend(
    _ input: Tensor, _ source: (keys: Tensor, values: Tensor), mask: Tensor?, bias: Tensor?, isCausal: Bool
  ) -> Tensor {
    let result = split(query(input)).attention(
      keys: source.keys, values: source.values, mask: mask, isCausal: isCausal, bias: bias,
      dropout: isTraining && dropout > 0 ? (dropout, generator) : nil, scale: 1)
    return output(result.transposed(1, 2).flattened(from: 2))
  }

  private func split(_ x: Tensor) -> Tensor {
    x.reshaped(to: [x.shape[0], x.shape[1], heads, x.shape[2] / heads]).transposed(1, 2)
  }

  func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("q", query) { self.query = $0 }
    visitor.module("k", key) { self.key = $0 }
    visitor.module("v", value) { self.value = $0 }
    visitor.module("o", output) { self.output = $0 }
    visitor.module("relative_attention_bias", bias?.table)
    visitor.generator("generator", generator)
  }

  func setTraining(_ isTraining: Bool) { self.isTraining = isTraining }

  var trainingMode: Bool? { isTraining }
}
