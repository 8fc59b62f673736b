import DataTestSupport
import Foundation
import LatheML
import Testing

/// `lathe generate` and `lathe chat`, with a tiny network.
@Suite("lathe generate and lathe chat")
struct GenerateTests {
  private static let model = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../Fixtures/language/llama").standardized.path
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func generate(_ arguments: String...) throws -> Lathe {
    try Lathe.start(
      ["generate", "--model", Self.model, "--device", "cpu"]
        + (arguments.contains("--max-tokens") ? [] : ["--max-tokens", "12"]) + arguments,
      in: folder.path
    ).wait()
  }

  /// What a shell's line does; `lathe` stands for the binary.
  private func shell(_ line: String) throws -> Lathe {
    try Lathe.start(
      program: "/bin/bash",
      ["-c", "lathe() { '\(Lathe.binary.path)' \"$@\"; }; model='\(Self.model)'; \(line)"], in: folder.path
    ).wait()
  }

  @Test("The text is that of the library, by an argument, a file and standard input")
  func texts() throws {
    let expected = try TextGenerator(path: Self.model, device: .cpu)
    var options = GenerationOptions()
    options.maximumNewTokens = 12
    let text = try expected.generate("a b c", options: options).text + "\n"
    try folder.write(Array("a b c".utf8), "prompt.txt")
    for run in [
      try generate("--prompt", "a b c"), try generate("--file", "prompt.txt"),
      try shell("printf 'a b c' | lathe generate --model \"$model\" --device cpu --max-tokens 12"),
      try generate("--prompt", "a b c", "--float32", "--timings"),
    ] {
      #expect(run.status == 0 && run.output == text, "\(run.errors)")
    }
    let timed = try generate("--prompt", "a b c", "--timings")
    #expect(timed.errors.contains("tokens/s"))
  }

  @Test("JSON, beams, and the same seed")
  func choices() throws {
    struct Row: Decodable {
      var text: String, tokens: [Int32], reason: String, log_probability: Double
    }
    for arguments in [["--json"], ["--json", "--beams", "3"]] {
      let run = try Lathe.start(
        ["generate", "--model", Self.model, "--device", "cpu", "--max-tokens", "5", "--prompt", "a b"]
          + arguments,
        in: folder.path
      ).wait()
      let row = try JSONDecoder().decode(Row.self, from: Data(run.output.utf8))
      #expect(run.status == 0 && row.tokens.count <= 5 && row.log_probability < 0, "\(run.errors)")
      #expect(["length", "end"].contains(row.reason))
    }
    let drawn = try (0..<2).map { _ in
      try generate("--prompt", "a b", "--temperature", "2", "--seed", "5").output
    }
    #expect(drawn[0] == drawn[1])
  }

  @Test("Several texts of one prompt")
  func several() throws {
    let drawn = ["--prompt", "a b", "--temperature", "1.5"]
    func lines(_ arguments: String...) throws -> String {
      let run = try Lathe.start(
        ["generate", "--model", Self.model, "--device", "cpu", "--max-tokens", "6"] + drawn + arguments,
        in: folder.path
      ).wait()
      #expect(run.status == 0, "\(run.errors)")
      return run.output
    }
    let three = try lines("--count", "3", "--seed", "7")
    let alone = try (7...9).map { try lines("--seed", "\($0)") }
    #expect(three == alone.joined(separator: "---\n"))
    #expect(try lines("--count", "3", "--seed", "7", "--json").split(separator: "\n").count == 3)
    let beams = try generate("--prompt", "a b", "--beams", "3", "--count", "2", "--json")
    #expect(beams.status == 0 && beams.output.split(separator: "\n").count == 2, "\(beams.errors)")
  }

  @Test("Texts that follow a schema or a grammar")
  func grammars() throws {
    try folder.write(Array(#"{"enum": ["ab", "ba"]}"#.utf8), "schema.json")
    let run = try generate("--prompt", "a b", "--schema", "schema.json", "--max-tokens", "80")
    // White space may stand around a value.
    let value = run.output.trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(run.status == 0 && ["\"ab\"", "\"ba\""].contains(value), "\(run.output)\(run.errors)")
    try folder.write(Array(#"root ::= ("a" | "b"){4}"#.utf8), "four.gbnf")
    let four = try generate("--prompt", "a b", "--grammar", "four.gbnf")
    #expect(
      four.status == 0 && four.output.count == 5 && four.output.dropLast().allSatisfy { "ab".contains($0) })
    try folder.write(Array("root ::= missing".utf8), "wrong.gbnf")
    let wrong = try generate("--prompt", "a b", "--grammar", "wrong.gbnf")
    #expect(wrong.status == 1 && wrong.errors.contains("missing"), "\(wrong.errors)")
  }

  @Test("A prompt that was computed is read from its file")
  func promptCache() throws {
    let plain = try generate("--prompt", "a b c d e")
    for _ in 0..<2 {
      let run = try generate("--prompt", "a b c d e", "--prompt-cache", "p.safetensors")
      #expect(run.status == 0 && run.output == plain.output, "\(run.errors)")
    }
    #expect(FileManager.default.fileExists(atPath: folder.file("p.safetensors")))
  }

  @Test("A conversation goes on after a message that does not fit, and forgets when it is told to")
  func chat() throws {
    let run = try shell(
      """
      printf 'a b\\n\\n/clear\\n%s\\nc\\n' "$(printf 'word %.0s' {1..80})" |
        lathe chat --model "$model" --device cpu --max-tokens 4 --temperature 0
      """)
    #expect(run.status == 0 && run.errors.contains("context has room for 96"), "\(run.errors)")
    #expect(run.output.split(separator: "\n", omittingEmptySubsequences: false).count >= 3)
  }

  @Test("A reader that goes away")
  func pipe() throws {
    let run = try shell(
      "lathe generate --model \"$model\" --device cpu --prompt 'a b' --max-tokens 80 | head -c 1 >/dev/null; echo ${PIPESTATUS[0]}"
    )
    #expect(
      ["0", "1", "141"].contains(run.output.trimmingCharacters(in: .whitespacesAndNewlines)), "\(run.output)")
  }

  @Test("What is wrong, in one clear line")
  func mistakes() throws {
    try folder.write([0xFF, 0xFE], "bytes.txt")
    try FileManager.default.createDirectory(atPath: folder.file("empty"), withIntermediateDirectories: true)
    let home = ["LATHE_HOME": folder.file("home")]
    let cases: [([String], Int32, String)] = [
      (["--model", "nobody", "--prompt", "a"], 1, "no model 'nobody'"),
      (["--model", "./nobody", "--prompt", "a"], 1, "no such file or folder"),
      (["--model", "empty", "--prompt", "a"], 1, "neither a config.json nor a GGUF file"),
      (["--model", Self.model, "--prompt", ""], 1, "empty prompt"),
      (["--model", Self.model, "--file", "bytes.txt"], 1, "not UTF-8"),
      (["--model", Self.model, "--prompt", "a", "--file", "bytes.txt"], 2, "--prompt or --file"),
      (["--model", Self.model, "--prompt", "a", "--top-p", "2"], 1, "top-p of 2.0"),
      (["--model", Self.model, "--prompt", "a", "--beams", "2", "--temperature", "1"], 1, "temperature"),
      (["--model", Self.model, "--prompt", "a", "--device", "tpu"], 2, "tpu"),
      (["--model", Self.model, "--prompt", "a", "--count", "2"], 2, "give --temperature, or --beams"),
      (["--model", Self.model, "--prompt", "a", "--count", "3", "--beams", "2"], 2, "more texts than beams"),
      (
        ["--model", Self.model, "--prompt", "a", "--grammar", "x", "--schema", "y"], 2,
        "--grammar or --schema"
      ),
      (["--model", Self.model, "--prompt", String(repeating: "a ", count: 200)], 1, "context has 96"),
    ]
    for (arguments, status, expected) in cases {
      let run = try Lathe.start(["generate"] + arguments, in: folder.path, environment: home).wait()
      #expect(
        run.status == status && run.errors.contains(expected), "\(arguments): \(run.status) \(run.errors)")
    }
  }
}
