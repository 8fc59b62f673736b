import DataTestSupport
import LatheML
import Testing

@Suite("Lines and JSON Lines")
struct LineTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private struct Entry: Decodable, Equatable {
    var text: String
    var label: Int
    var scores: [Double]
  }

  private func lines(_ bytes: [UInt8], limit: Int = 1 << 24) throws -> [String] {
    let reader = try TextLineReader(path: folder.write(bytes, "text"), limit: limit)
    var lines: [String] = []
    while let line = try reader.next() { lines.append(line) }
    return lines
  }

  @Test("Lines with every kind of end")
  func ends() throws {
    #expect(try lines(Array("a\nb\r\n\nc".utf8)) == ["a", "b", "", "c"])
    #expect(try lines([0xEF, 0xBB, 0xBF] + Array("a\n".utf8)) == ["a"])
    #expect(try lines(IDXFiles.gzip(Array("x\ny\n".utf8))) == ["x", "y"])
    let long = String(repeating: "z", count: 700_000)
    #expect(try lines(Array("\(long)\n\(long)\n".utf8)) == [long, long])
  }

  @Test("Faults name file and line")
  func faults() throws {
    #expect(message { try lines(Array("a\nb".utf8) + [0xFF, 0x0A]) }.contains("text: line 2: not UTF-8"))
    #expect(message { try lines(Array("a\nbbbb".utf8), limit: 3) }.contains("line 2: more than 3 bytes"))
    #expect(message { try TextLineReader(path: folder.file("none")) }.contains("none: cannot open"))
  }

  private func entries(_ path: String) throws -> [Entry] {
    let reader = try JSONLinesReader(Entry.self, path: path)
    var entries: [Entry] = []
    while let entry = try reader.next() { entries.append(entry) }
    return entries
  }

  @Test("What Python's json module writes")
  func json() throws {
    let entries = try entries(DataFixtures.path("records.jsonl"))
    #expect(
      entries == (0..<3).map { Entry(text: "line \($0) \u{E9}\n", label: $0, scores: [Double($0) / 2, -1]) })
  }

  @Test("Faults of JSON name file, line and key")
  func jsonFaults() throws {
    func fault(_ text: String) -> String {
      message { try entries(folder.write(Array("\n\(text)\n".utf8), "data.jsonl")) }
    }
    #expect(fault("{\"text\": ").contains("data.jsonl: line 2: not JSON"))
    #expect(fault("{\"text\": \"a\", \"scores\": []}").contains("line 2: 'label' is missing"))
    #expect(
      fault("{\"text\": \"a\", \"label\": \"b\", \"scores\": []}").contains(
        "line 2: 'label' is not of type Int"))
    #expect(
      fault("{\"text\": \"a\", \"label\": 1, \"scores\": [1, \"x\"]}").contains("'scores.1' is not of type"))
    #expect(fault("{\"text\": null, \"label\": 1, \"scores\": []}").contains("'text' is null"))
    #expect(fault(String(repeating: "[", count: 100_000)).contains("line 2"))
    #expect(fault("[1, 2]").contains("line 2"))
    #expect(
      fault("{\"text\": \"\", \"label\": 1, \"scores\": [], \"label\": 2}").contains(
        "the key 'label' comes twice"))
    #expect(
      fault("{\"text\": \"{\\\"a\", \"label\": 1, \"scores\": [], \"l\\u0061bel\": 2}").contains(
        "the key 'label' comes twice"))
    #expect(
      fault("{\"text\": \"a\", \"label\": 1, \"scores\": [], \"x\": {\"label\": [{\"a\": 1}, {\"a\": 2}]}}")
        .isEmpty)
    let refused = try damage(DataFixtures.bytes("records.jsonl")) { _ = try entries($0) }
    #expect(refused > 50)
  }
}
