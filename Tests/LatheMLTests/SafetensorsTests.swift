import DataTestSupport
import Foundation
import LatheML
import Testing

@Suite("Safetensors")
struct SafetensorsTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func file(_ header: String, _ data: [UInt8] = [], length: UInt64? = nil) -> [UInt8] {
    let text = Array(header.utf8)
    let count = length ?? UInt64(text.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * UInt64($0))) } + text + data
  }

  private func failure(_ bytes: [UInt8]) throws -> LatheError? {
    let path = try folder.write(bytes, "x.safetensors")
    do {
      _ = try Safetensors(path: path)
      return nil
    } catch {
      return error as? LatheError
    }
  }

  @Test("What is written is read again", arguments: DType.allCases)
  func roundTrip(_ dtype: DType) throws {
    let tensor = Tensor([0, 1, 2, 3, 1, 0].map { Float($0) }, shape: [2, 3], dtype: dtype, device: .cpu)
    let path = folder.file("x.safetensors")
    try Safetensors.write(
      [
        ("a", tensor), ("b/é\"\n", Tensor(Float(2), device: .cpu)),
        ("empty", Tensor.zeros([0, 4], device: .cpu)),
      ],
      metadata: ["format": "pt", "q\"": "\\"], to: path)
    for device in Device.all {
      let read = try Safetensors(path: path, device: device)
      #expect(read.metadata == ["format": "pt", "q\"": "\\"])
      #expect(Set(read.entries.keys) == ["a", "b/é\"\n", "empty"])
      let copy = try #require(read.tensor("a"))
      #expect(copy.device == device && copy.dtype == dtype && copy.shape == [2, 3])
      #expect(try copy.bytes() == tensor.bytes())
      #expect(try #require(read.tensor("a", device: .cpu)).device == .cpu)
      #expect(read.tensor("b/é\"\n")?.shape == [])
      #expect(read.tensor("empty")?.shape == [0, 4])
    }
    #expect(folder.names == ["x.safetensors"])
  }

  @Test("A file made by hand")
  func byHand() throws {
    let header = #"{"v":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"__metadata__":{"k":"\u00e9"}}   "#
    let path = try folder.write(file(header, [0, 0, 128, 63, 0, 0, 0, 192]), "x.safetensors")
    let read = try Safetensors(path: path)
    #expect(try read.tensor("v")?.scalars(as: Float.self) == [1, -2])
    #expect(read.metadata == ["k": "é"])
    let wide = #"{"v":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}      "#
    let number = try Safetensors(
      path: folder.write(file(wide, [0x9A, 0x99, 0x99, 0x99, 0x99, 0x99, 0xB9, 0x3F]), "y.safetensors"))
    #expect(try number.tensor("v")?.scalars(as: Double.self) == [0.1])
  }

  @Test("Whole numbers of every width, made by hand")
  func wholeNumbers() throws {
    let header =
      #"{"a":{"dtype":"I8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"I16","shape":[1],"data_offsets":[2,4]},"#
      + #""c":{"dtype":"U16","shape":[1],"data_offsets":[4,6]},"d":{"dtype":"U32","shape":[1],"data_offsets":[6,10]}}"#
    let path = try folder.write(
      file(header, [128, 127, 0, 128, 255, 255, 254, 255, 255, 255]), "x.safetensors")
    let read = try Safetensors(path: path)
    for (name, dtype, values) in [
      ("a", DType.int8, [-128, 127]), ("b", .int16, [-32768]), ("c", .uint16, [65535]),
      ("d", .uint32, [4_294_967_294]),
    ] as [(String, DType, [Int64])] {
      let tensor = try #require(read.tensor(name))
      #expect(try tensor.dtype == dtype && tensor.scalars() == values)
    }
  }

  @Test("Truth values are 0 or 1, whatever the file holds")
  func truth() throws {
    let header = #"{"v":{"dtype":"BOOL","shape":[4],"data_offsets":[0,4]}}"#
    let path = try folder.write(file(header, [0, 1, 2, 255]), "x.safetensors")
    let tensor = try #require(try Safetensors(path: path).tensor("v"))
    #expect(try tensor.bytes() == [0, 1, 1, 1])
    #expect(try tensor.cast(to: .int32).sum().item() == 3)
  }

  @Test(
    "Files that are not what they say",
    arguments: [
      (
        #"{"v":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"v":{"dtype":"F32","shape":[0],"data_offsets":[8,8]}}"#,
        8
      ),
      (#"{"v":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 7),
      (#"{"v":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 9),
      (#"{"v":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#, 12),
      (#"{"v":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8),
      (#"{"v":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8),
      (#"{"v":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, 8),
      (#"{"v":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#, 0),
      (#"{"v":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,0]}}"#, 0),
      (#"{"v":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}}"#, 8),
      (#"{"v":{"dtype":"F32","data_offsets":[0,8]}}"#, 8),
      (#"{"v":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]}}"#, 8),
      (#"{"v":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#, 8),
      (#"{"v":"#, 0), ("[]", 0), ("", 0), (#"{"v\ud800":{}}"#, 0), (#"{} {}"#, 0),
    ])
  func hostile(_ header: String, _ dataCount: Int) throws {
    #expect(says(try failure(file(header, [UInt8](repeating: 0, count: dataCount))), "x.safetensors: offset"))
  }

  @Test("A header longer than the file")
  func longHeader() throws {
    #expect(says(try failure(file("{}", length: 3)), "offset 0"))
    #expect(says(try failure(file("{}", length: .max)), "offset 0"))
    #expect(says(try failure([1, 2, 3]), "offset 0"))
  }

  @Test("Two tensors in the same bytes")
  func overlap() throws {
    let header =
      #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}"#
    #expect(says(try failure(file(header, [0, 0, 0, 0, 0, 0])), "'b'"))
  }

  /// Long tensors are read by several threads, each of which sums up its part.
  @Test("A long tensor is read in parts and the checksum is the file's", arguments: [2_500_001, 4_194_304])
  func longTensor(_ count: Int) throws {
    let values = (0..<count).map { Float($0 % 8191) }
    let path = folder.file("x.safetensors")
    try Safetensors.write([("x", Tensor(values, device: .cpu))], to: path)
    let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
    for device in Device.all {
      // Memory that queued work still writes goes back to the pool, which the file is then read to.
      _ = try (Tensor.ones([count], device: device) + 1).computed()
      let read = try Safetensors(path: path, device: device)
      #expect(try #require(read.tensor("x")).scalars(as: Float.self) == values)
      #expect(read.checksum == CRC32.checksum([bytes]))
    }
    let error = try failure(Array(bytes.dropLast(5)))
    #expect(says(error, "within the"))
  }

  @Test("The checksum of two stretches from theirs", arguments: [0, 1, 7, 64, 100_003])
  func joinedChecksum(_ count: Int) {
    let first = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7) }
    let second = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 31 + 5) }
    #expect(
      CRC32.joined(CRC32.checksum([first]), CRC32.checksum([second]), count: count)
        == CRC32.checksum([first, second]))
  }

  @Test("CRC-32 of the standard's test text")
  func checksum() {
    #expect(CRC32.checksum([Array("123456789".utf8)]) == 0xCBF4_3926)
    #expect(CRC32.checksum([Array("1234".utf8), Array("56789".utf8)]) == 0xCBF4_3926)
    #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xE306_9283)
  }

  @Test("Checksums of any length, at any address, are those of the bit-by-bit division")
  func checksumLengths() {
    let bytes = (0..<700).map { UInt8(truncatingIfNeeded: $0 &* 167 ^ $0 >> 3) }
    func divided(_ bytes: ArraySlice<UInt8>, by polynomial: UInt32) -> UInt32 {
      ~bytes.reduce(~0) { crc, byte in
        (0..<8).reduce(crc ^ UInt32(byte)) { value, _ in
          value & 1 == 1 ? value >> 1 ^ polynomial : value >> 1
        }
      }
    }
    for (start, count) in [0, 1, 7, 15, 16, 63, 64, 65, 79, 80, 127, 128, 129, 255, 640].enumerated() {
      let part = bytes[start..<start + count]
      let sum = bytes.withUnsafeBytes {
        CRC32.checksum(UnsafeRawBufferPointer(rebasing: $0[start..<start + count]))
      }
      #expect(sum == divided(part, by: 0xEDB8_8320), "\(count) bytes")
      #expect(CRC32C.checksum(Array(part)) == divided(part, by: 0x82F6_3B78), "\(count) bytes")
      let halves = [Array(part.prefix(count / 2)), Array(part.dropFirst(count / 2))]
      #expect(CRC32.checksum(halves) == sum)
    }
  }
}
