import DataTestSupport
import Foundation
import LatheML
import Testing

@Suite("GGUF files")
struct GGUFTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("Blocks of every type are what gguf-py makes of them", arguments: Device.all)
  func blocks(_ device: Device) throws {
    let reader = try CheckpointFixtures.compare("blocks.gguf", tolerance: 1e-6, device: device)
    #expect(reader.format == .gguf && reader.specs["Q4_K"] == TensorSpec([3, 512]))
    #expect(reader.specs["BF16"] == TensorSpec([2, 3, 5], .bfloat16))
    #expect(reader.tensors.allSatisfy { $0.name == $0.type && $0.offset % 64 == 0 })
    #expect(try reader.tensor("Q8_0", as: .bfloat16)?.dtype == .bfloat16)
  }

  @Test("Metadata of every type")
  func metadata() throws {
    let file = try GGUFFile(path: "\(CheckpointFixtures.folder)/blocks.gguf")
    #expect(file.version == 3)
    for (key, value) in [
      ("uint8", 200), ("int8", -100), ("uint16", 60000), ("int16", -30000), ("uint32", 4_000_000_000),
      ("int32", -2_000_000_000), ("int64", Int.min),
    ] {
      #expect(try file.integer("test.\(key)") == value)
    }
    guard case .unsigned(.max)? = file.values["test.uint64"] else { throw LatheError(.format, "uint64") }
    #expect(try file.float("test.float32") == 0.5 && file.float("test.float64") == 0.1)
    #expect(try file.flag("test.bool") == true && file.text("test.text") == "café 😀")
    #expect(try file.texts("test.texts") == ["a", "", "日本"])
    #expect(try file.integers("test.integers") == [-1, 0, 7] && file.floats("test.floats") == [0.5, -2])
    guard case .array(let nested)? = file.values["test.nested"] else { throw LatheError(.format, "nested") }
    let rows = try nested.values().map { value -> [Int]? in
      if case .array(let row) = value { try row.integers() } else { nil }
    }
    #expect(rows == [[1, 2], [3, 4]])
    #expect(try file.text("none") == nil && file.texts("none") == nil)
    #expect { try file.text("test.uint8") } throws: { says($0, "blocks.gguf", "'test.uint8' is not a text") }
    #expect { try file.integers("test.texts") } throws: { says($0, "array of whole numbers") }
    #expect { try file.integer("test.uint64") } throws: { says($0, "not a whole number") }
    #expect(file.keys.first == "general.architecture" && file.keys.count == file.values.count)
  }

  @Test("Version 2 and data without padding at its end")
  func versionTwo() throws {
    var file = GGUFBytes(version: 2)
    file.tensors = [("a", [2, 1], 0, 0), ("b", [], 24, 32), ("none", [0, 7], 0, 32)]
    file.data = GGUFBytes.number(Float(1).bitPattern) + GGUFBytes.number(Float(-2).bitPattern)
    file.data += [UInt8](repeating: 0, count: 24) + [5]
    let reader = try WeightReader(path: folder.write(file.bytes, "v.gguf"))
    #expect(
      try reader.tensor("a")?.scalars(as: Float.self) == [1, -2] && reader.specs["a"]?.shape == [1, 2])
    #expect(try reader.tensor("b")?.scalars(as: Int8.self) == [5] && reader.specs["b"]?.shape == [])
    #expect(try reader.tensor("none")?.shape == [7, 0])
  }

  @Test("A type without a decoder is listed, and says so when it is read")
  func unknownBlocks() throws {
    var file = GGUFBytes()
    file.tensors = [("a", [256], 23, 0)]
    file.data = [UInt8](repeating: 0, count: 136)
    let reader = try WeightReader(path: folder.write(file.bytes, "v.gguf"))
    #expect(reader.tensors.first?.type == "IQ4_XS")
    #expect { try reader.tensor("a") } throws: {
      says($0, "v.gguf", "'a' has type IQ4_XS, which is not supported")
    }
  }

  @Test("Lengths, counts, places and types that lie")
  func lies() throws {
    typealias Bytes = GGUFBytes
    func array(_ type: UInt32, _ count: UInt64, _ bytes: [UInt8] = []) -> [UInt8] {
      Bytes.number(type) + Bytes.number(count) + bytes
    }
    func deep(_ depth: Int) -> [UInt8] { (0..<depth).flatMap { _ in array(9, 1) } + array(0, 1, [1]) }
    func value(_ type: UInt32, _ bytes: [UInt8]) -> Bytes { Bytes(values: [("k", type, bytes)]) }
    func tensors(_ tensors: [(name: String, sizes: [UInt64], type: UInt32, offset: UInt64)]) -> Bytes {
      Bytes(tensors: tensors, data: [UInt8](repeating: 0, count: 128))
    }
    let one = tensors([("a", [8], 0, 0)]).bytes
    var cases: [(bytes: [UInt8], words: String)] = [
      (Array("GGUF".utf8), "begin with GGUF"), (Bytes(version: 1).bytes, "version 1"),
      (Bytes(version: 3 << 24).bytes, "greatest byte first"),
      (
        Array("GGUF".utf8) + Bytes.number(UInt32(3)) + Bytes.number(UInt64.max) + Bytes.number(UInt64(0)),
        "tensors and"
      ),
      (
        Array("GGUF".utf8) + Bytes.number(UInt32(3)) + Bytes.number(UInt64(0)) + Bytes.number(UInt64.max),
        "tensors and"
      ),
      (value(8, Bytes.number(UInt64.max)).bytes, "are left"), (value(13, []).bytes, "unknown type 13"),
      (value(9, array(8, 1 << 60)).bytes, "an array of"), (value(9, array(10, .max)).bytes, "an array of"),
      (value(9, array(8, 1, Bytes.number(UInt64(1) << 62))).bytes, "are left"),
      (value(9, deep(5)).bytes, "deep"), (value(9, deep(100_000)).bytes, "deep"),
      (value(7, [2]).bytes, "truth value"),
      (value(8, Bytes.number(UInt64(1)) + [0xFF]).bytes, "not UTF-8"),
      (Bytes(values: [("k", 0, [1]), ("k", 0, [2])]).bytes, "'k' comes twice"),
      (Bytes(values: [("general.alignment", 4, Bytes.number(UInt32(33)))]).bytes, "power of two"),
      (Bytes(values: [("general.alignment", 4, Bytes.number(UInt32(0)))]).bytes, "power of two"),
      (tensors([("a", [8], 0, 0), ("a", [8], 0, 32)]).bytes, "two tensors are named 'a'"),
      (tensors([("a", [16], 0, 0), ("b", [8], 0, 32)]).bytes, "'a' and 'b' overlap"),
      (tensors([("a", [8], 0, 128)]).bytes, "and the file has"),
      (tensors([("a", [64], 0, 0)]).bytes, "and the file has"),
      (tensors([("a", [8], 0, 4)]).bytes, "no multiple of 32"),
      (tensors([("a", [8], 77, 0)]).bytes, "unknown type 77"),
      (tensors([("a", [31], 2, 0)]).bytes, "blocks of 32"),
      (tensors([("a", [1 << 40, 1 << 40], 0, 0)]).bytes, "impossible"),
      (tensors([("a", [1 << 59], 28, 0)]).bytes, "no file holds"),
      (tensors([("a", [.max], 0, 0)]).bytes, "an axis of"),
      (tensors([("a", [8], 0, 1 << 63)]).bytes, "no file holds"),
      (tensors([("a", [1, 1, 1, 1, 1], 0, 0)]).bytes, "5 axes"),
    ]
    for count in stride(from: 24, to: one.count - 128, by: 7) {
      cases.append((Array(one[..<count]), "not a GGUF file"))
    }
    for (bytes, words) in cases {
      let path = try folder.write(bytes, "x.gguf")
      #expect { try WeightReader(path: path) } throws: { says($0, "x.gguf: offset", words) }
    }
  }

  @Test("Arrays of a vocabulary are read quickly")
  func vocabulary() throws {
    let tokens = (0..<49_152).map { "token\($0)" }
    let bytes =
      GGUFBytes.number(UInt32(8)) + GGUFBytes.number(UInt64(tokens.count)) + tokens.flatMap(GGUFBytes.text)
    let path = try folder.write(
      GGUFBytes(values: [("tokenizer.ggml.tokens", 9, bytes)]).bytes, "v.gguf")
    let file = try GGUFFile(path: path)
    #expect(try file.texts("tokenizer.ggml.tokens") == tokens)
    guard case .array(let array)? = file.values["tokenizer.ggml.tokens"] else {
      throw LatheError(.format, "array")
    }
    #expect(try array.byteTexts()?.last == Array("token49151".utf8))
    #expect(try array.first(2).count == 2)
  }

  @Test("Large files are opened by their headers", arguments: ["safetensors", "gguf"])
  func large(_ ending: String) throws {
    let size = 4 << 30
    let path = folder.file("large.\(ending)")
    if ending == "gguf" {
      try folder.write(GGUFBytes(tensors: [("a", [UInt64(size / 4)], 0, 0)]).bytes, "large.gguf")
    } else {
      let header = Array(#"{"a":{"dtype":"F32","shape":[\#(size / 4)],"data_offsets":[0,\#(size)]}}"#.utf8)
      try folder.write(GGUFBytes.number(UInt64(header.count)) + header, "large.safetensors")
    }
    let start = try folder.read("large.\(ending)").count
    try #require(truncate(path, off_t(start + size)) == 0)
    let clock = ContinuousClock()
    var last: Float = 1
    let time = try clock.measure {
      let tensor = try #require(try WeightReader(path: path).tensor("a"))
      last = try #require(try tensor[size / 4 - 1].scalars(as: Float.self).first)
    }
    #expect(last == 0)
    #expect(time < .seconds(1))
  }
}
