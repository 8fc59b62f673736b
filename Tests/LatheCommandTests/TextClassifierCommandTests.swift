import DataTestSupport
import Foundation
import LatheML
import Testing

extension CommandTests {
  @Suite("Fine-tuned classifiers of texts")
  struct TextClassifierCommandTests {
    let folder: TemporaryFolder
    let base: TinyBase

    init() throws {
      folder = try TemporaryFolder()
      base = try TinyBase(in: folder.path)
      try folder.write(Array(TinyBase.lines(200).joined(separator: "\n").utf8), "texts.tsv")
    }

    private func lathe(_ arguments: String...) throws -> Lathe {
      try Lathe.start(arguments, in: folder.path).wait()
    }

    @Test("Train, predict, evaluate and merge")
    func flow() throws {
      let run = try lathe(
        "train", "text-classifier", "--base", base.folder, "--data", "texts.tsv", "--peft", "lora", "--rank",
        "4",
        "--epochs", "6", "--batch-size", "8", "--learning-rate", "0.01", "--device", "cpu", "--output", "run")
      #expect(run.status == 0, "\(run.errors)")
      #expect(run.output.contains("macro avg") && run.output.contains("calibration error"))
      #expect(run.errors.contains("trainable params: ") && run.errors.contains("40 for the test"))
      let predicted = try lathe(
        "predict", "--model", "run", "--text", "a bright film", "--text", "a dull film", "--format", "csv",
        "--top", "1",
        "--device", "cpu")
      #expect(predicted.status == 0, "\(predicted.errors)")
      #expect(
        predicted.lines.count == 3 && predicted.lines[1].contains(",pos,")
          && predicted.lines[2].contains(",neg,"))
      try folder.write(Array("a bright film\na weak plot\n".utf8), "new.txt")
      let lines = try lathe("predict", "--model", "run", "--file", "new.txt", "--json", "--device", "cpu")
      #expect(lines.status == 0 && lines.lines.count == 2)
      let tested = try lathe(
        "evaluate", "--model", "run", "--data-file", "texts.tsv", "--json", "--device", "cpu")
      #expect(tested.status == 0 && tested.output.contains("\"macro_f1\""), "\(tested.errors)")
      let merged = try lathe("merge", "--model", "run", "--output", "merged")
      #expect(merged.status == 0, "\(merged.errors)")
      #expect(
        Set(try FileManager.default.contentsOfDirectory(atPath: folder.file("merged"))).isSuperset(of: [
          "config.json", "model.safetensors", "tokenizer.json",
        ]))
      let again = try lathe("merge", "--model", "run", "--output", "merged")
      #expect(again.status == 1 && again.errors.contains("holds a model already"))
      let second = try lathe(
        "train", "text-classifier", "--base", "merged", "--data", "texts.tsv", "--peft", "frozen", "--epochs",
        "1", "--device",
        "cpu", "--output", "second")
      #expect(second.status == 0, "\(second.errors)")
    }

    @Test("Pairs of texts")
    func pairs() throws {
      let rows = (0..<60).map { number in
        number % 2 == 0 ? "a bright film \(number),the plot,up" : "the plot,a dull film \(number),down"
      }
      try folder.write(Array((["text,other,label"] + rows).joined(separator: "\n").utf8), "pairs.csv")
      let run = try lathe(
        "train", "text-classifier", "--base", base.folder, "--data", "pairs.csv", "--pair-column", "other",
        "--epochs", "4", "--batch-size", "8", "--learning-rate", "0.01", "--device", "cpu", "--output",
        "pairs")
      #expect(run.status == 0, "\(run.errors)")
      let predicted = try lathe(
        "predict", "--model", "pairs", "--text", "a bright film\tthe plot", "--format", "csv", "--device",
        "cpu")
      #expect(predicted.status == 0 && predicted.lines.count == 3, "\(predicted.errors)")
      let alone = try lathe("predict", "--model", "pairs", "--text", "a film", "--device", "cpu")
      #expect(alone.status == 1 && alone.errors.contains("text 1: 1 field between tabs"))
      let tested = try lathe(
        "evaluate", "--model", "pairs", "--data-file", "pairs.csv", "--json", "--device", "cpu")
      #expect(tested.status == 0 && tested.output.contains("\"accuracy\""), "\(tested.errors)")
    }

    @Test("What cannot be is said with file and line, and usage with the command's name")
    func refused() throws {
      let rank = try lathe("train", "text-classifier", "--base", "x", "--data", "y", "--rank", "3")
      #expect(
        rank.status == 2 && rank.errors.contains("--rank is for --peft lora, dora and adalora, not for full"))
      #expect(rank.errors.contains("lathe train text-classifier"))
      let base = try lathe("train", "text-classifier", "--base", "no-such-model", "--data", "texts.tsv")
      #expect(base.status == 1 && base.errors.contains("no-such-model"))
      try folder.write(Array("a\tx\nb\ty\tz\n".utf8), "ragged.tsv")
      let ragged = try lathe("train", "text-classifier", "--base", self.base.folder, "--data", "ragged.tsv")
      #expect(ragged.status == 1 && ragged.errors.contains("ragged.tsv: line 2: 3 fields"))
      let nothing = try lathe(
        "train", "text-classifier", "--base", self.base.folder, "--data", "texts.tsv", "--peft", "lora",
        "--targets",
        "q_proj", "--device", "cpu", "--output", "none")
      #expect(nothing.status == 1 && nothing.errors.contains("'q_proj'"))
      #expect(!folder.names.contains("none"))
    }
  }
}
