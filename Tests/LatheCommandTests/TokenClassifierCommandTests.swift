import DataTestSupport
import Foundation
import LatheML
import Testing

extension CommandTests {
  @Suite("Fine-tuned taggers of words")
  struct TokenClassifierCommandTests {
    let folder: TemporaryFolder
    let base: TinyBase

    init() throws {
      folder = try TemporaryFolder()
      base = try TinyBase(in: folder.path)
      try folder.write(Array(TinyBase.taggedLines(200).joined(separator: "\n").utf8), "ner.conll")
    }

    private func lathe(_ arguments: String...) throws -> Lathe {
      try Lathe.start(arguments, in: folder.path).wait()
    }

    @Test("Train, predict, evaluate and merge")
    func flow() throws {
      let run = try lathe(
        "train", "token-classifier", "--base", base.folder, "--data", "ner.conll", "--crf", "--epochs", "6",
        "--batch-size", "8", "--learning-rate", "0.01", "--device", "cpu", "--output", "run")
      #expect(run.status == 0, "\(run.errors)")
      #expect(run.output.contains("micro avg") && run.output.contains("words without O"))
      #expect(run.errors.contains("trainable params: ") && run.errors.contains("with MARK to learn from"))
      let table = try lathe("predict", "--model", "run", "--text", "the (bright) story", "--device", "cpu")
      #expect(
        table.status == 0 && table.output.contains("MARK") && table.output.contains("5..<11"),
        "\(table.output)")
      try folder.write(Array("a bright film\nof the\n".utf8), "new.txt")
      let rows = try lathe(
        "predict", "--model", "run", "--file", "new.txt", "--format", "csv", "--device", "cpu")
      #expect(
        rows.status == 0 && rows.lines.count == 2 && rows.lines[1].hasPrefix("a bright film,MARK,2,8,bright,")
      )
      let json = try lathe("predict", "--model", "run", "--file", "new.txt", "--json", "--device", "cpu")
      #expect(
        json.status == 0 && json.lines.count == 2 && json.lines[1].contains("\"entities\":[]"),
        "\(json.output)")
      let tested = try lathe(
        "evaluate", "--model", "run", "--data-file", "ner.conll", "--json", "--device", "cpu")
      #expect(
        tested.status == 0 && tested.output.contains("\"strict_f1\""), "\(tested.output) \(tested.errors)")
      let merged = try lathe("merge", "--model", "run", "--output", "merged")
      #expect(merged.status == 0, "\(merged.errors)")
      #expect(
        Set(try FileManager.default.contentsOfDirectory(atPath: folder.file("merged"))).isSuperset(of: [
          "config.json", "model.safetensors", "tokenizer.json", "crf.safetensors",
        ]))
      let second = try lathe(
        "train", "token-classifier", "--base", "merged", "--data", "ner.conll", "--validation-data",
        "ner.conll",
        "--test-data", "ner.conll", "--peft", "lora", "--scheme", "bioes", "--epochs", "1", "--device", "cpu",
        "--output", "second", "--json")
      #expect(
        second.status == 0 && second.errors.contains("are among those to learn from, too"), "\(second.errors)"
      )
    }

    @Test("What cannot be is said with file and line, and usage with the command's name")
    func refused() throws {
      let rank = try lathe("train", "token-classifier", "--base", "x", "--data", "y", "--rank", "3")
      #expect(
        rank.status == 2 && rank.errors.contains("--rank is for --peft lora, dora and adalora, not for full"))
      #expect(rank.errors.contains("lathe train token-classifier"))
      let scheme = try lathe("train", "token-classifier", "--base", "x", "--data", "y", "--scheme", "iob1")
      #expect(scheme.status == 2 && scheme.errors.contains("iob1 is only read"))
      try folder.write(Array("a O\nb x O\n".utf8), "ragged.conll")
      let ragged = try lathe("train", "token-classifier", "--base", base.folder, "--data", "ragged.conll")
      #expect(ragged.status == 1 && ragged.errors.contains("ragged.conll: line 2: 3 fields"))
      try folder.write([], "empty.conll")
      let empty = try lathe("train", "token-classifier", "--base", base.folder, "--data", "empty.conll")
      #expect(empty.status == 1 && empty.errors.contains("empty.conll: no sentences"))
    }
  }
}
