import DataTestSupport
import LatheML
import Testing

@Suite("Weights in and out")
struct WeightFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func model(_ classes: Int = 3, seed: UInt64 = 1) -> Sequential {
    let generator = Generator(seed: seed)
    return Sequential {
      Linear(4, 5, generator: generator, device: .cpu)
      BatchNorm1D(5, device: .cpu)
      Linear(5, classes, generator: generator, device: .cpu)
    }
  }

  private func bytes(_ model: any Module) throws -> [String: [UInt8]] {
    Dictionary(uniqueKeysWithValues: try model.state.map { ($0.name, try $0.tensor.bytes()) })
  }

  @Test("What is saved is loaded again, in both formats", arguments: ["w.safetensors", "w.npz", "W.NPZ"])
  func roundTrip(_ name: String) throws {
    let (first, second) = (model(seed: 1), model(seed: 2))
    try first.save(to: folder.file(name))
    #expect(try bytes(first) != bytes(second))
    try second.load(from: folder.file(name))
    #expect(try bytes(first) == bytes(second))
    #expect(folder.names == [name])
  }

  @Test("Every type and shape in npz, also with 64-bit sizes", arguments: DType.allCases)
  func npz(_ dtype: DType) throws {
    let values = Tensor([0, 1, 2, 3, 1, 0].map { Float($0) }, shape: [2, 3], dtype: dtype, device: .cpu)
    let tensors: [(name: String, tensor: Tensor)] = [
      ("a", values), ("é/b", Tensor(Float(2), device: .cpu)),
      ("vector", Tensor([1, 2] as [Int32], device: .cpu)), ("empty", Tensor.zeros([0, 4], device: .cpu)),
    ]
    for limit in [0xFFFF_FFFF, 1, 100] {
      let path = try folder.write(NPZFile.encode(tensors, limit: limit).flatMap { $0 }, "x.npz")
      let file = try NPZFile(path: path)
      #expect(file.names == tensors.map(\.name))
      for (name, tensor) in tensors {
        let copy = try #require(try file.tensor(name))
        #expect(copy.dtype == tensor.dtype && copy.shape == tensor.shape)
        #expect(try copy.bytes() == tensor.bytes())
      }
    }
    try NPYFile.write(values, to: folder.file("x.npy"))
    #expect(try NPYFile(path: folder.file("x.npy")).tensor.bytes() == values.bytes())
  }

  @Test("Two tensors of one name, and a name that names no format")
  func refused() throws {
    let one = Tensor(Float(1), device: .cpu)
    #expect(
      message { try NPZFile.write([("a", one), ("a", one)], to: folder.file("x.npz")) }.contains("'a'"))
    #expect(message { try model().save(to: folder.file("x.bin")) }.contains(".safetensors or .npz"))
    #expect(folder.names.isEmpty)
  }

  @Test("Weights that do not fit: all are named, and nothing is changed")
  func strict() throws {
    let stored = model(7)
    var tensors = stored.state.filter { $0.name != "0.bias" }
    tensors.append(("extra.weight", Tensor(Float(1), device: .cpu)))
    tensors = tensors.map { name, tensor in
      name == "1.weight" ? (name, tensor.cast(to: .float16)) : (name, tensor)
    }
    let path = folder.file("w.safetensors")
    try WeightFile.write(tensors, to: path)
    let other = model(3, seed: 2)
    let before = try bytes(other)
    let text = message { try other.load(from: path) }
    for part in [
      path, "another model", "lacks 0.bias", "has extra.weight too many",
      "1.weight is float16 [5], expected float32 [5]",
      "2.weight is float32 [7, 5], expected float32 [3, 5]", "2.bias is float32 [7], expected float32 [3]",
    ] { #expect(text.contains(part), "\(text)") }
    #expect(try bytes(other) == before)
  }

  @Test("What fits is taken, what does not is reported, and the taken weights are frozen on request")
  func partial() throws {
    let (stored, other) = (model(7), model(3, seed: 2))
    let path = folder.file("w.npz")
    try WeightFile.write(
      stored.state.filter { $0.name != "0.bias" } + [("head.weight", .zeros([2]))], to: path)
    let before = try bytes(other)
    let report = try other.loadMatching(from: path, freezing: true)
    #expect(report.loaded == ["0.weight", "1.weight", "1.bias", "1.running_mean", "1.running_var"])
    #expect(report.missing == ["0.bias"] && report.unexpected == ["head.weight"])
    #expect(report.differing.map(\.name) == ["2.weight", "2.bias"])
    #expect(!report.isComplete)
    let lines = report.description.split(separator: "\n")
    #expect(
      lines == [
        "5 of 8 weights loaded", "not in the file: 0.bias", "not in the model: head.weight",
        "does not fit: 2.weight is float32 [7, 5], expected float32 [3, 5]",
        "does not fit: 2.bias is float32 [7], expected float32 [3]",
      ])
    let after = try bytes(other)
    #expect(try after["0.weight"] == bytes(stored)["0.weight"])
    for name in ["0.bias", "2.weight", "2.bias"] { #expect(after[name] == before[name]) }
    let trained = other.namedParameters.filter { !$0.parameter.isFrozen }.map(\.name)
    #expect(trained == ["0.bias", "2.weight", "2.bias"])
    // The rest learns, the taken weights stay.
    let optimizer = SGD(other.trainableParameters, learningRate: 0.1)
    let x = Tensor.normal([6, 4], generator: Generator(seed: 3), device: .cpu)
    optimizer.step(other(x).square().mean().gradients(of: optimizer.parameters))
    #expect(try bytes(other)["0.weight"] == after["0.weight"] && bytes(other)["2.bias"] != after["2.bias"])
  }

  @Test("Nothing that fits is an error")
  func nothing() throws {
    let path = folder.file("w.npz")
    try WeightFile.write([("a", .zeros([2]))], to: path)
    #expect(message { try model().loadMatching(from: path) }.contains("nothing in it fits"))
  }

  @Test("Names are stripped and changed, and two of one name are refused")
  func names() throws {
    let rule = WeightNames(
      removing: "module.", renaming: ["backbone": "0", "backbone.norm": "1", "head": "2"])
    #expect(rule.path("module.backbone.weight") == "0.weight")
    #expect(rule.path("module.backbone.norm.bias") == "1.bias")
    #expect(rule.path("backbones.weight") == "backbones.weight")
    let stored = model()
    let parts = ["0": "module.backbone", "1": "module.backbone.norm", "2": "module.head"]
    let tensors = stored.state.map { name, tensor -> (name: String, tensor: Tensor) in
      ("\(parts[String(name.prefix(1))] ?? "")\(name.dropFirst())", tensor)
    }
    let path = folder.file("w.safetensors")
    try WeightFile.write(tensors, to: path)
    let other = model(seed: 2)
    try other.load(from: path, names: rule)
    #expect(try bytes(other) == bytes(stored))
    try WeightFile.write(tensors + [("head.bias", .zeros([3]))], to: path)
    let text = message { try other.load(from: path, names: rule) }
    #expect(text.contains("'head.bias' and 'module.head.bias' both become '2.bias'"), "\(text)")
  }

  @Test(
    "Patterns choose a path and what lies below it, or by stars",
    arguments: [
      ("encoder.layers.0", ["encoder.layers.0.norm.weight", "encoder.layers.0.bias"]),
      ("*.bias", ["encoder.layers.0.bias", "encoder.layers.10.bias", "head.bias"]),
      ("encoder*1*s", ["encoder.layers.10.bias"]), ("head", ["head.bias"]), ("hea", []), ("*x*", []),
      (
        "*",
        [
          "encoder.layers.0.norm.weight", "encoder.layers.0.bias", "encoder.layers.10.bias", "head.bias",
        ]
      ),
      ("head.bias*bias", []),
    ])
  func patterns(_ pattern: String, _ expected: [String]) {
    let paths = [
      "encoder.layers.0.norm.weight", "encoder.layers.0.bias", "encoder.layers.10.bias", "head.bias",
    ]
    #expect(paths.filter { PathPattern(pattern).matches($0) } == expected)
  }

  @Test("What is none of the formats is named as such")
  func others() throws {
    let old = try folder.write([0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46], "old.pth")
    #expect(message { try WeightFile(path: old) }.contains("offset 4"))
    #expect(message { try WeightFile(path: folder.file("none")) }.contains("none"))
    let empty = try folder.write([], "empty")
    #expect(message { try WeightFile(path: empty) }.contains("not a safetensors file"))
  }
}
