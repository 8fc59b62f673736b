import DataTestSupport
import LatheML
import Testing

/// What the networks of the catalogue are made for in tests.
enum Networks {
  static let input: ModelInput = {
    var input = ModelInput()
    input.vocabulary = 11
    input.length = 9
    return input
  }()
}

@Suite("Members that visit(_:) forgets")
struct ForgottenMemberTests {
  private static let device = Device.cpu

  /// One of each layer, with all that it can have.
  private static var layers: [any ParameterContainer] {
    let d = device
    let options = TransformerOptions(width: 4, heads: 2, feedForward: 8, normFirst: true)
    return [
      Linear(2, 3, device: d), Bilinear(2, 3, 4, device: d), Embedding(4, 2, paddingIndex: 0, device: d),
      Conv1D(2, 2, kernel: 3, device: d), Conv2D(2, 2, kernel: 3, device: d),
      ConvTranspose2D(2, 2, kernel: 3, device: d), BatchNorm1D(2, device: d), BatchNorm2D(2, device: d),
      LayerNorm(4, device: d), RMSNorm(4, device: d), GroupNorm(groups: 2, 4, device: d), Dropout(),
      ChannelDropout(), RNN(2, 3, layers: 2, dropout: 0.1, device: d),
      LSTM(2, 3, layers: 2, bidirectional: true, dropout: 0.1, device: d), GRU(2, 3, device: d),
      SinusoidalPosition(4, 4, dropout: 0.1, device: d), LearnedPosition(4, 4, device: d), RotaryPosition(),
      MultiHeadAttention(4, heads: 2, rotary: RotaryPosition(), dropout: 0.1, device: d),
      TransformerEncoderLayer(options, device: d), TransformerDecoderLayer(options, device: d),
      TransformerEncoder(2, options, device: d), TransformerDecoder(2, options, device: d),
      Sequential {
        Linear(2, 2, device: d); ReLU()
      },
      Residual(Linear(2, 2, device: d), shortcut: Linear(2, 2, device: d)), Flatten(), Reshape([2]),
      Identity(),
      MaxPool2D(2), PReLU(device: d), FeedForward(2, 3, device: d), GatedFeedForward(2, 3, device: d),
    ]
  }

  @Test("No layer forgets any")
  func layers() {
    for layer in Self.layers { #expect(layer.forgottenMembers == [], "\(type(of: layer))") }
  }

  @Test("No network forgets any", arguments: ModelCatalog.all)
  func networks(_ recipe: ModelRecipe) {
    let model = recipe.model(Networks.input, generator: Generator(seed: 1), device: .cpu)
    #expect(model.forgottenMembers == [])
  }

  private class Base: Module {
    let scale = Parameter(.ones([1], device: .cpu))
    func forward(_ input: Tensor) -> Tensor { input }
    func visit(_ visitor: inout ModuleVisitor) {}
  }

  private final class Forgetful: Base {
    struct Part { let norm: LayerNorm, sizes = [1, 2] }
    let named = Linear(2, 2, device: .cpu)
    let head: (any Module)? = Linear(2, 2, device: .cpu)
    let parts = [Part(norm: LayerNorm(2, device: .cpu))]
    let table = ["mean": ModuleBuffer(.zeros([1], device: .cpu))]
    let generator = Generator(seed: 1)
    let teacher = Linear(2, 2, device: .cpu)

    override func visit(_ visitor: inout ModuleVisitor) {
      visitor.module("named", named)
      visitor.omit(teacher)
    }
  }

  @Test("Each is named with its path, wherever it is stored; what is omitted is not")
  func forgetful() {
    let found = Sequential([Forgetful()]).forgottenMembers
    #expect(
      found.sorted() == [
        "0.generator (Generator of Forgetful)", "0.head (Linear of Forgetful)",
        "0.parts.0.norm (LayerNorm of Forgetful)", "0.scale (Parameter of Forgetful)",
        "0.table.0.value (ModuleBuffer of Forgetful)",
      ])
  }
}
