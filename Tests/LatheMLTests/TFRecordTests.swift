import DataTestSupport
import LatheML
import Testing

@Suite("TFRecord files")
struct TFRecordTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func examples(_ path: String, limit: Int = 1 << 30) throws -> [TFExample] {
    let reader = try TFRecordReader(path: path, limit: limit)
    var examples: [TFExample] = []
    while let record = try reader.next() { examples.append(try TFExample(record)) }
    return examples
  }

  @Test("What the package tfrecord writes", arguments: ["examples.tfrecord", "examples.tfrecord.gz"])
  func fixtures(_ name: String) throws {
    let examples = try examples(DataFixtures.path(name))
    #expect(examples.count == 3)
    for (i, example) in examples.enumerated() {
      #expect(try example.bytes("image", count: 1) == [(i..<i + 5).map { UInt8($0) }])
      #expect(try example.bytes("name") == [Array("caf\u{E9} \(i)".utf8)])
      #expect(try example.floats("size", count: 2) == [1.5 * Float(i), -2.25])
      #expect(try example.integers("label") == [Int64(i - 1)] && example.floats("label") == [Float(i - 1)])
      #expect(try example.integers("large") == [.min, .max, 0])
    }
    #expect(message { try examples[0].floats("size", count: 3) }.contains("'size' has 2 values, expected 3"))
    #expect(message { try examples[0].integers("size") }.contains("no 'size' of whole numbers"))
    #expect(message { try examples[0].bytes("none") }.contains("'label' (integers)"))
  }

  @Test("Damage anywhere is found by the checksums")
  func damaged() throws {
    let bytes = try DataFixtures.bytes("examples.tfrecord")
    var cut = 0
    for length in 1..<bytes.count {
      let text = message { try examples(folder.write(Array(bytes[..<length]), "cut")) }
      // Cut between two records it is a whole file of fewer.
      if text.isEmpty { cut += 1 } else { #expect(text.contains("truncated") && text.contains("offset")) }
    }
    #expect(cut == 2)
    for place in bytes.indices {
      var copy = bytes
      copy[place] ^= 0x10
      #expect(message { try examples(folder.write(copy, "damaged")) }.contains("checksum"), "byte \(place)")
    }
    #expect(
      message { try examples(folder.write(Array("hello, world".utf8), "x")) }.contains("not a TFRecord"))
    #expect(
      message { try examples(DataFixtures.path("examples.tfrecord"), limit: 10) }.contains("more than the 10")
    )
  }

  @Test("Messages that lead behind their end, and fields that are not packed")
  func messages() throws {
    func fault(_ bytes: [UInt8]) -> String { message { try TFExample(bytes) } }
    #expect(try TFExample([]).features.isEmpty)
    // features { feature { key: "a" value { int64_list { value: 7 value: 8 } } } }, not packed.
    let numbers: [UInt8] = [0x08, 7, 0x08, 8]
    let feature = [0x1A, UInt8(numbers.count)] + numbers
    let entry = [0x0A, 1, 0x61, 0x12, UInt8(feature.count)] + feature
    let features = [0x0A, UInt8(entry.count)] + entry
    let whole = [0x0A, UInt8(features.count)] + features
    #expect(try TFExample(whole).integers("a") == [7, 8])
    // A list in two parts is joined, also over two values of the entry; of another kind the last counts.
    func example(_ values: [[UInt8]]) throws -> TFExample {
      var entry: [UInt8] = [0x0A, 1, 0x61]
      for value in values { entry += [0x12, UInt8(value.count)] + value }
      return try TFExample([0x0A, UInt8(entry.count + 2), 0x0A, UInt8(entry.count)] + entry)
    }
    #expect(try example([[0x1A, 2, 0x08, 1, 0x1A, 2, 0x08, 2]]).integers("a") == [1, 2])
    #expect(try example([[0x1A, 2, 0x08, 1], [0x1A, 2, 0x08, 2]]).integers("a") == [1, 2])
    #expect(try example([[0x0A, 3, 0x0A, 1, 9, 0x0A, 2, 0x0A, 0]]).bytes("a") == [[9], []])
    #expect(try example([[0x12, 5, 0x0D, 0, 0, 128, 63, 0x12, 5, 0x0D, 0, 0, 0, 64]]).floats("a") == [1, 2])
    #expect(try example([[0x0A, 2, 0x0A, 0, 0x1A, 2, 0x08, 2]]).integers("a") == [2])
    #expect(fault([0x0A, 5, 0]).contains("offset 0: field 1 of 5 bytes where 1 are left"))
    #expect(
      fault([0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]).contains(
        "bytes where 0 are left"))
    #expect(fault([UInt8](repeating: 0xFF, count: 11)).contains("more than 64 bits"))
    #expect(fault([0x80]).contains("a number without an end"))
    #expect(fault([0x0B]).contains("wire type 3"))
    #expect(fault([0x02, 0]).contains("field number 0"))
    for length in 1..<whole.count { _ = message { try TFExample(Array(whole[..<length])) } }
  }
}
