import DataTestSupport
import Foundation
import LatheML
import Testing

@Suite("Checksums of weight files")
struct WeightChecksumTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private let values: [(name: String, tensor: Tensor)] = [
    ("a", Tensor((0..<40).map { Float($0) }, shape: [4, 10], device: .cpu)),
    ("b", Tensor([1, 2, 3] as [Int32], device: .cpu)),
  ]

  @Test("A bit that changed is noticed wherever it is, by every way to read weights")
  func damage() throws {
    let path = folder.file("model.safetensors")
    try WeightFile.write(values, metadata: ["format": "pt"], to: path)
    let bytes = try folder.read("model.safetensors")
    #expect(try Safetensors(path: path).metadata == ["format": "pt"])
    let data = 8 + Int(bytes[0]) + Int(bytes[1]) << 8
    // In the values, and in the sizes, which then still fit.
    let text = String(decoding: bytes[8..<data], as: UTF8.self)
    let sizes = try #require(text.firstRange(of: "[4,10]"))
    let place = 8 + text[..<sizes.lowerBound].utf8.count
    var changes: [[UInt8]] = [data, data + 77, bytes.count - 1].map { offset in
      var changed = bytes
      changed[offset] ^= 1
      return changed
    }
    changes.append(Array(bytes[..<place]) + Array("[8,05]".utf8) + Array(bytes[(place + 6)...]))
    for changed in changes {
      try folder.write(changed, "model.safetensors")
      for read in [
        { _ = try Safetensors(path: path) }, { _ = try WeightFile(path: path) },
        { _ = try ModelFolder(folder.path).read { _ in } },
      ] {
        #expect { try read() } throws: { says($0, path, "checksum") }
      }
    }
  }

  @Test("Files of other programs have none, and none is asked for")
  func others() throws {
    let header = #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}   "#
    let path = try folder.write(
      [UInt8(header.utf8.count), 0, 0, 0, 0, 0, 0, 0] + Array(header.utf8) + [7, 9], "o.safetensors")
    #expect(try Safetensors(path: path).tensor("a")?.scalars(as: UInt8.self) == [7, 9])
  }

  @Test("What the checksum says is the CRC-32 of the file with zeros for its digits")
  func definition() throws {
    let path = folder.file("m.safetensors")
    try Safetensors.write(values, to: path)
    var bytes = try folder.read("m.safetensors")
    let text = String(decoding: bytes[8...], as: UTF8.self)
    let key = try #require(text.firstRange(of: "\"lathe.crc32\":\""))
    let digits = text[key.upperBound...].prefix(8)
    let start = 8 + text[..<key.upperBound].utf8.count
    bytes.replaceSubrange(start..<start + 8, with: "00000000".utf8)
    // Bit by bit, as the polynomial says.
    var sum = ~UInt32(0)
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
    }
    #expect(UInt32(digits, radix: 16) == ~sum)
  }
}
