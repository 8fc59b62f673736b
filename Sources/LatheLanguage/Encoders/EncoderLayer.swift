import Lathe
import LatheNN

/// Self-attention and a part for each token, each added to its input and normalised behind it (Vaswani et al., 2017).
final class EncoderLayer: ParameterContainer {
  private var query: any Module, key: any Module, value: any Module, output: any Module
  private var attentionNorm: any Module
  private var inner: any Module, outer: any Module
  private var outputNorm: any Module
  private let dropout: Dropout
  private let attentionDropout: Float
  private let activation: HiddenActivation
  private let heads: Int
  private let paths: EncoderPaths
  private let generator: Generator
  private var isTraining = true

  /// A layer of a source's weights.
  init(_ path: String, _ configuration: EncoderConfiguration, _ paths: EncoderPaths, from source: LayerSource)
    throws
  {
    let width = configuration.width
    func square(_ name: String) throws -> any Module { try source.linear("\(path).\(name)", width, width) }
    func norm(_ name: String) throws -> any Module {
      try source.layerNorm("\(path).\(name)", width, epsilon: configuration.epsilon)
    }
    query = try square(paths.query)
    key = try square(paths.key)
    value = try square(paths.value)
    output = try square(paths.output)
    attentionNorm = try norm(paths.attentionNorm)
    inner = try source.linear("\(path).\(paths.inner)", width, configuration.innerWidth)
    outer = try source.linear("\(path).\(paths.outer)", configuration.innerWidth, width)
    outputNorm = try norm(paths.outputNorm)
    dropout = Dropout(configuration.dropout, generator: source.generator)
    attentionDropout = configuration.attentionDropout
    activation = configuration.activation
    heads = configuration.heads
    generator = source.generator
    self.paths = paths
  }

  /// Computes the layer.
  ///
  /// - Parameters:
  ///   - input: [batch, t, width].
  ///   - mask: Bools [batch, 1, 1, t], true at tokens that count; all do where nil.
  func callAsFunction(_ input: Tensor, mask: Tensor?) -> Tensor {
    observed(input: input) {
      let attended = attentionNorm(dropout(output(attention(input, mask))) + input)
      return outputNorm(dropout(outer(activation(inner(attended)))) + attended)
    }
  }

  private func attention(_ input: Tensor, _ mask: Tensor?) -> Tensor {
    let result = split(query(input)).attention(
      keys: split(key(input)), values: split(value(input)), mask: mask,
      dropout: isTraining && attentionDropout > 0 ? (attentionDropout, generator) : nil)
    return result.transposed(1, 2).reshaped(to: input.shape)
  }

  /// [batch, t, width] as [batch, heads, t, width / heads].
  private func split(_ x: Tensor) -> Tensor {
    x.reshaped(to: [x.shape[0], x.shape[1], heads, x.shape[2] / heads]).transposed(1, 2)
  }

  func visit(_ visitor: inout ModuleVisitor) {
    visitor.module(paths.query, query) { self.query = $0 }
    visitor.module(paths.key, key) { self.key = $0 }
    visitor.module(paths.value, value) { self.value = $0 }
    visitor.module(paths.output, output) { self.output = $0 }
    visitor.module(paths.attentionNorm, attentionNorm) { self.attentionNorm = $0 }
    visitor.module(paths.inner, inner) { self.inner = $0 }
    visitor.module(paths.outer, outer) { self.outer = $0 }
    visitor.module(paths.outputNorm, outputNorm) { self.outputNorm = $0 }
    visitor.module("dropout", dropout)
    visitor.generator("generator", generator)
  }

  func setTraining(_ isTraining: Bool) { self.isTraining = isTraining }

  var trainingMode: Bool? { isTraining }

  func operationCount(input: Shape, output: Shape) -> Int { 4 * input.elementCount * input[1] }
}
