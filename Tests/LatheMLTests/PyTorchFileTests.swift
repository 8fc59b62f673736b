import DataTestSupport
import Foundation
import LatheML
import Testing

/// Files of scripts/make-checkpoint-fixtures.py.
enum CheckpointFixtures {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures/checkpoints").path

  /// Compares all tensors of a file with those that another program wrote as float64.
  static func compare(_ name: String, tolerance: Double = 0, device: Device = .cpu) throws -> WeightReader {
    let reader = try WeightReader(path: "\(folder)/\(name)")
    let expected = try WeightFile(path: "\(folder)/\(name).npz").values
    #expect(Set(reader.specs.keys) == Set(expected.keys))
    for (name, values) in expected {
      let tensor = try #require(try reader.tensor(name, device: device))
      #expect(tensor.device == device && TensorSpec(tensor.shape, tensor.dtype) == reader.specs[name])
      #expect(tensor.shape == values.shape, "\(name)")
      let (found, wanted) = try (
        tensor.moved(to: .cpu).cast(to: .float64).scalars(as: Double.self), values.scalars(as: Double.self)
      )
      let isEqual = zip(found, wanted).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($1)) }
      #expect(isEqual, "\(name)")
    }
    return reader
  }
}

@Suite("Files of PyTorch")
struct PyTorchFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("Tensors of both forms are those that PyTorch saved", arguments: ["weights.pt", "weights-legacy.pt"])
  func fixtures(_ name: String) throws {
    let reader = try CheckpointFixtures.compare(name)
    #expect(reader.format == .pytorch)
    try reader.verify()
    for (key, text) in [
      ("epoch", "3"), ("rate", "0.125"), ("negative", "-70000"), ("name", "réseau"), ("done", "true"),
      ("nothing", "none"), ("big", "a whole number of more than 64 bits"),
    ] {
      #expect(reader.metadata[key] == text)
    }
    #expect(reader.specs["types.bfloat16"]?.dtype == .bfloat16)
    let types = try reader.tensors.filter { $0.name.hasPrefix("types.") }.map(\.spec.dtype)
    #expect(Set(types).count == (name == "weights.pt" ? 12 : 10))
    // Views of one storage have their places in it.
    let places = reader.tensors.filter { $0.name.hasPrefix("views.") }.map(\.offset)
    #expect(places[1] == places[0] && places[2] == places[0] + 16 && places[3] == places[0] + 8)
  }

  @Test("They load into modules, on every device", arguments: Device.all)
  func loading(_ device: Device) throws {
    let model = Sequential {
      Linear(3, 2, device: device)
      BatchNorm1D(2, device: device)
    }
    let report = try model.loadMatching(
      from: "\(CheckpointFixtures.folder)/weights.pt", names: WeightNames(removing: "state_dict."))
    #expect(report.loaded.contains("0.weight") && report.missing.isEmpty)
    let file = try WeightFile(path: "\(CheckpointFixtures.folder)/weights.pt")
    #expect(
      try model.state.first { $0.name == "0.weight" }?.tensor.scalars(as: Float.self)
        == file.values["state_dict.0.weight"]?.scalars(as: Float.self))
  }

  @Test("Elements are the file's memory, and a change of them never gets into the file")
  func mapped() throws {
    let path = try folder.write(
      [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(CheckpointFixtures.folder)/weights.pt"))), "w.pt")
    let before = try folder.read("w.pt")
    let reader = try WeightReader(path: path)
    var tensor = try #require(try reader.tensor("views.0"))
    let stored = try #require(reader.tensors.first { $0.name == "views.0" })
    let bytes = Array(before[stored.offset..<stored.offset + stored.byteCount])
    #expect(try tensor.bytes() == bytes)
    tensor[0] = Tensor([9, 9, 9, 9] as [Float], device: .cpu)
    #expect(try tensor.scalars(as: Float.self).prefix(4) == [9, 9, 9, 9])
    #expect(try folder.read("w.pt") == before)
    // Nor into another tensor of the same bytes.
    #expect(try reader.tensor("views.0")?.bytes() == bytes)
    #expect(try WeightReader(path: path).tensor("views.0")?.bytes() == bytes)
    // What is gone is not touched.
    try #require(truncate(path, off_t(before.count - 2000)) == 0)
    #expect { try reader.tensor("views.0") } throws: { says($0, path, "the file ends here") }
  }

  @Test("A pickle that asks for a program is refused by its name, and nothing runs")
  func attack() throws {
    let path = "\(CheckpointFixtures.folder)/attack.pt"
    // The module of os.system is named after the system.
    #expect { try WeightReader(path: path) } throws: {
      says($0, path, "offset", "'posix.system'", "state_dict()")
    }
    #expect { try WeightFile(path: path) } throws: { says($0, "'posix.system'") }
    for (name, word) in [
      ("cos\nsystem\n(S'echo'\ntR.", "'os.system'"), ("cbuiltins\neval\n.", "'builtins.eval'"),
      ("(S'echo'\nios\nsystem\n.", "INST"), ("ctorch\nload\n.", "'torch.load'"),
      ("ctorch.storage\n_load_from_bytes\n.", "_load_from_bytes"), ("\u{2E}", "empty stack"),
    ] {
      #expect { try open(pickle: Array(name.utf8)) } throws: { says($0, "offset", word) }
    }
  }

  /// Opens an archive of a pickle and storages.
  @discardableResult
  private func open(pickle: [UInt8], storages: [(String, [UInt8])] = []) throws -> WeightReader {
    var archive = ZipWriter()
    archive.add("x/data.pkl", [pickle])
    for (name, bytes) in storages { archive.add("x/data/\(name)", [bytes]) }
    archive.finish()
    return try WeightReader(path: folder.write(archive.chunks.flatMap { $0 }, "x.pt"))
  }

  /// A tensor's pickle in text: sizes, strides and offset in a storage of float32.
  private func tensor(_ sizes: [Int], _ strides: [Int], offset: Int = 0, count: Int = 4) -> [UInt8] {
    func tuple(_ values: [Int]) -> String { "(" + values.map { "I\($0)\n" }.joined() + "t" }
    let storage = "(S'storage'\nctorch\nFloatStorage\nS'0'\nS'cpu'\nI\(count)\ntQ"
    return Array(
      "ctorch._utils\n_rebuild_tensor_v2\n(\(storage)I\(offset)\n\(tuple(sizes))\(tuple(strides))I00\nNtR."
        .utf8)
  }

  @Test("Sizes, strides and storages that do not fit each other")
  func places() throws {
    let four: [(String, [UInt8])] = [("0", [UInt8](repeating: 0, count: 16))]
    #expect(try open(pickle: tensor([2, 2], [1, 2]), storages: four).specs["tensor"] == TensorSpec([2, 2]))
    #expect(try open(pickle: tensor([0, 5], [5, 1], offset: 9), storages: four).specs["tensor"]?.count == 0)
    let wide = try open(pickle: tensor([1, 2, 2], [1 << 62, 1, 2]), storages: four)
    #expect(try wide.tensor("tensor")?.scalars(as: Float.self) == [0, 0, 0, 0])
    let cases: [(pickle: [UInt8], words: String)] = [
      (tensor([2, 3], [3, 1]), "leads behind its storage"), (tensor([4], [1], offset: 1), "leads behind"),
      (tensor([1 << 40, 1 << 40], [1, 1]), "impossible sizes"), (tensor([-1], [1]), "impossible sizes"),
      (tensor([2], [-1]), "strides"), (tensor([2], [1 << 62]), "strides"), (tensor([2, 2], [1]), "strides"),
      (tensor([1 << 40], [0]), "shows 4 elements"), (tensor([1], [1], offset: -1), "no storage"),
      (tensor([4], [1], count: 5), "has 16"), (tensor([1], [1], count: 1 << 62), "no file holds"),
      (tensor([Int](repeating: 1, count: 9), [Int](repeating: 1, count: 9)), "more than 8"),
    ]
    for (pickle, words) in cases {
      #expect { try open(pickle: pickle, storages: four) } throws: { says($0, "x.pt: offset", words) }
    }
    #expect { try open(pickle: tensor([4], [1])) } throws: { says($0, "lacks the storage data/0") }
  }

  @Test("What refers to itself, is a million deep or names very much ends with an error")
  func loops() throws {
    let cases: [(pickle: String, words: String)] = [
      ("(lp0\ng0\na.", "within itself"), ("(dp0\nS'a'\ng0\ns.", "within itself"),
      // A list of ten of a list of ten of ...
      (
        "]p0\n" + (0..<20).map { "p\($0)\n0(" + String(repeating: "g\($0)\n", count: 10) + "l" }.joined()
          + ".",
        "more names"
      ),
      ("I1", "without an end"), ("S'a'\n", "ends"), ("g7\n.", "recalls"), ("e.", "without a mark"),
      ("(", "ends"),
      ("\u{7F}", "number 127"), ("(I1\nd.", "key without a value"),
    ]
    for (pickle, words) in cases {
      #expect { try open(pickle: Array(pickle.utf8)) } throws: { says($0, "x.pt: offset", words) }
    }
    let deep = [UInt8(ascii: ")")] + [UInt8](repeating: 0x85, count: 1_000_000) + [UInt8(ascii: ".")]
    #expect { try open(pickle: deep) } throws: { says($0, "deep") }
    let many = [UInt8](repeating: UInt8(ascii: "]"), count: 3_000_000)
    #expect { try open(pickle: many) } throws: { says($0, "makes more than") }
    let marks = [UInt8](repeating: UInt8(ascii: "("), count: 3_000_000)
    #expect { try open(pickle: marks) } throws: { says($0, "ends") }
    let more = [UInt8](repeating: UInt8(ascii: "("), count: 5_000_000)
    #expect { try open(pickle: more) } throws: { says($0, "makes more than") }
  }

  @Test(
    "Files that are cut off or changed anywhere give tensors or an error",
    arguments: ["weights.pt", "weights-legacy.pt"])
  func damage(_ name: String) throws {
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(CheckpointFixtures.folder)/\(name)")))
    for count in stride(from: 8, to: bytes.count, by: 97) {
      let path = try folder.write(Array(bytes[..<count]), "cut.pt")
      #expect { try WeightReader(path: path) } throws: { says($0, "cut.pt: offset") }
    }
    for place in stride(from: 4, to: bytes.count, by: 47) {
      var changed = bytes
      changed[place] ^= 0x41
      let reader = try? WeightReader(path: try folder.write(changed, "changed.pt"))
      for name in reader?.specs.keys.sorted() ?? [] { _ = try? reader?.tensor(name)?.bytes() }
    }
  }
}
