import DataTestSupport
import Foundation
import LatheML
import Testing

@Suite("Quantised weights in files and layers")
struct QuantizedLayerTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func normal(_ shape: Shape, _ seed: UInt64) -> Tensor {
    Tensor.normal(shape, generator: Generator(seed: seed), device: .cpu)
  }

  /// Whether numbers differ by at most a share of the largest.
  private func isClose(_ a: Tensor, _ b: Tensor, _ share: Float) throws -> Bool {
    let (a, b) = (try a.scalars(as: Float.self), try b.scalars(as: Float.self))
    let most = b.reduce(0) { max($0, abs($1)) }
    return a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= share * most }
  }

  @Test("The product with blocks of a GGUF file is that with the tensor read from it", arguments: Device.all)
  func gguf(_ device: Device) throws {
    let reader = try WeightReader(path: "\(CheckpointFixtures.folder)/blocks.gguf")
    var types = Set<BlockType>()
    for tensor in reader.tensors where tensor.spec.shape.rank == 2 {
      guard let weight = try reader.quantized(tensor.name, device: device) else { continue }
      types.insert(weight.type)
      let dense = try #require(try reader.tensor(tensor.name, as: .float32, device: device))
      #expect(weight.type.name == tensor.type && weight.shape == dense.shape && weight.device == device)
      #expect(
        try weight.dequantized().scalars(as: Float.self) == dense.scalars(as: Float.self), "\(tensor.name)")
      for rows in [1, 9] {
        let x = normal([rows, weight.shape[1]], 5).moved(to: device)
        let (found, expected) = (x.linear(weight: weight), x.linear(weight: dense))
        // x is rounded to 1/127 of the largest of 32, which a sum of few and cancelling products magnifies.
        let most = try x.abs().linear(weight: dense.abs()).max().item()
        #expect(try (found - expected).abs().max().item() <= 0.02 * most, "\(tensor.name)")
      }
    }
    #expect(types.isSuperset(of: BlockType.allCases.filter { $0.dtype == nil }))
    let (none, wide) = (try reader.quantized("none"), try reader.quantized("F32"))
    #expect(none == nil && wide == nil)
  }

  @Test("16-bit matrices of other formats, mapped where they lie; other tensors are none")
  func halves() throws {
    let values = normal([5, 6], 1)
    let path = folder.path + "/w.safetensors"
    try WeightFile.write(
      [("a", values.cast(to: .bfloat16)), ("b", values), ("c", values[0].cast(to: .float16))], to: path)
    let reader = try WeightReader(path: path)
    let weight = try #require(try reader.quantized("a"))
    #expect(weight.type == .bfloat16 && weight.shape == [5, 6])
    #expect(
      try weight.dequantized().scalars(as: Float.self)
        == values.cast(to: .bfloat16).scalars(as: Float.self))
    let (wide, vector) = (try reader.quantized("b"), try reader.quantized("c"))
    #expect(wide == nil && vector == nil)
  }

  @Test("Quantised layers take the places of others, and adapters train beside them")
  func layers() throws {
    let model = TransformerEncoder(
      1, TransformerOptions(width: 32, heads: 2, feedForward: 64, dropout: 0), generator: Generator(seed: 3),
      device: .cpu)
    let x = normal([2, 3, 32], 9)
    let before = model(x)
    let parameters = model.parameterCount
    let paths = try model.replace("*.attention.*") { (linear: Linear) in
      try QuantizedLinear(linear, as: .q8_0)
    }
    #expect(paths.count == 4 && model.module(at: paths[0]) is QuantizedLinear)
    #expect(try isClose(model(x), before, 0.02))
    #expect(model.parameterCount == parameters - 4 * 32 * 32)
    #expect(model.namedBuffers.map(\.name).allSatisfy { $0.hasSuffix(".weight.Q8_0") })
    #expect(model.forgottenMembers.isEmpty)
    // Gradients pass the frozen products.
    let tracked = x.requiringGradient()
    let gradient = model(tracked).square().sum().gradients(of: [tracked])[0]
    #expect(try gradient.abs().max().item() > 0)
  }

  @Test("What was saved is loaded without being rounded again; another type is a missing name")
  func state() throws {
    func layer(_ seed: UInt64, _ type: BlockType) throws -> QuantizedLinear {
      QuantizedLinear(weight: try .quantize(normal([4, 64], seed), as: type), bias: normal([4], seed))
    }
    let x = normal([3, 64], 8)
    for type in [BlockType.q4_1, .bfloat16] {
      let (first, second) = (try layer(1, type), try layer(2, type))
      #expect(first.trainableParameters.isEmpty)
      let path = folder.path + "/\(type.name).safetensors"
      try first.save(to: path)
      try second.load(from: path)
      #expect(try second(x).scalars(as: Float.self) == first(x).scalars(as: Float.self))
      let other = try layer(3, .q4_0)
      #expect { try other.load(from: path) } throws: { says($0, "it lacks weight.Q4_0") }
    }
    // Elements of 16 bits have the names and the type of a layer's own.
    let linear = Linear(64, 4, generator: Generator(seed: 4), device: .cpu)
    let path = folder.path + "/linear.safetensors"
    try WeightFile.write(linear.state, as: .bfloat16, to: path)
    let short = try layer(5, .bfloat16)
    try short.load(from: path, converting: true)
    #expect(try isClose(short(x), linear(x), 0.02))
  }

  @Test("A head shares the table of its embedding", arguments: Device.all)
  func sharing(_ device: Device) throws {
    let embedding = try QuantizedEmbedding(
      Embedding(10, 32, generator: Generator(seed: 1), device: .cpu), as: .q8_0)
    let head = QuantizedLinear(sharing: embedding)
    final class Both: ParameterContainer {
      let parts: [any ParameterContainer]
      init(_ parts: [any ParameterContainer]) { self.parts = parts }
      func visit(_ visitor: inout ModuleVisitor) { visitor.modules("parts", parts) }
    }
    let both = Both([embedding, head]).moved(to: device)
    #expect(both.state.map(\.name) == ["parts.0.weight.Q8_0"] && embedding.weight.device == device)
    let tokens = Tensor([3, 9, 0] as [Int32], device: device)
    let rows = embedding(tokens)
    #expect(rows.shape == [3, 32])
    #expect(try isClose(head(rows), rows.matmul(embedding.weight.dequantized().transposed()), 0.01))
  }
}
