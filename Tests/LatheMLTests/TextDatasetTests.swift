import DataTestSupport
import LatheML
import Testing

@Suite("Texts")
struct TextDatasetTests {
  @Test("Windows have the next characters as labels, and every epoch an order of its own")
  func windows() throws {
    let folder = try TemporaryFolder()
    let text = (0..<400).map { "abcdefgh\u{E9}"[($0 * 7) % 9] }.joined()
    try folder.write(Array(text.utf8), "text")
    let parts = try TextDataset.load(folder.file("text"), length: 10)
    #expect(parts.training.vocabulary.count == 9)
    #expect(parts.training.count == 35 && parts.test.count == 3)
    func read(_ seed: UInt64?, _ epoch: Int, first: Int = 0) throws -> [[Int32]] {
      try parts.training.batches(size: 4, seed: seed, epoch: epoch, first: first, on: .cpu).map { batch in
        #expect(batch.count == batch.inputs.count)
        let inputs = try batch.inputs.scalars(as: Int32.self)
        let labels = try batch.labels.scalars(as: Int32.self)
        for row in stride(from: 0, to: inputs.count, by: 10) {
          #expect(Array(inputs[row + 1..<row + 10]) == Array(labels[row..<row + 9]))
        }
        return inputs
      }
    }
    #expect(try read(nil, 0).count == 9)
    #expect(try read(nil, 0) == read(nil, 1))
    #expect(try read(5, 0) != read(5, 1))
    #expect(try read(5, 1) == read(5, 1))
    #expect(try read(5, 1, first: 6) == Array(read(5, 1)[6...]))
  }

  @Test("Texts that cannot be used name the file, and lines their number")
  func damaged() throws {
    let folder = try TemporaryFolder()
    try folder.write([0xFF, 0xFE, 0x41], "latin")
    try folder.write(Array("short".utf8), "short")
    try folder.write([], "empty")
    for (name, word) in [
      ("latin", "UTF-8"), ("short", "too few"), ("empty", "an empty file"), ("missing", "cannot open"),
    ] {
      #expect {
        _ = try TextDataset.load(folder.file(name), length: 8)
      } throws: {
        says($0, name, word)
      }
    }
    try folder.write(Array("good\ta text\nno tab\n".utf8), "lines")
    try folder.write(Array("a\tone\nb\ttwo\n".utf8), "few")
    for (name, word) in [("lines", "line 2"), ("few", "at least ten")] {
      #expect {
        _ = try LabelledTexts.load(folder.file(name), length: 8)
      } throws: {
        says($0, name, word)
      }
    }
  }

  @Test("Labelled texts are filled up to the longest of a batch")
  func labelled() throws {
    let folder = try TemporaryFolder()
    // Of each class one is drawn for the test, though classes and lines alternate.
    let lines = (0..<20).map { "\($0 % 2 == 0 ? "even" : "odd")\t" + String(repeating: "x", count: 1 + $0) }
    try folder.write(Array(lines.joined(separator: "\n").utf8), "lines")
    let parts = try LabelledTexts.load(folder.file("lines"), length: 9)
    #expect(parts.training.classNames == ["even", "odd"])
    #expect(parts.training.count == 18 && parts.test.count == 2)
    func batch(_ texts: LabelledTexts, _ size: Int) throws -> Batch {
      try #require(try texts.batches(size: size, seed: nil, epoch: 0, first: 0, on: .cpu).next())
    }
    #expect(try batch(parts.test, 2).labels.scalars(as: Int32.self).sorted() == [0, 1])
    let all = try batch(
      LabelledTexts(
        [Array("x".utf8), Array("xx".utf8), Array("xxx".utf8)], labels: [0, 1, 0], classNames: ["a", "b"],
        length: 9), 3)
    #expect(all.inputs.shape == [3, 3])
    #expect(try all.inputs.scalars(as: Int32.self) == [121, 0, 0, 121, 121, 0, 121, 121, 121])
    #expect(try all.labels.scalars(as: Int32.self) == [0, 1, 0])
    let again = try LabelledTexts.load(folder.file("lines"), length: 9)
    #expect(again.test.checksum == parts.test.checksum && again.training.checksum == parts.training.checksum)
  }

  @Test("A byte-order mark, CR LF and gzip are no part of texts")
  func ends() throws {
    let folder = try TemporaryFolder()
    let bytes = [0xEF, 0xBB, 0xBF] + Array("good\tone\r\n\r\nbad\ttwo\r\n".utf8)
    for (name, content) in [("plain", bytes), ("texts.txt.gz", IDXFiles.gzip(bytes))] {
      let path = try folder.write(content, name)
      let records = try LabelledTexts.records(path)
      #expect(records.map(\.label) == ["good", "bad"] && records.map(\.line) == [1, 3])
      #expect(records.map(\.text) == [Array("one".utf8), Array("two".utf8)])
      #expect(try TextDataset.read(path) == "good\tone\n\nbad\ttwo\n")
    }
    #expect(try TextDataset.read(folder.write(Array("a\r\nb".utf8), "open")) == "a\nb")
    let path = try folder.write(Array("a\tb\na\t".utf8) + [0xE9], "latin")
    #expect(message { try LabelledTexts.records(path) }.contains("latin: line 2: not UTF-8"))
  }
}

extension String {
  fileprivate subscript(_ place: Int) -> String { String(self[index(startIndex, offsetBy: place)]) }
}
