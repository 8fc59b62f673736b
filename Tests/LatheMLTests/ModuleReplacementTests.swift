import DataTestSupport
import LatheML
import Testing

@Suite("Modules put in the places of others")
struct ModuleReplacementTests {
  /// Twice what another module gives.
  private final class Doubled: Module {
    private var base: any Module

    init(_ base: any Module) { self.base = base }

    func forward(_ input: Tensor) -> Tensor { base(input) * 2 }

    func visit(_ visitor: inout ModuleVisitor) { visitor.module("base", base) { self.base = $0 } }
  }

  private func encoder() -> TransformerEncoder {
    TransformerEncoder(
      2, TransformerOptions(width: 4, heads: 2, feedForward: 6, dropout: 0), generator: Generator(seed: 3),
      device: .cpu)
  }

  private let input = Tensor.normal([2, 3, 4], generator: Generator(seed: 9), device: .cpu)

  @Test("Patterns choose whole paths, and types choose among them")
  func patterns() throws {
    let model = encoder()
    let before = model.namedModules.map(\.path)
    let paths = try model.replace("layers.*.attention.query") { Doubled($0) }
    #expect(paths == ["layers.0.attention.query", "layers.1.attention.query"])
    #expect(model.module(at: "layers.1.attention.query") is Doubled)
    #expect(model.module(at: "layers.1.attention.query.base") is Linear)
    #expect(model.namedModules.count == before.count + 2)
    #expect(
      model.namedParameters(matching: "layers.0.attention.query").map(\.name)
        == ["weight", "bias"].map { "layers.0.attention.query.base.\($0)" })
    let linear = try model.replace { (linear: Linear) in Doubled(linear) }
    #expect(linear.count == 2 * 6)
    #expect(model.module(at: "layers.0.attention.query.base") is Doubled)
  }

  @Test("The new module is what computes, in every place of a shared one")
  func computes() throws {
    let shared = Linear(4, 4, generator: Generator(seed: 1), device: .cpu)
    let model = Sequential([shared, Residual(shared), ReLU()])
    func expected(_ factor: Float) throws -> [Float] {
      let first = shared(input) * factor
      return try (first + shared(first) * factor).relu().scalars()
    }
    #expect(try model(input).scalars(as: Float.self) == expected(1))
    var made = 0
    let paths = try model.replace { (linear: Linear) -> Doubled in
      made += 1
      return Doubled(linear)
    }
    #expect(paths == ["0", "1.body"] && made == 1)
    #expect(try model(input).scalars(as: Float.self) == expected(2))
    #expect(model.namedParameters.map(\.name) == ["0.base.weight", "0.base.bias"])
  }

  @Test("Mistakes say what there is, and change nothing")
  func mistakes() throws {
    let model = encoder()
    let before = model.namedModules.map(\.path)
    #expect {
      try model.replace("layers.*.query") { (norm: LayerNorm) in norm }
    } throws: {
      says($0, "no module of type LayerNorm", "'layers.*.query'", "layers.0.attention.query")
    }
    #expect {
      try model.replace("layers.1") { (layer: TransformerEncoderLayer) in Doubled(layer) }
    } throws: {
      says($0, "'layers.1'", "takes a module of type TransformerEncoderLayer, not Doubled")
    }
    let fixed = Watched()
    #expect {
      try fixed.replace("inner") { Doubled($0) }
    } throws: {
      says($0, "'inner'", "takes no other module", "replace:")
    }
    #expect(model.namedModules.map(\.path) == before)
  }

  private final class Watched: Module {
    private let inner = Linear(2, 2, device: .cpu)
    func forward(_ input: Tensor) -> Tensor { inner(input) }
    func visit(_ visitor: inout ModuleVisitor) { visitor.module("inner", inner) }
  }

  @Test("Linear layers of every network can be replaced", arguments: ModelCatalog.all)
  func catalogue(_ recipe: ModelRecipe) throws {
    let model = recipe.model(Networks.input, generator: Generator(seed: 1), device: .cpu)
    let linear = model.namedModules.filter { $0.module is Linear }
    guard !linear.isEmpty else { return }
    #expect(try model.replace { (linear: Linear) in Doubled(linear) }.count == linear.count)
  }

  @Test("Parameters are frozen by patterns and taken back")
  func frozen() {
    let model = encoder()
    #expect(model.freeze(matching: "*.attention.*.weight") == 8)
    #expect(model.parameters.filter(\.isFrozen).count == 8)
    #expect(model.freeze(matching: "layers.0", false) == 16)
    #expect(model.parameters.filter(\.isFrozen).count == 4)
  }
}
