import DataTestSupport
import Foundation
import LatheML
import Testing

extension CommandTests {
  @Suite("Sentence encoders that learn")
  struct SentenceEncoderCommandTests {
    let folder: TemporaryFolder
    let base: TinyBase

    init() throws {
      folder = try TemporaryFolder()
      base = try TinyBase(in: folder.path)
      try folder.write(Array(TinyBase.lines(200).joined(separator: "\n").utf8), "labelled.tsv")
    }

    private func lathe(_ arguments: String...) throws -> Lathe {
      try Lathe.start(arguments, in: folder.path).wait()
    }

    @Test("A few labels make a classifier that predicts and is evaluated; its model makes vectors")
    func labels() throws {
      let run = try lathe(
        "train", "sentence-encoder", "--base", base.folder, "--data", "labelled.tsv", "--shots", "8",
        "--pairs-per-text", "5", "--learning-rate", "0.001", "--epochs", "2", "--device", "cpu", "--output",
        "run")
      #expect(run.status == 0, "\(run.errors)")
      #expect(run.output.contains("accuracy") && run.output.contains("before training"))
      #expect(run.errors.contains("16 labelled texts to learn from, compared in 160 pairs"), "\(run.errors)")
      let given = try lathe(
        "predict", "--model", "run", "--text", "the bright film", "--device", "cpu", "--json")
      #expect(given.status == 0 && given.output.contains("pos"), "\(given.output) \(given.errors)")
      let tested = try lathe(
        "evaluate", "--model", "run", "--data-file", "labelled.tsv", "--json", "--device", "cpu")
      #expect(
        tested.status == 0 && tested.output.contains("\"accuracy\""), "\(tested.output) \(tested.errors)")
      let vectors = try lathe("embed", "--model", "run/model", "--text", "a story", "--device", "cpu")
      #expect(vectors.status == 0 && vectors.output.hasPrefix("["), "\(vectors.errors)")
      let merged = try lathe("merge", "--model", "run", "--output", "merged")
      #expect(merged.status == 1 && merged.errors.contains("no adapter left to merge"))
    }

    @Test("Pairs and texts alone; what cannot be says so")
    func others() throws {
      let texts = TinyBase.lines(60).compactMap { $0.split(separator: "\t").last.map(String.init) }
      try folder.write(Array(Set(texts).sorted().joined(separator: "\n").utf8), "texts.txt")
      let alone = try lathe(
        "train", "sentence-encoder", "--base", base.folder, "--data", "texts.txt", "--epochs", "1", "--peft",
        "lora", "--device", "cpu", "--output", "alone")
      #expect(alone.status == 0 && alone.output.contains("uniformity"), "\(alone.errors)")
      let told = try lathe("predict", "--model", "alone", "--text", "a", "--device", "cpu")
      #expect(told.status == 1 && told.errors.contains("learned from no labels"), "\(told.errors)")
      for (arguments, status, message) in [
        (["--data", "texts.txt", "--shots", "3"], 1, "shots are counted of texts with labels"),
        (["--data", "labelled.tsv", "--shots", "0"], 2, "0 texts of each class"),
        (["--data", "labelled.tsv", "--peft", "adalora"], 2, "full, lora or dora"),
        (["--data", "labelled.tsv", "--temperature", "0"], 2, "temperature is 0"),
        (["--data", "missing.csv"], 1, "missing.csv"),
      ] {
        let run = try Lathe.start(
          ["train", "sentence-encoder", "--base", base.folder, "--output", "none", "--device", "cpu"]
            + arguments,
          in: folder.path
        ).wait()
        #expect(run.status == Int32(status) && run.errors.contains(message), "\(run.errors)")
      }
      #expect(!FileManager.default.fileExists(atPath: folder.file("none")))
    }
  }
}
