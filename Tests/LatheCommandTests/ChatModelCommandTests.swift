import DataTestSupport
import Foundation
import LatheML
import Testing

extension CommandTests {
  @Suite("Fine-tuned chat models")
  struct ChatModelCommandTests {
    let folder: TemporaryFolder
    private let base = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures/language/llama").path

    /// A question as the base's chat template writes it.
    private static let prompt = "<|user|>kk b<|end|><|assistant|>"

    init() throws {
      folder = try TemporaryFolder()
      let rows = (0..<60).map { number in
        let letter = ["a", "b"][number % 2]
        return "{\"prompt\": \"\(String(repeating: "k", count: number / 2 + 1)) \(letter)\", "
          + "\"completion\": \"\(letter == "a" ? "gh" : "mn")\"}"
      }
      try folder.write(Array(rows.joined(separator: "\n").utf8), "answers.jsonl")
      let pairs = rows.map {
        $0.replacing("completion", with: "chosen").dropLast() + ", \"rejected\": \"xy\"}"
      }
      try folder.write(Array(pairs.joined(separator: "\n").utf8), "pairs.jsonl")
    }

    private func lathe(_ arguments: String...) throws -> Lathe {
      try Lathe.start(arguments, in: folder.path).wait()
    }

    @Test("Train, generate and merge; then preferences on the merged model")
    func flow() throws {
      let run = try lathe(
        "train", "chat-model", "--base", base, "--data", "answers.jsonl", "--targets", "q_proj", "v_proj",
        "up_proj", "down_proj", "--adapter-dropout", "0", "--epochs", "10", "--learning-rate", "0.01",
        "--device", "cpu", "--output", "run")
      #expect(run.status == 0, "\(run.errors)")
      #expect(run.output.contains("perplexity") && run.output.contains("before training"))
      #expect(
        run.errors.contains("trainable params: ") && run.errors.contains("48 conversations to learn from"))
      let text = try lathe("generate", "--model", "run", "--prompt", Self.prompt, "--device", "cpu")
      #expect(text.status == 0 && text.output == "mn\n", "\(text.output) \(text.errors)")
      let merged = try lathe("merge", "--model", "run", "--output", "merged")
      #expect(merged.status == 0, "\(merged.errors)")
      let same = try lathe("generate", "--model", "merged", "--prompt", Self.prompt, "--device", "cpu")
      #expect(same.output == text.output, "\(same.errors)")
      let better = try lathe(
        "train", "chat-model", "--base", "merged", "--data", "pairs.jsonl", "--epochs", "1", "--device",
        "cpu",
        "--learning-rate", "0.001", "--output", "better", "--json")
      #expect(better.status == 0, "\(better.errors)")
      #expect(better.output.contains("\"accuracy\":1") && better.errors.contains("48 pairs of answers"))
    }

    @Test("What cannot be says so, and leaves no folder")
    func refused() throws {
      try folder.write(Array("{\"prompt\": \"a\"}\n".utf8), "ragged.jsonl")
      for (arguments, status, message) in [
        (["--peft", "frozen", "--data", "answers.jsonl"], 2, "full, lora or dora, not by frozen"),
        (["--peft", "full", "--rank", "3", "--data", "answers.jsonl"], 2, "--rank is for --peft lora"),
        (["--beta", "0", "--data", "answers.jsonl"], 2, "beta is 0.0"),
        (["--data", ""], 2, "--data is empty"),
        (["--data", "missing.jsonl"], 1, "missing.jsonl"),
        (["--data", "ragged.jsonl"], 1, "ragged.jsonl, line 1: no key 'completion'"),
        (["--data", "answers.jsonl", "--test-data", "pairs.jsonl"], 1, "two answers each"),
      ] {
        let run = try Lathe.start(
          ["train", "chat-model", "--base", base, "--output", "none", "--device", "cpu"] + arguments,
          in: folder.path
        ).wait()
        #expect(run.status == Int32(status) && run.errors.contains(message), "\(run.errors)")
      }
      #expect(!FileManager.default.fileExists(atPath: folder.file("none")))
      let early = try lathe("chat", "--model", "none")
      #expect(early.status != 0)
    }
  }
}
