import DataTestSupport
import Foundation
import LatheML
import Testing

extension CommandTests {
  @Suite("Every form of data, trained on and tested")
  struct DataFormTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    func lathe(_ arguments: String...) throws -> Lathe {
      try Lathe.start(arguments + ["--device", "cpu"], in: folder.path).wait()
    }

    func train(_ model: String, _ flags: String..., output: String = "out") throws -> Lathe {
      try Lathe.start(
        ["train", model, "--device", "cpu", "--epochs", "1", "--batch-size", "8", "--output", output] + flags,
        in: folder.path
      ).wait()
    }

    func expectTrained(_ result: Lathe, location: SourceLocation = #_sourceLocation) {
      #expect(result.status == 0 && result.lines.count == 1, "\(result.errors)", sourceLocation: location)
    }

    func expectFailure(
      _ result: Lathe, _ parts: String..., location: SourceLocation = #_sourceLocation
    ) {
      #expect(result.status == 1, "\(result.errors)", sourceLocation: location)
      for part in parts {
        #expect(result.errors.contains(part), "\(result.errors)", sourceLocation: location)
      }
    }

    /// One folder a class, with the fixtures' pictures.
    func pictures(_ place: String, count: Int = 12) throws {
      let data = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/data")
      for (name, file) in [("cats", "color.png"), ("dogs", "color.jpg")] {
        let inner = folder.file("\(place)/\(name)")
        try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: true)
        for number in 0..<count {
          try FileManager.default.copyItem(
            atPath: data.appendingPathComponent(file).path, toPath: "\(inner)/\(number)-\(file)")
        }
      }
    }

    @Test("A folder of images: changed by the workers, the same by any number of them, and tested by class")
    func imageFolder() throws {
      try pictures("photos")
      for workers in ["0", "3"] {
        expectTrained(
          try train(
            "mlp", "--data-dir", "photos", "--image-size", "16", "--workers", workers, "--augment",
            "flip,crop,rotate,color,cutout,mixup", output: "by-\(workers)"))
      }
      // Compared outside of the expectation, which takes a minute for a megabyte.
      let isSame = try folder.read("by-0/model.safetensors") == folder.read("by-3/model.safetensors")
      #expect(isSame)
      let report = String(decoding: try folder.read("by-0/report.html"), as: UTF8.self)
      #expect(report.contains("<h2>Confusion matrix</h2>") && report.contains("cats"))
      let tested = try lathe("evaluate", "--model", "by-0")
      #expect(
        tested.status == 0 && tested.lines.contains { $0.hasPrefix("dogs") && $0.hasSuffix(" 1") },
        "\(tested)")
      let all = try lathe("evaluate", "--model", "by-0", "--data-dir", "photos")
      #expect(all.lines.contains { $0.hasPrefix("dogs") && $0.hasSuffix(" 12") }, "\(all)")
      try pictures("divided/train", count: 8)
      try pictures("divided/test", count: 3)
      expectTrained(try train("vgg-small", "--data-dir", "divided", "--image-size", "8", "--channels", "1"))
      let divided = try lathe("evaluate", "--model", "out")
      #expect(divided.lines.contains { $0.hasPrefix("cats") && $0.hasSuffix(" 3") }, "\(divided)")
      expectFailure(
        try train("lenet", "--data-dir", "photos", "--channels", "3", output: "no"), "lenet takes grey images"
      )
      expectFailure(
        try train("resnet18", "--data-dir", "photos", "--image-size", "4", output: "no"), "at least 8 x 8")
      expectFailure(
        try train("autoencoder", "--data-dir", "photos", "--augment", "cutmix", output: "no"),
        "learns from images alone")
      expectFailure(
        try train("mlp", "--data-dir", "photos", "--augment", "mixup,cutmix", output: "no"),
        "exclude each other")
      try folder.write([1, 2, 3], "photos/cats/0-color.png")
      expectFailure(try train("mlp", "--data-dir", "photos", output: "no"), "photos/cats/0-color.png")
    }

    private var table: String {
      "age,income,city,label\n"
        + (0..<40).map { "\(20 + $0),\($0 % 7 == 0 ? "" : "\(1000 * $0)"),x,\($0 % 2 == 0 ? "yes" : "no")\n" }
        .joined()
    }

    @Test("A table: features standardised by the training rows, another file tested by the same")
    func csv() throws {
      try folder.write(Array(table.utf8), "people.csv")
      expectFailure(try train("mlp", "--data-file", "people.csv"), "line 2: column 'income' has no value")
      expectFailure(
        try train("mlp", "--data-file", "people.csv", "--missing", "0"), "column 'city' is of text")
      expectFailure(
        try train("mlp", "--data-file", "people.csv", "--label", "paid"), "no column 'paid'",
        "age, income, city, label")
      expectFailure(try train("lenet", "--data-file", "people.csv"), "lenet cannot learn from csv data")
      expectTrained(
        try train(
          "mlp", "--data-file", "people.csv", "--features", "age,income", "--missing", "0", "--test-share",
          "0.25"))
      let tested = try lathe("evaluate", "--model", "out")
      #expect(tested.lines.contains { $0.hasPrefix("yes") && $0.hasSuffix(" 5") }, "\(tested)")
      try folder.write(Array("label,income,age\nno,5,30\nno,7,40\n".utf8), "other.csv")
      let other = try lathe("evaluate", "--model", "out", "--data-file", "other.csv", "--json")
      #expect(other.status == 0 && other.output.contains("\"count\":2"), "\(other)")
      try folder.write(Array("label,income,age\nmaybe,5,30\n".utf8), "other.csv")
      expectFailure(
        try lathe("evaluate", "--model", "out", "--data-file", "other.csv"), "no class 'maybe'", "no, yes")
      let resumed = try Lathe.run(
        "train", "mlp", "--device", "cpu", "--batch-size", "8", "--output", "out", "--resume", "--data-file",
        "people.csv", "--features", "age", in: folder.path)
      expectFailure(resumed, "features age,income, now age")
    }

    @Test("JSON lines and tables of texts")
    func texts() throws {
      let lines = (0..<40).map {
        "{\"text\": \"number \($0) is \($0 % 2)\", \"label\": \($0 % 2 == 0 ? "true" : "false")}\n"
      }
      try folder.write(Array(lines.joined().utf8), "texts.jsonl")
      expectTrained(try train("text-transformer", "--data-file", "texts.jsonl", "--length", "16"))
      let tested = try lathe("evaluate", "--model", "out")
      #expect(tested.lines.contains { $0.hasPrefix("true") }, "\(tested)")
      try folder.write(Array("{\"text\": \"\", \"label\": true}\n{\"text\": 3}\n".utf8), "odd.jsonl")
      expectFailure(
        try train("text-transformer", "--data-file", "odd.jsonl", output: "no"), "odd.jsonl: line 2",
        "no text 'text'")
      try folder.write(
        Array(("kind,words\n" + (0..<20).map { "\($0 % 2),word \($0)\n" }.joined()).utf8), "texts.csv")
      expectTrained(
        try train(
          "text-transformer", "--data-file", "texts.csv", "--input", "words", "--label", "kind",
          output: "table"))
      expectFailure(
        try train("text-transformer", "--data-file", "texts.csv", output: "no"), "no column 'text'",
        "kind, words")
    }

    @Test("A language model's perplexity, on its own text's end and on another text")
    func language() throws {
      let text = String(repeating: "the quick brown fox jumps over the lazy dog. ", count: 40)
      try folder.write(Array(text.utf8), "text")
      let result = try train("char-lstm", "--data-file", "text", "--length", "16")
      expectTrained(result)
      #expect(result.errors.contains("test perplexity"))
      let own = try lathe("evaluate", "--model", "out")
      #expect(own.lines.first?.hasPrefix("perplexity  ") == true, "\(own)")
      try folder.write(Array("the dog jumps over the fox. the end of it".utf8), "other")
      let other = try lathe("evaluate", "--model", "out", "--data-file", "other", "--json")
      #expect(other.output.contains("\"perplexity\":") && other.output.contains("\"accuracy\":"), "\(other)")
      try folder.write(Array("the dog: jumps over the fox".utf8), "other")
      expectFailure(try lathe("evaluate", "--model", "out", "--data-file", "other"), "character 8, ':'")
    }

    private func digits(_ count: Int) -> [(name: String, tensor: Tensor)] {
      let (pixels, labels) = IDXFiles.images(count: count, seed: 3)
      return [
        (
          "images",
          pixels.withUnsafeBytes { Tensor(bytes: $0, shape: [count, 28, 28], dtype: .uint8, device: .cpu) }
        ),
        ("labels", Tensor(labels.map { Int64($0) }, device: .cpu)),
      ]
    }

    @Test("Arrays of images and rows, and the loss of networks without classes")
    func arrays() throws {
      let data = digits(80)
      try NPZFile.write(data, to: folder.file("digits.npz"))
      expectTrained(try train("lenet", "--data-file", "digits.npz", output: "lenet"))
      for model in ["autoencoder", "vae"] {
        expectTrained(try train(model, "--data-file", "digits.npz", "--test-share", "0.2", output: model))
        let tested = try lathe("evaluate", "--model", model)
        #expect(tested.status == 0 && tested.lines.first?.hasPrefix("loss        ") == true, "\(tested)")
        let name = try #require(folder.namesIn(model).first { $0.contains("tfevents") })
        let events = String(decoding: try folder.read("\(model)/\(name)"), as: Unicode.ASCII.self)
        let hasImages = events.contains("examples/0") && events.contains("reconstructions/7")
        #expect(hasImages)
      }
      let rows = Tensor.normal([60, 5], generator: Generator(seed: 1), device: .cpu)
      try NPYFile.write(rows, to: folder.file("rows.npy"))
      try NPYFile.write(Tensor((0..<60).map { Int32($0 % 3) }, device: .cpu), to: folder.file("kinds.npy"))
      expectFailure(try train("mlp", "--data-file", "rows.npy"), "--labels-file")
      expectTrained(try train("mlp", "--data-file", "rows.npy", "--labels-file", "kinds.npy", output: "rows"))
      // Labels in a file of their own are of the data that was learned from, and of no other.
      try NPYFile.write(rows * 2, to: folder.file("others.npy"))
      try NPYFile.write(Tensor([Int32](repeating: 1, count: 60), device: .cpu), to: folder.file("ones.npy"))
      #expect(try lathe("evaluate", "--model", "rows").status == 0)
      expectFailure(
        try lathe("evaluate", "--model", "rows", "--data-file", "others.npy"),
        "others.npy: an array without labels; name theirs with --labels-file")
      let others = try lathe(
        "evaluate", "--model", "rows", "--data-file", "others.npy", "--labels-file", "ones.npy")
      #expect(others.lines.contains { $0.hasPrefix("1 ") && $0.hasSuffix(" 60") }, "\(others)")
      let archive = try lathe("evaluate", "--model", "lenet", "--data-file", "digits.npz")
      #expect(archive.status == 0, "\(archive)")
      expectFailure(
        try train("lenet", "--data-file", "rows.npy", "--labels-file", "kinds.npy"),
        "images are float32 [60, 5]", "[n, height, width]")
      expectFailure(
        try train("mlp", "--data-file", "digits.npz", "--input", "x"), "no array 'x'", "images, labels")
      expectFailure(
        try train("mlp", "--data-file", "rows.npy", "--labels-file", "rows.npy"), "labels are float32")
      expectFailure(try train("mlp", "--data-file", "digits.data"), "the name does not tell", "--data")
    }

    @Test("Usage that cannot be, and what a network does not take")
    func usage() throws {
      for (flags, text) in [
        (["--augment", "flop"], "did you mean 'flip'"), (["--workers", "-1"], "--workers is -1"),
        (["--channels", "2"], "--channels is 2"), (["--test-share", "1"], "--test-share is 1"),
        (["--image-size", "0"], "--image-size is 0"), (["--data", "cvs"], "csv"),
      ] {
        let result = try Lathe.start(["train", "mlp"] + flags, in: folder.path).wait()
        #expect(result.status == 2 && result.errors.contains(text), "\(result.errors)")
      }
      expectFailure(try train("gpt", "--data-file", "x.csv"), "gpt cannot learn from csv data")
      expectFailure(try train("mlp", "--data", "image-folder"), "--data-dir")
      expectFailure(try train("mlp", "--data", "npz"), "--data-file")
      try folder.write(Array("{\"model\": \"mlp\", \"augmnt\": \"flip\"}".utf8), "run.json")
      expectFailure(try Lathe.run("train", "--config", "run.json", in: folder.path), "did you mean 'augment'")
    }

    @Test("The learning rate's search: a table, a suggestion and a file")
    func finder() throws {
      try NPZFile.write(digits(400), to: folder.file("digits.npz"))
      let result = try lathe(
        "train", "mlp", "--data-file", "digits.npz", "--find-learning-rate", "--batch-size", "8", "--output",
        "search")
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.lines.first == "learning rate      loss")
      #expect(result.lines.last?.hasPrefix("suggestion: --learning-rate ") == true)
      let object =
        try JSONSerialization.jsonObject(with: Data(folder.read("search/learning-rate.json")))
        as? [String: Any]
      let points = try #require(object?["points"] as? [[String: Double]])
      #expect(points.count == result.lines.count - 2 && points.count > 10)
      #expect(object?["suggestion"] is Double && folder.namesIn("search") == ["learning-rate.json"])
    }
  }
}
