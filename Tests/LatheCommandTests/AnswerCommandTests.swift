import DataTestSupport
import Foundation
import LatheML
import Testing

extension CommandTests {
  @Suite("Answers in texts")
  struct AnswerCommandTests {
    let folder: TemporaryFolder
    let base: TinyBase

    init() throws {
      folder = try TemporaryFolder()
      base = try TinyBase(in: folder.path)
      let rows = TinyBase.lines(80).enumerated().map { number, line in
        let text = line.split(separator: "\t").last.map(String.init) ?? ""
        let mark = ["bad", "dull", "weak", "good", "fine", "bright"].first { text.contains($0) } ?? ""
        let start = text.distance(
          from: text.startIndex, to: text.range(of: mark)?.lowerBound ?? text.startIndex)
        return "{\"id\": \"\(number)\", \"question\": \"is it\", \"context\": \"\(text)\", "
          + "\"answers\": {\"text\": [\"\(mark)\"], \"answer_start\": [\(start)]}}"
      }
      try folder.write(Array(rows.joined(separator: "\n").utf8), "questions.jsonl")
    }

    private func lathe(_ arguments: String...) throws -> Lathe {
      try Lathe.start(arguments, in: folder.path).wait()
    }

    @Test("Train, answer, evaluate and merge")
    func flow() throws {
      let run = try lathe(
        "train", "question-answering", "--base", base.folder, "--data", "questions.jsonl", "--epochs", "12",
        "--length", "16", "--stride", "4", "--learning-rate", "0.01", "--device", "cpu", "--output", "run")
      #expect(run.status == 0, "\(run.errors)")
      #expect(run.output.contains("exact") && run.errors.contains("questions to learn from in"))
      let found = try lathe(
        "answer", "--model", "run", "--question", "is it", "--text", "the bright story", "--device", "cpu")
      #expect(
        found.status == 0 && found.output.hasPrefix("bright\t4..<10\t"), "\(found.output) \(found.errors)")
      try folder.write(
        Array("the film\nthe bright story\n".utf8), "text.txt")
      let json = try lathe(
        "answer", "--model", "run", "--question", "is it", "--file", "text.txt", "--top", "3", "--json",
        "--device", "cpu")
      #expect(json.status == 0 && json.lines.count == 3 && json.lines[0].contains("bright"), "\(json.output)")
      let tested = try lathe(
        "evaluate", "--model", "run", "--data-file", "questions.jsonl", "--json", "--device", "cpu")
      #expect(
        tested.status == 0 && tested.output.contains("\"exact_match\""), "\(tested.output) \(tested.errors)")
      let merged = try lathe("merge", "--model", "run", "--output", "merged")
      #expect(merged.status == 0, "\(merged.errors)")
    }

    @Test("What cannot be says so")
    func refused() throws {
      let none = try lathe("answer", "--model", "missing", "--question", "q", "--text", "t")
      #expect(none.status == 1 && none.errors.contains("missing/answering.json"), "\(none.errors)")
      let both = try lathe("answer", "--model", "m", "--question", "q", "--text", "t", "--file", "f")
      #expect(both.status == 2 && both.errors.contains("give --text or --file"))
      for (arguments, status, message) in [
        (["--data", "missing.json"], 1, "missing.json"),
        (["--data", "questions.jsonl", "--stride", "500"], 2, "share 500"),
        (["--data", "questions.jsonl", "--peft", "full", "--rank", "2"], 2, "--rank is for"),
        (["--data", ""], 2, "is empty"),
      ] {
        let run = try Lathe.start(
          ["train", "question-answering", "--base", base.folder, "--output", "none", "--device", "cpu"]
            + arguments,
          in: folder.path
        ).wait()
        #expect(run.status == Int32(status) && run.errors.contains(message), "\(run.errors)")
      }
    }
  }
}
