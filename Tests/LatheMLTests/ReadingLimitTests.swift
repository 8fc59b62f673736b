import DataTestSupport
import Foundation
import LatheML
import Testing

@Suite("What files may take and be")
struct ReadingLimitTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func little(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  /// The places of the entries in an archive's directory.
  private func entries(_ archive: [UInt8]) -> [Int] {
    archive.indices.dropLast(46).filter { archive[$0..<$0 + 4] == [0x50, 0x4B, 1, 2] }
  }

  @Test("An archive that says it holds more than the limit")
  func archive() throws {
    // A megabyte may hold a gigabyte by deflate's rules; nothing of it is decompressed.
    try NPZFile.write([("x", Tensor.zeros([300_000], device: .cpu))], to: folder.file("x.npz"))
    var bytes = try folder.read("x.npz")
    let entry = try #require(entries(bytes).first)
    bytes.replaceSubrange(entry + 10..<entry + 12, with: [8, 0])
    bytes.replaceSubrange(entry + 24..<entry + 28, with: little(1_200_000_000, 4))
    let path = try folder.write(bytes, "bomb.npz")
    let text = message { try NPZFile(path: path) }
    #expect(text.contains("bomb.npz: decompressed, it takes more than the 1073741824 bytes"), "\(text)")
    #expect(text.contains("--data-limit"))
    #expect(message { try WeightFile(path: path) }.contains("takes more than"))
    let layer = Linear(2, 2, device: .cpu)
    #expect(message { try layer.load(from: path) }.contains("takes more than"))
    #expect(message { try layer.loadMatching(from: path) }.contains("takes more than"))
    let raised = message { try layer.load(from: path, limit: 1 << 31) }
    #expect(!raised.isEmpty && !raised.contains("takes more than"), "\(raised)")
    #expect(try NPZFile(path: path, limit: 1 << 31).names == ["x"])
    #expect(!message { try NPZFile(path: path, limit: 1 << 31).tensor("x") }.isEmpty)
  }

  @Test("An archive whose files overlap")
  func overlap() throws {
    var bytes = try DataFixtures.bytes("deflated.npz")
    let places = entries(bytes)
    // The second file is where the first one is.
    for place in 0..<4 { bytes[places[1] + 42 + place] = bytes[places[0] + 42 + place] }
    #expect(
      message { try NPZFile(path: folder.write(bytes, "x.npz")) }.contains("overlaps with what follows"))
  }

  @Test("Compressed data beyond a limit, in every reader that keeps it")
  func compressed() throws {
    let images = try folder.write(
      IDXFiles.gzip(IDXFiles.encode([4, 28, 28], [UInt8](repeating: 7, count: 3136))), "images")
    #expect(message { try IDXArray(path: images, axes: 3, limit: 3135) }.contains("more than the 3135 bytes"))
    #expect(try IDXArray(path: images, axes: 3, limit: 3136).bytes.count == 3136)
    let rows = Array((0..<400).map { "\($0),a\n" }.joined().utf8)
    let table = try folder.write(IDXFiles.gzip(rows), "rows.csv.gz")
    #expect(
      message { try CSVTable(path: table, hasHeader: false, limit: 10_000) }.contains(
        "more than the 10000 bytes"))
    #expect(try CSVTable(path: table, hasHeader: false, limit: 1 << 20).rowCount == 400)
    let lines = try folder.write(
      IDXFiles.gzip(Array(repeating: Array("a\tb\n".utf8), count: 400).flatMap { $0 }), "t.gz")
    #expect(message { try LabelledTexts.records(lines, limit: 10_000) }.contains("more than the 10000 bytes"))
    #expect(try LabelledTexts.records(lines, limit: 1 << 20).count == 400)
    #expect(message { try TextDataset.read(lines, limit: 10_000) }.contains("more than the 10000 bytes"))
    // What is not compressed needs no limit.
    let plain = try folder.write(rows, "rows.csv")
    #expect(try CSVTable(path: plain, hasHeader: false, limit: 10).rowCount == 400)
  }

  @Test("A JPEG file that goes over its pixels too often")
  func scans() throws {
    let bytes = try DataFixtures.bytes("progressive.jpg")
    let last = try #require(bytes.indices.dropLast().last { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xDA })
    let scan = bytes[last..<bytes.count - 2]
    var many = Array(bytes[..<(bytes.count - 2)])
    for _ in 0..<200 { many += scan }
    many += [0xFF, 0xD9]
    let text = message { try ImageFile.decode(many, source: "x.jpg") }
    #expect(text.contains("x.jpg: offset") && text.contains("more than the 100 scans"), "\(text)")
    #expect(!message { try ImageFile.decode(many, scanLimit: 300, source: "x.jpg") }.contains("scans"))
  }

  @Test("What is no file is refused by every reader, and none waits for a pipe")
  func pipes() throws {
    let pipe = folder.file("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    let readers: [(String, (String) throws -> Void)] = [
      ("IDX", { _ = try IDXArray(path: $0, axes: 1) }), ("CSV", { _ = try CSVTable(path: $0) }),
      ("text", { _ = try TextDataset.read($0) }), ("texts", { _ = try LabelledTexts.records($0) }),
      ("JSON", { _ = try JSONLinesReader([String: Int].self, path: $0) }),
      ("TFRecord", { _ = try TFRecordReader(path: $0) }), ("npy", { _ = try NPYFile(path: $0) }),
      ("npz", { _ = try NPZFile(path: $0) }), ("image", { _ = try ImageFile.read($0) }),
      ("safetensors", { _ = try Safetensors(path: $0) }), ("weights", { _ = try WeightFile(path: $0) }),
    ]
    for (name, read) in readers {
      #expect(message { try read(pipe) }.contains("pipe: a pipe, not a regular file"), "\(name)")
      if name != "weights" { #expect(message { try read(folder.path) }.contains("a folder, not"), "\(name)") }
      #expect(message { try read("/dev/zero") }.contains("a device, not"), "\(name)")
    }
  }

  @Test("Files without a record say so")
  func empty() throws {
    for (name, bytes) in [("empty", []), ("empty.gz", IDXFiles.gzip([]))] as [(String, [UInt8])] {
      let path = try folder.write(bytes, name)
      #expect(message { try TextLineReader(path: path).next() }.contains("\(name): an empty file"))
      #expect(message { try JSONLinesReader([Int].self, path: path).next() }.contains("an empty file"))
      #expect(message { try TFRecordReader(path: path).next() }.contains("an empty file: no records"))
      #expect(message { try TextDataset.read(path) }.contains("an empty file"))
      #expect(message { try CSVTable(path: path) }.contains("an empty file"))
      #expect(try TextLineReader(path: path, allowsEmpty: true).next() == nil)
      #expect(try JSONLinesReader([Int].self, path: path, allowsEmpty: true).next() == nil)
      #expect(try TFRecordReader(path: path, allowsEmpty: true).next() == nil)
    }
    let blank = try folder.write(Array("\n \n".utf8), "blank")
    #expect(message { try JSONLinesReader([Int].self, path: blank).next() }.contains("no JSON in it"))
  }

  @Test("Parts of gzip data one after the other, zeros behind them, and other bytes")
  func gzipParts() throws {
    func lines(_ bytes: [UInt8]) throws -> [String] {
      let reader = try TextLineReader(path: folder.write(bytes, "parts.gz"))
      var lines: [String] = []
      while let line = try reader.next() { lines.append(line) }
      return lines
    }
    let (first, second) = (IDXFiles.gzip(Array("a\nb".utf8)), IDXFiles.gzip(Array("c\n".utf8)))
    #expect(try lines(first + second) == ["a", "bc"])
    #expect(try lines(first + [0, 0, 0]) == ["a", "b"])
    #expect(message { try lines(first + [1, 2]) }.contains("other bytes follow its end"))
    #expect(message { try lines(Array(first.dropLast())) }.contains("unexpected end of file"))
  }

  @Test("Control characters of files reach no terminal")
  func control() throws {
    let path = try folder.write(Array("a\u{1B}]0;x\u{7}\n1\n".utf8), "x.csv")
    let text = message { try CSVTable(path: path)["b"] }
    #expect(text.contains("there are a\\u{1B}]0;x\\u{7}") && text.utf8.allSatisfy { $0 >= 0x20 }, "\(text)")
    #expect(LatheError(.format, "a\nb\u{202E}\u{85}\té").message == "a\\nb\\u{202E}\\u{85}\\té")
    #expect(LatheError(.kernelBuild, "a\nb\u{1B}").message == "a\nb\\u{1B}")
  }
}
