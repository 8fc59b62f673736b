import DataTestSupport
import Foundation
import LatheML
import Testing

@Suite("NumPy's files")
struct NumPyTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static let signed: [Double] = [1, 2, -3, 4, 5, -6, 7, 8, -9, 10, 11, -12]
  private static let unsigned: [Double] = (1...12).map(Double.init)

  @Test(
    "Every type",
    arguments: [
      ("f4", DType.float32), ("f8", .float64), ("f2", .float16), ("bfloat16", .bfloat16), ("i1", .int8),
      ("i2", .int16), ("u2", .uint16), ("i4", .int32), ("u4", .uint32), ("i8", .int64), ("u1", .uint8),
      ("big-endian", .int32), ("big-endian-f8", .float64), ("fortran", .float32),
    ])
  func types(_ name: String, _ dtype: DType) throws {
    let tensor = try NPYFile(path: DataFixtures.path("\(name).npy")).tensor
    #expect(tensor.dtype == dtype && tensor.shape == [2, 3, 2])
    let expected = ["u1", "u2", "u4"].contains(name) ? Self.unsigned : Self.signed
    #expect(try tensor.cast(to: .float32).scalars(as: Float.self).map(Double.init) == expected)
  }

  @Test("Truth values, scalars, vectors and empty arrays")
  func shapes() throws {
    let bool = try NPYFile(path: DataFixtures.path("bool.npy")).tensor
    #expect(bool.dtype == .bool)
    #expect(try bool.scalars(as: Bool.self) == (1...12).map { $0 % 2 == 0 })
    let scalar = try NPYFile(path: DataFixtures.path("scalar.npy")).tensor
    #expect(try scalar.shape == [] && scalar.item() == 7.5)
    #expect(try NPYFile(path: DataFixtures.path("vector.npy")).tensor.scalars(as: Int.self) == [4, 5])
    #expect(try NPYFile(path: DataFixtures.path("empty.npy")).tensor.shape == [0, 3])
  }

  @Test("float64 is written as NumPy writes it, and keeps all digits")
  func float64() throws {
    let values = [0.1, -1e300, .pi]
    let path = folder.file("f8.npy")
    try NPYFile.write(Tensor(values, dtype: .float64, device: .cpu), to: path)
    let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
    let header = String(decoding: bytes[10..<128], as: UTF8.self)
    #expect(
      header.hasPrefix("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }") && bytes.count == 152)
    #expect(bytes[128..<136] == [0x9A, 0x99, 0x99, 0x99, 0x99, 0x99, 0xB9, 0x3F])
    let read = try NPYFile(path: path)
    #expect(try read.descriptor == "<f8" && read.tensor.scalars(as: Double.self) == values)
  }

  @Test("Types that are not supported are named")
  func unsupported() {
    #expect(
      message { try NPYFile(path: DataFixtures.path("c8.npy")) }.contains("type '<c8' is not supported"))
    #expect(message { try NPYFile(path: DataFixtures.path("text.npy")) }.contains("type '<U1'"))
    #expect(message { try NPYFile(path: DataFixtures.path("record.npy")) }.contains("several fields"))
  }

  /// What `numpy.save` wrote of the ends of each type, byte for byte.
  @Test(
    "The ends of whole-number types, read and written",
    arguments: [
      ("|i1", DType.int8, [0x80, 0xFF, 0x7F], [-128, -1, 127]),
      ("<i2", .int16, [0x00, 0x80, 0xFF, 0xFF, 0xFF, 0x7F], [-32768, -1, 32767]),
      ("<u2", .uint16, [0x00, 0x00, 0x01, 0x80, 0xFF, 0xFF], [0, 32769, 65535]),
      (
        "<u4", .uint32, [0, 0, 0, 0, 1, 0, 0, 0x80, 0xFF, 0xFF, 0xFF, 0xFF],
        [0, 2_147_483_649, 4_294_967_295]
      ),
    ] as [(String, DType, [UInt8], [Int64])])
  func ends(_ type: String, _ dtype: DType, _ data: [UInt8], _ values: [Int64]) throws {
    let header = "{'descr': '\(type)', 'fortran_order': False, 'shape': (3,), }"
    let text = Array(header.utf8) + [UInt8](repeating: 0x20, count: 117 - header.utf8.count) + [0x0A]
    let bytes = [0x93] + Array("NUMPY".utf8) + [1, 0, 0x76, 0] + text + data
    let tensor = try NPYFile(path: folder.write(bytes, "ends.npy")).tensor
    #expect(try tensor.dtype == dtype && tensor.scalars() == values)
    try NPYFile.write(Tensor(values, dtype: dtype, device: .cpu), to: folder.file("written.npy"))
    #expect(try folder.read("written.npy") == bytes)
  }

  private func fault(_ header: String, data: Int = 0) -> String {
    let text = Array(header.utf8)
    let bytes =
      [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.count & 0xFF), UInt8(text.count >> 8)] + text
      + [UInt8](repeating: 0, count: data)
    return message { try NPYFile(path: folder.write(bytes, "array.npy")) }
  }

  @Test("Headers that say too much or too little")
  func headers() throws {
    func header(_ shape: String, _ descriptor: String = "'<f4'") -> String {
      "{'descr': \(descriptor), 'fortran_order': False, 'shape': \(shape), }\n"
    }
    #expect(fault(header("(2, 3)"), data: 24).isEmpty)
    // What older versions of NumPy and Python wrote.
    #expect(fault(header("(2L, 3L)", "u'<f4'"), data: 24).isEmpty)
    #expect(fault(header("(2L,3)", "u\"f4\""), data: 24).isEmpty)
    #expect(fault(header("(L,)")).contains("expected a size"))
    #expect(
      fault(header("(2, 3)"), data: 20).contains("truncated: [2, 3] of '<f4' needs 24 bytes, there are 20"))
    #expect(fault(header("(2, 3)"), data: 25).contains("data goes on"))
    #expect(fault(header("(4611686018427387904, 4)")).contains("impossible sizes"))
    #expect(fault(header("(0, 4611686018427387904, 4)")).contains("impossible sizes"))
    #expect(fault(header("(99999999999999999999,)")).contains("expected a size"))
    #expect(fault(header("(-1,)")).contains("expected a size"))
    #expect(fault(header("(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)"), data: 4).contains("12 axes, more than"))
    #expect(fault("{'descr': '<f4', 'descr': '<f4'}").contains("'descr' comes twice"))
    #expect(fault("{'descr': '<f4'}").contains("lacks"))
    #expect(fault("{'descr': '<f4").contains("without an end"))
    #expect(fault("__import__('os')").contains("expected '{'"))
    #expect(fault("{'x': 1}").contains("unknown key 'x'"))
    #expect(fault("{'fortran_order': Maybe}").contains("True or False"))
    let version = [0x93] + Array("NUMPY".utf8) + [9, 0, 0, 0]
    #expect(
      message { try NPYFile(path: folder.write(version, "array.npy")) }.contains("offset 6: version 9.0"))
    #expect(message { try NPYFile(path: folder.write([], "array.npy")) }.contains("not a NumPy array"))
    #expect(try damage(DataFixtures.bytes("f4.npy")) { _ = try NPYFile(path: $0) } > 60)
  }

  @Test("Archives, stored, deflated and with 64-bit sizes", arguments: ["stored", "deflated", "zip64"])
  func archives(_ name: String) throws {
    let file = try NPZFile(path: DataFixtures.path("\(name).npz"))
    #expect(file.names == ["weights", "labels", "zeros"])
    let weights = try #require(try file.tensor("weights"))
    #expect(weights.shape == [3, 4])
    #expect(try weights.scalars(as: Float.self).map(Double.init) == Self.signed)
    let labels = try #require(try file.tensor("labels"))
    #expect(try labels.dtype == .int64 && labels.scalars(as: Int.self) == [1, 2, -3, 4, 5])
    #expect(try file.tensor("zeros")?.sum().item() == 0)
    #expect(try file.tensor("other") == nil)
  }

  @Test("Damaged archives", arguments: ["deflated", "zip64"])
  func damagedArchives(_ name: String) throws {
    let refused = try damage(DataFixtures.bytes("\(name).npz")) { path in
      let file = try NPZFile(path: path)
      for name in file.names { _ = try file.tensor(name) }
    }
    #expect(refused > 100)
  }

  @Test("An archive that declares more than it can hold or may")
  func bombs() throws {
    var bytes = try DataFixtures.bytes("deflated.npz")
    #expect(
      message { try NPZFile(path: DataFixtures.path("deflated.npz"), limit: 1000) }.contains(
        "more than the 1000 bytes"))
    // The first entry's size in the directory.
    let entry = try #require(bytes.indices.dropLast(4).first { bytes[$0..<$0 + 4] == [0x50, 0x4B, 1, 2] })
    for place in 0..<4 { bytes[entry + 24 + place] = 0x7F }
    #expect(message { try NPZFile(path: folder.write(bytes, "bomb.npz")) }.contains("cannot hold"))
    #expect(message { try NPZFile(path: folder.write([], "none.npz")) }.contains("not a zip archive"))
    #expect(message { try NPZFile(path: DataFixtures.path("f4.npy")) }.contains("not a zip archive"))
  }
}
