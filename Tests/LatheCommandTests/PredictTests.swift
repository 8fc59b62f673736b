import DataTestSupport
import Foundation
import LatheML
import Testing

extension CommandTests {
  /// A stored model is asked, as a table, as JSON and as CSV.
  @Suite("Predictions")
  struct PredictTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private struct Line: Decodable {
      struct Answer: Decodable {
        var `class`: String
        var probability: Float
      }

      var input: String
      var answers: [Answer]
    }

    private func lathe(_ arguments: String...) throws -> Lathe {
      try Lathe.start(arguments + ["--device", "cpu"], in: folder.path).wait()
    }

    private func train(_ model: String, _ more: String...) throws {
      let result = try Lathe.start(
        ["train", model, "--device", "cpu", "--batch-size", "16", "--output", "run"] + more, in: folder.path
      ).wait()
      try #require(result.status == 0, "\(result.errors)")
    }

    private func lines(_ result: Lathe) throws -> [Line] {
      try #require(result.status == 0, "\(result.errors)")
      return try result.lines.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
    }

    @Test(
      "Images: the answers are those of the program's own model, best weights and any file of the run with them"
    )
    func images() throws {
      try IDXFiles.write(to: folder, training: 320, test: 30)
      try train("lenet", "--data-dir", ".", "--epochs", "2")
      let found = try lines(lathe("predict", "--model", "run", "--data-dir", ".", "--json", "--top", "10"))
      let model = try Model.load(run: folder.file("run"), device: .cpu)
      let data = try FashionMNIST.load(.test, from: folder.path)
      var random = SampleRandom(seed: 0, epoch: 0, index: 0, place: 0)
      let expected = try model.probabilities(
        model.batch(images: (0..<data.count).map { data.example(at: $0, random: &random).image }))
      #expect(found.count == 30 && found[3].input == "./t10k-images-idx3-ubyte[3]")
      for (line, row) in zip(found, expected) {
        #expect(
          line.answers.count == 10
            && zip(line.answers, line.answers.dropFirst()).allSatisfy { $0.probability >= $1.probability })
        for answer in line.answers {
          let place = try #require(FashionMNIST.classNames.firstIndex(of: answer.class))
          #expect(abs(answer.probability - row[place]) < 1e-5)
        }
      }
      let csv = try lathe(
        "predict", "--model", "run/best.safetensors", "--data-dir", ".", "--format", "csv", "--top", "1")
      #expect(
        csv.status == 0 && csv.lines.count == 31 && csv.lines[0] == "input,rank,class,probability", "\(csv)")
      #expect(csv.lines[1].hasPrefix("./t10k-images-idx3-ubyte[0],1,"))
      let table = try lathe("predict", "--model", "run", "--best", "--data-dir", ".")
      #expect(table.status == 0 && table.lines.count == 91, "\(table.lines.prefix(4))")
      #expect(table.lines[0].hasPrefix("input") && table.lines[0].hasSuffix("probability"))
      // A file's pixels, and what is none of the model's inputs.
      let picture = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../Fixtures/data/color.png").path
      #expect(try lines(lathe("predict", "--model", "run", "--image", picture, picture, "--json")).count == 2)
      let text = try lathe("predict", "--model", "run", "--text", "a")
      #expect(text.status == 1 && text.errors.contains("takes images, not texts"))
      let missing = try lathe("predict", "--model", "run", "--image", "no\nwhere.png")
      #expect(missing.status == 1 && missing.errors.contains("no\\nwhere.png: cannot open"), "\(missing)")
    }

    @Test("Rows need no labels, and columns are taken by their names")
    func rows() throws {
      let rows = (0..<120).map {
        "\($0 % 2 == 0 ? 40 + $0 % 7 : 10 + $0 % 5),\($0 % 3),\($0 % 2 == 0 ? "old" : "new")"
      }
      try folder.write(Array((["a,b,label"] + rows).joined(separator: "\n").utf8), "rows.csv")
      try train("mlp", "--data-file", "rows.csv", "--epochs", "8")
      try folder.write(Array("b,x,a\n1,?,43\n1,?,12\n".utf8), "asked.csv")
      let found = try lines(lathe("predict", "--model", "run", "--data-file", "asked.csv", "--json"))
      #expect(found.map(\.input) == ["asked.csv:2", "asked.csv:3"])
      #expect(
        found.map { $0.answers[0].class } == ["old", "new"] && found.allSatisfy { $0.answers.count == 2 })
      let other = try lathe("predict", "--model", "run", "--data-file", "asked.txt")
      #expect(other.status == 1 && other.errors.contains("the name does not tell"), "\(other)")
    }

    @Test("Texts: classes of lines, with or without the class before them; characters that may come next")
    func texts() throws {
      let texts = (0..<60).map { "\($0 % 2 == 0 ? "warm\tsun and sand" : "cold\tice and snow") \($0)" }
      try folder.write(Array(texts.joined(separator: "\n").utf8), "texts.txt")
      try train("text-transformer", "--data-file", "texts.txt", "--epochs", "8", "--length", "20")
      try folder.write(Array("ice and snow\nwarm\tsun and sand 1\n\n".utf8), "asked.txt")
      let found = try lines(lathe("predict", "--model", "run", "--data-file", "asked.txt", "--json"))
      #expect(found.map(\.input) == ["asked.txt:1", "asked.txt:2"])
      #expect(found.map { $0.answers[0].class } == ["cold", "warm"])
      try folder.write(Array("{\"text\": \"sun and sand\"}\n".utf8), "asked.jsonl")
      let json = try lines(lathe("predict", "--model", "run", "--data-file", "asked.jsonl", "--json"))
      #expect(json.map { $0.answers[0].class } == ["warm"])
      try FileManager.default.removeItem(atPath: folder.file("run"))
      try folder.write(Array(String(repeating: "ab", count: 400).utf8), "ab.txt")
      try train("char-lstm", "--data-file", "ab.txt", "--epochs", "3", "--length", "16")
      let next = try lines(lathe("predict", "--model", "run", "--text", "aba", "--text", "abab", "--json"))
      #expect(next.map { $0.answers[0].class } == ["b", "a"] && next[0].input == "aba")
      let unknown = try lathe("predict", "--model", "run", "--text", "abc")
      #expect(
        unknown.status == 1 && unknown.errors.contains("'c', is not one of the model's 2"), "\(unknown)")
    }

    @Test("Files beyond the limits are refused, and flags raise them")
    func limits() throws {
      try IDXFiles.write(to: folder, training: 96, test: 20)
      try train("mlp", "--data-dir", ".", "--epochs", "1")
      let picture = PNG.encode([UInt8](repeating: 9, count: 900), width: 30, height: 30, channels: 1)
      try folder.write(picture, "picture.png")
      let few = try lathe("predict", "--model", "run", "--image", "picture.png", "--pixel-limit", "800")
      #expect(
        few.status == 1 && few.errors.contains("30 x 30 pixels are declared, more than the 800"), "\(few)")
      let enough = try lathe("predict", "--model", "run", "--image", "picture.png", "--pixel-limit", "900")
      #expect(enough.status == 0, "\(enough)")
      let none = try lathe("predict", "--model", "run", "--image", "picture.png", "--pixel-limit", "0")
      #expect(none.status == 2 && none.errors.contains("--pixel-limit is 0; give 1 or more"), "\(none)")
      let size = try lathe("predict", "--model", "run", "--data-dir", ".", "--data-limit", "much")
      #expect(size.status == 2 && size.errors.contains("--data-limit is 'much'"), "\(size)")
    }

    @Test("Weights that are no numbers: null in JSON, said, and exit code 1")
    func notFinite() throws {
      try IDXFiles.write(to: folder, training: 96, test: 20)
      try train("mlp", "--data-dir", ".", "--epochs", "1")
      let model = try Model.load(run: folder.file("run"), device: .cpu)
      for parameter in model.network.parameters {
        parameter.value = Tensor.full(parameter.value.shape, Float.nan, device: .cpu)
      }
      let configuration = TrainerConfiguration(
        architecture: "mlp", data: "fashion-mnist", epochs: 1, batchSize: 1, seed: 0)
      try ModelFolder(folder.file("run")).save(model.network, configuration: configuration)
      let scores = try lathe("evaluate", "--model", "run", "--json")
      #expect(scores.status == 1 && scores.output.contains("\"loss\":null"), "\(scores)")
      #expect(scores.errors.contains("run/model.safetensors: the loss is nan"), "\(scores)")
      let answers = try lathe("predict", "--model", "run", "--data-dir", ".")
      #expect(answers.status == 1 && answers.errors.contains("a probability is no number"), "\(answers)")
    }
  }
}
