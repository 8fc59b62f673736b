import DataTestSupport
import Foundation
import LatheML
import Testing

@Suite("Weights of other types, read one at a time and from several files")
struct WeightReaderTests {
  private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures/shards").path

  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func layers(_ seed: UInt64 = 1, device: Device = .cpu) -> Sequential {
    Sequential {
      Linear(3, 4, generator: Generator(seed: seed), device: device)
      Linear(4, 2, generator: Generator(seed: seed + 1), device: device)
    }
  }

  private func state(_ model: some Module) throws -> [String: [Float]] {
    try Dictionary(
      uniqueKeysWithValues: model.state.map {
        ($0.name, try $0.tensor.cast(to: .float32).scalars(as: Float.self))
      })
  }

  @Test("bfloat16 and float16 of another program's shards become float32, exactly", arguments: Device.all)
  func fixture(_ device: Device) throws {
    let expected = try JSONDecoder().decode(
      [String: [Float]].self, from: Data(contentsOf: URL(fileURLWithPath: Self.fixtures + "/expected.json")))
    for path in [Self.fixtures, "\(Self.fixtures)/\(WeightReader.indexName)"] {
      let model = layers(device: device)
      try model.load(from: path, converting: true)
      #expect(try state(model) == expected)
      #expect(model.state.allSatisfy { $0.tensor.dtype == .float32 && $0.tensor.device == device })
    }
    let reader = try WeightReader(path: Self.fixtures)
    #expect(reader.files.count == 2 && reader.metadata == ["format": "pt"])
    #expect(reader.specs["0.weight"] == TensorSpec([4, 3], .bfloat16))
    #expect(reader.specs["1.bias"] == TensorSpec([2], .float32))
    #expect(try reader.tensor("0.bias")?.dtype == .float16)
    #expect(try reader.tensor("0.bias", as: .float32, device: device)?.scalars() == expected["0.bias"])
    #expect(try reader.tensor("2.bias") == nil)
  }

  @Test("Without a word about types they are as strict as ever, and say what to do")
  func strict() throws {
    let model = layers()
    let before = try state(model)
    #expect { try model.load(from: Self.fixtures) } throws: {
      says(
        $0, WeightReader.indexName, "0.weight is bfloat16 [4, 3], expected float32 [4, 3]", "converting: true"
      )
    }
    #expect(try state(model) == before)
    let report = try model.loadMatching(from: Self.fixtures)
    #expect(report.loaded == ["1.bias"] && report.differing.count == 3)
    #expect(try layers().loadMatching(from: Self.fixtures, freezing: true, converting: true).isComplete)
  }

  @Test(
    "Weights go into files of another type and come back rounded",
    arguments: [DType.bfloat16, .float16, .float64])
  func narrower(_ dtype: DType) throws {
    let model = layers()
    let rounded = try Dictionary(
      uniqueKeysWithValues: model.state.map {
        ($0.name, try $0.tensor.cast(to: dtype).cast(to: .float32).scalars(as: Float.self))
      })
    for name in ["m.safetensors", "m.npz"] {
      try model.save(to: folder.file(name), as: dtype)
      #expect(try WeightFile(path: folder.file(name)).values.values.allSatisfy { $0.dtype == dtype })
      let other = layers(7)
      #expect { try other.load(from: folder.file(name)) } throws: {
        says($0, "\(dtype) [4, 3]", "converting")
      }
      try other.load(from: folder.file(name), converting: true)
      #expect(try state(other) == rounded)
    }
    // And float32 into a module that has the narrower type.
    try model.save(to: folder.file("wide.safetensors"))
    let narrow = Linear(
      weight: Parameter(Tensor.zeros([4, 3], dtype: dtype, device: .cpu)),
      bias: Parameter(Tensor.zeros([4], dtype: dtype, device: .cpu)))
    try Sequential { narrow }.loadMatching(from: folder.file("wide.safetensors"), converting: true)
    #expect(narrow.weight.value.dtype == dtype)
    #expect(try narrow.weight.value.cast(to: .float32).scalars() == rounded["0.weight"])
  }

  @Test("Shards hold at most what was said, and the index names each weight's file")
  func shards() throws {
    let model = layers()
    let index = try model.save(
      to: folder.file("big.safetensors"), shardBytes: 40, metadata: ["made": "here"], as: .bfloat16)
    #expect(
      folder.names == [
        "big-00001-of-00002.safetensors", "big-00002-of-00002.safetensors", "big.safetensors.index.json",
      ])
    let reader = try WeightReader(path: index)
    #expect(reader.metadata["made"] == "here" && reader.specs.count == 4)
    let sizes = try reader.files.map { try Safetensors(path: $0).entries.values }
      .map { $0.reduce(0) { $0 + TensorSpec($1.shape, $1.dtype).byteCount } }
    #expect(sizes.reduce(0, +) == 2 * 26 && sizes.allSatisfy { $0 <= 40 })
    let object = try JSONSerialization.jsonObject(with: Data(folder.read("big.safetensors.index.json")))
    let content = try #require(object as? [String: Any])
    #expect((content["metadata"] as? [String: Int]) == ["total_size": 52])
    #expect((content["weight_map"] as? [String: String])?["1.bias"] == "big-00002-of-00002.safetensors")
    let other = layers(5)
    try other.load(from: index, converting: true)
    #expect(try state(other).keys == state(model).keys && state(other) != state(model))
    // One file for each, however small.
    try model.save(to: folder.file("each.safetensors"), shardBytes: 1)
    let each = layers(5)
    try each.load(from: folder.file("each.safetensors.index.json"))
    #expect(try state(each) == state(model))
    #expect(throws: LatheError.self) { try model.save(to: folder.file("m.npz"), shardBytes: 1) }
  }

  @Test("Names of the file become the model's in each shard")
  func names() throws {
    try WeightFile.writeShards(
      layers().state.map { ("module.\($0.name)", $0.tensor) }, shardBytes: 20,
      to: folder.file("n.safetensors"))
    let model = layers(3)
    try model.load(
      from: folder.file("n.safetensors.index.json"),
      names: WeightNames(removing: "module."))
    #expect(try state(model) == state(layers()))
  }

  @Test("A tensor is read when it is asked for, and no other; damage is found before a module is changed")
  func lazily() throws {
    let tensors: [(name: String, tensor: Tensor)] = [
      ("a", Tensor([1, 2] as [Float], device: .cpu)), ("b", Tensor([3, 4] as [Float], device: .cpu)),
    ]
    let path = folder.file("m.safetensors")
    try Safetensors.write(tensors, to: path)
    var bytes = try folder.read("m.safetensors")
    bytes[bytes.count - 1] ^= 1
    try folder.write(bytes, "m.safetensors")
    let reader = try WeightReader(path: path)
    #expect(try reader.tensor("a")?.scalars() == [1, 2] as [Float])
    #expect(try reader.tensor("b")?.scalars() != [3, 4] as [Float])
    #expect { try reader.verify() } throws: { says($0, path, "checksum") }

    let index = try layers().save(to: folder.file("s.safetensors"), shardBytes: 40)
    let last = try #require(folder.names.last { $0.hasPrefix("s-") })
    var shard = try folder.read(last)
    shard[shard.count - 1] ^= 1
    try folder.write(shard, last)
    let model = layers(3)
    let before = try state(model)
    #expect { try model.load(from: index) } throws: { says($0, last, "checksum") }
    #expect(try state(model) == before)
  }

  @Test("An index that does not fit its files says which")
  func mistakes() throws {
    func index(_ map: String) throws -> String {
      try folder.write(Array("{\"weight_map\": {\(map)}}".utf8), "x.safetensors.index.json")
    }
    try Safetensors.write([("a", Tensor([1] as [Float], device: .cpu))], to: folder.file("x.safetensors"))
    let cases: [(map: String, words: [String])] = [
      (#""a": "x.safetensors", "b": "x.safetensors""#, ["x.safetensors", "lacks 'b'"]),
      (#""b": "x.safetensors""#, ["lacks 'b'"]),
      (#""a": "../x.safetensors""#, ["'../x.safetensors'", "beside the index"]),
      (#""a": "y.safetensors""#, ["y.safetensors"]),
      (#""a": 3"#, ["weight_map"]),
    ]
    for (map, words) in cases {
      let path = try index(map)
      for word in words {
        #expect { try WeightReader(path: path) } throws: { says($0, word) }
      }
    }
    try Safetensors.write(
      [("a", Tensor([1] as [Float], device: .cpu)), ("c", Tensor([1] as [Float], device: .cpu))],
      to: folder.file("x.safetensors"))
    let path = try index(#""a": "x.safetensors""#)
    #expect { try WeightReader(path: path) } throws: { says($0, "has 'c'") }
    #expect(throws: LatheError.self) { try WeightReader(path: folder.path) }
  }
}
