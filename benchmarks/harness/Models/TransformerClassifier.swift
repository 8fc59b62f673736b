import Lathe
import LatheML

/// A transformer encoder as BERT uses it (Devlin et al., 2019): learned positions, GELU, normalisation behind each
/// sum, no dropout; the mean over the tokens is classified.
final class TransformerClassifier: Module {
  /// The sizes of an encoder.
  struct Sizes: Sendable {
    var vocabulary = 30_522, length = 128, width = 256, heads = 4, layers = 4, classes = 2

    /// Multiply-adds of a token's forward pass.
    var productsPerToken: Int { layers * (12 * width * width + 2 * length * width) }
  }

  private let table: Embedding
  private let positions: Parameter
  private let layers: Sequential
  private let classifier: Linear

  init(_ sizes: Sizes, generator: Generator, device: Device) {
    let draw = Initializer.normal(mean: 0, deviation: 0.5)
    table = Embedding(
      sizes.vocabulary, sizes.width, initializer: draw, generator: generator, device: device)
    positions = Parameter(draw([sizes.length, sizes.width], generator: generator, device: device))
    let options = TransformerOptions(
      width: sizes.width, heads: sizes.heads, feedForward: 4 * sizes.width, dropout: 0,
      activation: { $0.gelu() })
    layers = Sequential(
      (0..<sizes.layers).map { _ in
        TransformerEncoderLayer(options, generator: generator, device: device)
      })
    classifier = Linear(sizes.width, sizes.classes, generator: generator, device: device)
  }

  /// Logits [n, classes] for tokens [n, length].
  func forward(_ input: Tensor) -> Tensor {
    classifier(layers(table(input) + positions.value).mean(axis: 1))
  }

  func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("table", table)
    visitor.parameter("positions", positions)
    visitor.module("layers", layers)
    visitor.module("classifier", classifier)
  }

  /// The loss in float64.
  static func loss(_ tokens: [[Int]], labels: [Int], _ sizes: Sizes, _ parameters: ParameterQueue) -> Double {
    var parameters = parameters
    let table = parameters.take()
    let positions = parameters.take()
    let values = tokens.flatMap { row in
      row.enumerated().flatMap { place, token in
        (0..<sizes.width).map {
          table.values[token * sizes.width + $0] + positions.values[place * sizes.width + $0]
        }
      }
    }
    var x = Array64([tokens.count, sizes.length, sizes.width], values)
    for _ in 0..<sizes.layers {
      let projections = (0..<3).map { _ in (weight: parameters.take(), bias: parameters.take()) }
      let attended = x.attention(heads: sizes.heads, projections)
        .linear(parameters.take(), parameters.take())
      let (expand, contract) = (
        (weight: parameters.take(), bias: parameters.take()),
        (weight: parameters.take(), bias: parameters.take())
      )
      x = (x + attended).layerNorm(parameters.take(), parameters.take())
      let hidden = x.linear(expand.weight, expand.bias).gelu()
      x = (x + hidden.linear(contract.weight, contract.bias)).layerNorm(parameters.take(), parameters.take())
    }
    return x.meanOverMiddle().linear(parameters.take(), parameters.take()).crossEntropy(labels)
  }
}
