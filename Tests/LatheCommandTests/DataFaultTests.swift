import DataTestSupport
import Foundation
import LatheML
import Testing

extension CommandTests {
  @Suite("Data with faults, and forms that are no everyday ones")
  struct DataFaultTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func train(_ model: String, _ flags: String..., output: String = "out") throws -> Lathe {
      try Lathe.start(
        ["train", model, "--device", "cpu", "--epochs", "1", "--batch-size", "8", "--output", output] + flags,
        in: folder.path
      ).wait()
    }

    private func evaluate(_ flags: String...) throws -> Lathe {
      try Lathe.start(["evaluate", "--model", "out", "--device", "cpu"] + flags, in: folder.path).wait()
    }

    private func expectFailure(_ result: Lathe, _ part: String, location: SourceLocation = #_sourceLocation) {
      #expect(result.status == 1 && result.errors.contains(part), "\(result)", sourceLocation: location)
      let lines = result.errors.split(separator: "\n").filter { $0.contains("error") }
      #expect(lines.count == 1, "\(result)", sourceLocation: location)
    }

    private func table(_ rows: Int) -> String {
      "x,y,label\n" + (0..<rows).map { "\($0),\($0 % 5),\($0 % 2 == 0 ? "NA" : "no")\n" }.joined()
    }

    @Test("data.json that says what cannot be is an error, and so is one that cannot be read")
    func descriptions() throws {
      try folder.write(Array(table(40).utf8), "t.csv")
      let trained = try train("mlp", "--data-file", "t.csv", "--missing-texts", "null")
      #expect(trained.status == 0, "\(trained)")
      #expect(try evaluate().status == 0)
      let right = String(decoding: try folder.read("out/data.json"), as: UTF8.self)
      for (old, new, said) in [
        ("\"no\"", "\"NA\"", "two classes have one name"), ("\"width\" : 2", "\"width\" : -2", "width is -2"),
        ("\"width\" : 2", "\"width\" : 1000000000000", "width is"),
        ("\"width\" : 2", "\"width\" : 3", "for rows of 3"),
        ("\"channels\" : 1", "\"channels\" : 2", "channels is 2"),
        ("\"classes\" : 2", "\"classes\" : 0", "classes is 0"),
        ("\"x\"", "\"y\"", "two features have one name"),
        ("\"kind\"", "\"kind\" : \"csv\", \"kind\"", "'kind' comes twice"),
        ("{", "{\"a\": " + String(repeating: "[", count: 600), "inside each other"),
        ("csv", "cvs", "not the description"),
      ] {
        let range = try #require(right.range(of: old), "\(old)")
        try folder.write(Array(right.replacingCharacters(in: range, with: new).utf8), "out/data.json")
        let result = try evaluate()
        expectFailure(result, said)
        #expect(result.errors.contains("out/data.json"), "\(result)")
      }
      try FileManager.default.removeItem(atPath: folder.file("out/data.json"))
      try FileManager.default.createDirectory(
        atPath: folder.file("out/data.json"), withIntermediateDirectories: false)
      expectFailure(try evaluate(), "out/data.json: a folder, not a regular file")
    }

    @Test("A text whose characters join where they are written one after the other")
    func joined() throws {
      // A combining accent sorts behind the line end, and alone is a character of the text.
      let text = String(repeating: "a\u{301}b\n\u{301}\u{1F468}\u{200D}x\u{200D}", count: 60)
      try folder.write(Array(text.utf8), "text")
      let trained = try train("char-lstm", "--data-file", "text", "--length", "8")
      #expect(trained.status == 0, "\(trained)")
      let tested = try evaluate()
      #expect(tested.status == 0 && tested.lines.first?.hasPrefix("perplexity") == true, "\(tested)")
    }

    @Test("A run before test texts were drawn is not tested on texts that it learned from")
    func earlierTexts() throws {
      let lines = (0..<40).map { "\($0 % 2 == 0 ? "even" : "odd")\tnumber \($0)\r\n" }.joined()
      try folder.write([0xEF, 0xBB, 0xBF] + Array(lines.utf8), "texts.txt")
      try folder.write(IDXFiles.gzip(Array(lines.utf8)), "texts.txt.gz")
      let trained = try train("text-transformer", "--data-file", "texts.txt", "--length", "8")
      #expect(trained.status == 0, "\(trained)")
      let tested = try evaluate()
      // Two of each class, though every tenth line is odd.
      for name in ["even", "odd "] {
        #expect(tested.lines.contains { $0.hasPrefix(name) && $0.hasSuffix(" 2") }, "\(tested)")
      }
      #expect(try evaluate("--data-file", "texts.txt.gz").lines.contains { $0.hasSuffix(" 20") })
      let text = String(decoding: try folder.read("out/data.json"), as: UTF8.self)
      try folder.write(Array(text.replacingOccurrences(of: "drawsTexts", with: "x").utf8), "out/data.json")
      expectFailure(try evaluate(), "every tenth line")
      #expect(try evaluate("--data-file", "texts.txt.gz").status == 0)
    }

    @Test("Arrays of numbers as images, with a test set of their own")
    func arrays() throws {
      let (pixels, labels) = IDXFiles.images(count: 60, seed: 3)
      let images = Tensor(pixels.map { Float($0) / 255 }, shape: [60, 28, 28], device: .cpu)
      let kinds = Tensor(labels.map { Int32($0) }, shape: [60, 1], device: .cpu)
      var arrays = [("x_train", images), ("y_train", kinds)]
      arrays += [("x_test", images[0..<13]), ("y_test", kinds[0..<13])]
      func write(_ arrays: [(String, Tensor)]) throws {
        try NPZFile.write(arrays.map { (name: $0.0, tensor: $0.1.contiguous()) }, to: folder.file("x.npz"))
      }
      try write(arrays)
      let trained = try train("lenet", "--data-file", "x.npz")
      #expect(trained.status == 0 && trained.errors.contains(": 60 images"), "\(trained)")
      let tested = try evaluate("--json")
      let counts = tested.output.split(separator: "\"count\":").dropFirst().compactMap {
        Int($0.prefix { $0.isNumber })
      }
      #expect(counts.reduce(0, +) == 13, "\(tested)")
      expectFailure(
        try train("lenet", "--data-file", "x.npz", "--test-share", "0.5"), "test set of its own, x_test")
      // The same bytes, and so the same network, as from bytes.
      let bytes = pixels.withUnsafeBytes {
        Tensor(bytes: $0, shape: [60, 28, 28], dtype: .uint8, device: .cpu)
      }
      arrays[0].1 = bytes
      arrays[2].1 = bytes[0..<13]
      try write(arrays)
      #expect(try train("lenet", "--data-file", "x.npz", output: "bytes").status == 0)
      let isSame = try folder.read("out/model.safetensors") == folder.read("bytes/model.safetensors")
      #expect(isSame)
      arrays[0].1 = images * 2 - 1
      try write(arrays)
      expectFailure(try train("lenet", "--data-file", "x.npz"), "values of images from -1.0 to")
      try write(Array(arrays.dropLast()))
      expectFailure(try train("lenet", "--data-file", "x.npz"), "'x_test' without 'y_test'")
      try write([
        ("x_train", images.reshaped(to: [60, 784])), ("y_train", kinds),
        ("x_test", images[0..<13].reshaped(to: [13, 784])), ("y_test", kinds[0..<13]),
      ])
      let rows = try train("mlp", "--data-file", "x.npz", output: "rows")
      #expect(rows.status == 0 && rows.errors.contains(": 60 rows"), "\(rows)")
    }

    @Test("Faults of tables, folders and pipes say what can be done")
    func messages() throws {
      try folder.write(Array(table(40).utf8), "t.csv")
      let missing = try train("mlp", "--data-file", "t.csv")
      expectFailure(missing, "line 2: column 'label' has no value ('NA' stands for a missing one")
      #expect(missing.errors.contains("--missing-texts"))
      try folder.write(Array("x,label\n1,a\n,b\n".utf8), "gap.csv")
      expectFailure(try train("mlp", "--data-file", "gap.csv"), "(--missing)")
      let wrong = try train("lenet", "--data-dir", "nowhere")
      expectFailure(wrong, "nowhere: no such folder")
      #expect(!wrong.errors.contains("dataset-fashion-mnist"))
      #expect(mkfifo(folder.file("pipe.csv"), 0o600) == 0)
      expectFailure(try train("mlp", "--data-file", "pipe.csv"), "pipe.csv: a pipe, not a regular file")
      expectFailure(try train("mlp", "--config", "pipe.csv"), "pipe.csv: a pipe, not a regular file")
      expectFailure(
        try train("mlp", "--data-file", "t.csv", "--missing-texts", "-", "--weights", "pipe.csv"), "a pipe")
      try folder.write(IDXFiles.gzip(Array(table(4000).utf8)), "t.csv.gz")
      expectFailure(
        try train("mlp", "--data-file", "t.csv.gz", "--missing-texts", "-", "--data-limit", "100k"),
        "more than the 102400 bytes")
      for flags in [
        ["--data-limit", "many"], ["--skip-broken", "-1"], ["--scan-limit", "0"], ["--pixel-limit", "0"],
      ] {
        let result = try Lathe.start(["train", "mlp"] + flags, in: folder.path).wait()
        #expect(result.status == 2 && result.errors.contains(flags[0]), "\(result)")
      }
    }

    @Test("Broken images are left out and listed where that is allowed")
    func broken() throws {
      let data = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/data/color.png")
      let image = [UInt8](try Data(contentsOf: data))
      for name in ["a", "b"] {
        try FileManager.default.createDirectory(
          atPath: folder.file("photos/\(name)"), withIntermediateDirectories: true)
        for number in 0..<12 { try folder.write(image, "photos/\(name)/\(number).png") }
      }
      try folder.write(Array(image.dropLast(30)), "photos/a/3.png")
      expectFailure(try train("mlp", "--data-dir", "photos", "--image-size", "8"), "photos/a/3.png")
      let trained = try train("mlp", "--data-dir", "photos", "--image-size", "8", "--skip-broken", "1")
      #expect(
        trained.status == 0 && trained.errors.contains("1 example was left out:\n  photos/a/3.png"),
        "\(trained)")
    }
  }
}
