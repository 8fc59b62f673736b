import DataTestSupport
import Foundation
import LatheML
import Testing

extension CommandTests {
  /// What a program makes of the folder of a run.
  @Suite("Stored models")
  struct StoredModelTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func accuracy(_ result: Lathe) throws -> Double {
      let line = try #require(result.lines.first { $0.hasPrefix("{") })
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      return try #require(object?["accuracy"] as? Double)
    }

    @Test("Images: the program's answers have the accuracy that evaluate shows, from another folder")
    func images() throws {
      try IDXFiles.write(to: folder, training: 320, test: 100)
      let trained = try Lathe.run(
        "train", "lenet", "--data-dir", ".", "--device", "cpu", "--epochs", "2", "--output", "run",
        in: folder.path)
      #expect(trained.status == 0, "\(trained.errors)")
      let evaluated = try Lathe.run(
        "evaluate", "--model", folder.file("run"), "--device", "cpu", "--json", in: "/")
      #expect(evaluated.status == 0, "\(evaluated.errors)")
      let model = try Model.load(run: folder.file("run"), device: .cpu)
      #expect(model.recipe.name == "lenet" && model.description.classNames == FashionMNIST.classNames)
      let data = try FashionMNIST.load(.test, from: folder.path)
      var random = SampleRandom(seed: 0, epoch: 0, index: 0, place: 0)
      let examples = (0..<data.count).map { data.example(at: $0, random: &random) }
      let rows = try model.probabilities(model.batch(images: examples.map(\.image)))
      #expect(rows.allSatisfy { abs($0.reduce(0, +) - 1) < 1e-5 })
      let right = zip(rows, examples).filter { row, example in
        row.indices.max { row[$0] < row[$1] } == example.label
      }
      #expect(try Double(right.count) / Double(data.count) == accuracy(evaluated))
      // The best epoch's weights, and a file by its path.
      let best = try Model.load(run: folder.file("run"), best: true, device: .cpu)
      #expect(best.source == folder.file("run/best.safetensors"))
      let named = try Model.load(run: folder.file("run/best.safetensors"), device: .cpu)
      #expect(try named.network.state[0].tensor.bytes() == best.network.state[0].tensor.bytes())
      #expect { try model.batch(rows: [[1]]) } throws: { "\($0)".contains("takes images, not rows") }
      #expect { try Model.load(run: folder.path) } throws: { "\($0)".contains("neither model.safetensors") }
    }

    @Test("Rows are standardised as in training")
    func rows() throws {
      let lines = (0..<120).map { "\($0 % 2 == 0 ? 40 + $0 % 7 : 10 + $0 % 5),\($0 % 3),\($0 % 2)" }
      try folder.write(Array((["a,b,label"] + lines).joined(separator: "\n").utf8), "rows.csv")
      let trained = try Lathe.run(
        "train", "mlp", "--data-file", "rows.csv", "--device", "cpu", "--epochs", "6", "--output", "run",
        in: folder.path)
      #expect(trained.status == 0, "\(trained.errors)")
      let model = try Model.load(run: folder.file("run"), device: .cpu)
      #expect(model.description.features == ["a", "b"] && model.description.classNames == ["0", "1"])
      let rows = try model.probabilities(model.batch(rows: [[43, 1], [12, 1]]))
      #expect(rows[0][0] > 0.9 && rows[1][1] > 0.9)
      #expect { try model.batch(rows: [[1, 2, 3]]) } throws: {
        "\($0)".contains("3 features, but the model takes 2")
      }
      #expect { try model.batch(rows: []) } throws: { "\($0)".contains("no rows") }
    }

    @Test("Texts have the tokens that training had")
    func texts() throws {
      let lines = (0..<60).map { "\($0 % 2 == 0 ? "warm\tsun and sand" : "cold\tice and snow") \($0)" }
      try folder.write(Array(lines.joined(separator: "\n").utf8), "texts.txt")
      let trained = try Lathe.run(
        "train", "text-transformer", "--data-file", "texts.txt", "--device", "cpu", "--epochs", "8",
        "--length", "20",
        "--output", "run", in: folder.path)
      #expect(trained.status == 0, "\(trained.errors)")
      let model = try Model.load(run: folder.file("run"), device: .cpu)
      let names = try #require(model.description.classNames)
      let rows = try model.probabilities(model.batch(texts: ["sun and sand 3", "ice and snow"]))
      #expect(rows.map { row in names[row[0] > row[1] ? 0 : 1] } == ["warm", "cold"])
    }
  }
}
