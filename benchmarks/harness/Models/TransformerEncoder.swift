import Lathe
import LatheNN

/// A transformer encoder (Vaswani et al., 2017) as BERT uses it: learned positions, GELU, normalisation behind each
/// sum, no dropout; the mean over the tokens is classified.
final class TransformerEncoder: Module {
  /// The sizes of an encoder.
  struct Sizes: Sendable {
    var vocabulary = 30_522, length = 128, width = 256, heads = 4, layers = 4, classes = 2

    /// Multiply-adds of a token's forward pass.
    var productsPerToken: Int { layers * (12 * width * width + 2 * length * width) }
  }

  private let sizes: Sizes
  private let table: Parameter
  private let positions: Parameter
  private let layers: [Layer]
  private let classifier: Linear

  init(_ sizes: Sizes, generator: Generator, device: Device) {
    self.sizes = sizes
    let draw = Initializer.normal(mean: 0, deviation: 0.5)
    table = Parameter(draw([sizes.vocabulary, sizes.width], generator: generator, device: device))
    positions = Parameter(draw([sizes.length, sizes.width], generator: generator, device: device))
    layers = (0..<sizes.layers).map { _ in
      Layer(sizes.width, heads: sizes.heads, generator: generator, device: device)
    }
    classifier = Linear(sizes.width, sizes.classes, generator: generator, device: device)
  }

  /// Logits [n, classes] for tokens [n, length].
  func forward(_ input: Tensor) -> Tensor {
    let start = Tensor.embedding(input, table.value) + positions.value
    return classifier(layers.reduce(start) { $1($0) }.mean(axis: 1))
  }

  func visit(_ visitor: inout ModuleVisitor) {
    visitor.parameter("table", table)
    visitor.parameter("positions", positions)
    for (index, layer) in layers.enumerated() { visitor.module("layers.\(index)", layer) }
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
      let attended = x.linear(parameters.take(), parameters.take()).attention(heads: sizes.heads)
        .linear(parameters.take(), parameters.take())
      x = (x + attended).layerNorm(parameters.take(), parameters.take())
      let hidden = x.linear(parameters.take(), parameters.take()).gelu()
      x = (x + hidden.linear(parameters.take(), parameters.take()))
        .layerNorm(parameters.take(), parameters.take())
    }
    return x.meanOverMiddle().linear(parameters.take(), parameters.take()).crossEntropy(labels)
  }

  /// Attention and a feed-forward part, each added to its input and normalised.
  private final class Layer: Module {
    private let heads: Int
    private let input: Linear
    private let output: Linear
    private let expand: Linear
    private let contract: Linear
    private let norms: [Parameter]

    init(_ width: Int, heads: Int, generator: Generator, device: Device) {
      self.heads = heads
      input = Linear(width, 3 * width, generator: generator, device: device)
      output = Linear(width, width, generator: generator, device: device)
      expand = Linear(width, 4 * width, generator: generator, device: device)
      contract = Linear(4 * width, width, generator: generator, device: device)
      norms = (0..<2).flatMap { _ in
        [
          Parameter(Tensor.ones([width], device: device)),
          Parameter(Tensor.zeros([width], device: device)),
        ]
      }
    }

    func forward(_ x: Tensor) -> Tensor {
      let (images, length, width) = (x.shape[0], x.shape[1], x.shape[2])
      let parts = input(x).reshaped(to: [images, length, 3, heads, width / heads]).permuted([2, 0, 3, 1, 4])
      let attended = attention(parts[0], parts[1], parts[2]).permuted([0, 2, 1, 3])
        .reshaped(to: [images, length, width])
      let middle = (x + output(attended)).layerNorm(weight: norms[0].value, bias: norms[1].value)
      return (middle + contract(expand(middle).gelu()))
        .layerNorm(weight: norms[2].value, bias: norms[3].value)
    }

    func visit(_ visitor: inout ModuleVisitor) {
      visitor.module("input", input)
      visitor.module("output", output)
      visitor.parameter("norm1.weight", norms[0])
      visitor.parameter("norm1.bias", norms[1])
      visitor.module("expand", expand)
      visitor.module("contract", contract)
      visitor.parameter("norm2.weight", norms[2])
      visitor.parameter("norm2.bias", norms[3])
    }
  }
}
