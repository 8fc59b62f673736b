import DataTestSupport
import LatheML
import Testing

@Suite("Modules")
struct ModuleTests {
  @Test("Parameters have PyTorch's names and shapes")
  func names() {
    let model = LeNet.model(generator: Generator(seed: 1), device: .cpu)
    let names = ["0", "3", "7", "9"].flatMap { ["\($0).weight", "\($0).bias"] }
    #expect(model.namedParameters.map(\.name) == names)
    let shapes: [Shape] = [[10, 1, 5, 5], [10], [20, 10, 5, 5], [20], [50, 320], [50], [10, 50], [10]]
    #expect(model.parameters.map(\.shape) == shapes)
    #expect(model.parameters.allSatisfy { $0.value.requiresGradient })
  }

  @Test("A parameter in two places is one")
  func shared() {
    let layer = Linear(3, 3, device: .cpu)
    let model = Sequential([layer, layer])
    #expect(model.namedParameters.map(\.name) == ["0.weight", "0.bias"])
  }

  @Test("Initialisers keep to their bounds and variance")
  func initializers() throws {
    let shape: Shape = [200, 50, 2, 2]
    func values(_ initializer: Initializer) throws -> [Float] {
      try initializer(shape, generator: Generator(seed: 3), device: .cpu).scalars()
    }
    // Fan in 200, fan out 800.
    let expected: [(Initializer, Float, Bool)] = [
      (.standard, (1 / Float(200)).squareRoot() / Float(3).squareRoot(), true),
      (.kaimingUniform(slope: 0), (2 / Float(200)).squareRoot(), true),
      (.kaimingNormal(slope: 0), (2 / Float(200)).squareRoot(), false),
      (.xavierUniform(gain: 1), (2 / Float(1000)).squareRoot(), true),
      (.xavierNormal(gain: 1), (2 / Float(1000)).squareRoot(), false),
      (.normal(mean: 0, deviation: 3), 3, false),
      (.uniform(low: -1, high: 1), 1 / Float(3).squareRoot(), true),
    ]
    for (initializer, deviation, isUniform) in expected {
      let drawn = try values(initializer)
      let square = drawn.reduce(0) { $0 + $1 * $1 } / Float(drawn.count)
      #expect(abs(square.squareRoot() / deviation - 1) < 0.02, "\(initializer)")
      if isUniform {
        #expect((drawn.map(abs).max() ?? 0) <= deviation * Float(3).squareRoot() * 1.0001, "\(initializer)")
      }
    }
    #expect(try values(.constant(2)).allSatisfy { $0 == 2 })
    #expect(try values(.standard) == values(.standard))
  }

  @Test("Weights of another model are refused and change nothing")
  func load() throws {
    let model = Sequential { Linear(2, 3, device: .cpu) }
    let before = try model.parameters.map { try $0.value.bytes() }
    let good = ["0.weight": Tensor.zeros([3, 2], device: .cpu), "0.bias": Tensor.ones([3], device: .cpu)]
    var bad = good
    bad["0.bias"] = nil
    #expect {
      try model.load(bad, from: "file")
    } throws: {
      says($0, "file", "another model", "lacks 0.bias")
    }
    bad["0.bias"] = Tensor.ones([4], device: .cpu)
    #expect {
      try model.load(bad, from: "file")
    } throws: {
      says($0, "0.bias is float32 [4], expected float32 [3]")
    }
    bad["0.bias"] = good["0.bias"]
    bad["1.weight"] = good["0.bias"]
    #expect {
      try model.load(bad, from: "file")
    } throws: {
      says($0, "has 1.weight too many")
    }
    #expect(try model.parameters.map { try $0.value.bytes() } == before)
    try model.load(good, from: "file")
    #expect(try model.parameters[1].value.scalars(as: Float.self) == [1, 1, 1])
  }

  @Test("Dropout works in training only, and its generator moves on")
  func dropout() throws {
    let generator = Generator(seed: 5)
    let model = Sequential { Dropout(0.5, generator: generator) }
    let x = Tensor.ones([1000], device: .cpu)
    let dropped = try model(x).scalars(as: Float.self)
    #expect(Set(dropped) == [0, 2])
    #expect(abs(dropped.reduce(0, +) - 1000) < 150)
    #expect(try model(x).scalars(as: Float.self) != dropped)
    model.eval()
    #expect(try model(x).scalars(as: Float.self).allSatisfy { $0 == 1 })
    model.train()
    generator.state = Generator.State(seed: 5)
    #expect(try model(x).scalars(as: Float.self) == dropped)
  }
}
