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

  /// What `transformers` found with a network of Tests/Fixtures/language.
  private struct Expected: Decodable {
    struct Search: Decodable { var num_beams: Int, length_penalty: Double, tokens: [[Int32]] }
    var input_ids: [[Int32]], end: Int32, greedy_until_end: [[Int32]], beams: [Search]
  }

  @Test("An encoder with a decoder gives the texts and beams of transformers", arguments: ["t5", "t5-gated"])
  func encoderDecoder(_ name: String) throws {
    struct Row: Decodable { var tokens: [Int32], reason: String }
    let source = URL(fileURLWithPath: Self.model).deletingLastPathComponent().appendingPathComponent(name)
      .path
    try FileManager.default.copyItem(atPath: source, toPath: folder.file(name))
    let expected = try JSONDecoder().decode(
      Expected.self, from: Data(contentsOf: URL(fileURLWithPath: "\(source)/expected.json")))
    // The end that the searches had.
    let text = try String(contentsOfFile: "\(source)/config.json", encoding: .utf8)
    try folder.write(
      Array(text.replacing("\"eos_token_id\": 1,", with: "\"eos_token_id\": \(expected.end),").utf8),
      "\(name)/config.json")
    let prompt = expected.input_ids[0].map { "t\($0)" }.joined(separator: " ")
    func rows(_ arguments: [String]) throws -> [[Int32]] {
      let run = try Lathe.start(
        ["generate", "--model", name, "--device", "cpu", "--prompt", prompt, "--max-tokens", "20", "--json"]
          + arguments, in: folder.path
      ).wait()
      #expect(run.status == 0, "\(run.errors)")
      return try run.lines.map { try JSONDecoder().decode(Row.self, from: Data($0.utf8)).tokens }
    }
    func untilEnd(_ row: [Int32]) -> [Int32] { Array(row.prefix { $0 != expected.end }) }
    #expect(try rows([]).first?.isEmpty == false)
    #expect(try rows(["--float32"]) == [untilEnd(expected.greedy_until_end[0])])
    for search in expected.beams {
      let found = try rows([
        "--beams", "\(search.num_beams)", "--count", "\(search.num_beams)", "--length-penalty",
        "\(search.length_penalty)", "--float32",
      ])
      #expect(found == search.tokens.prefix(search.num_beams).map(untilEnd), "\(search.length_penalty)")
    }
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
    #expect(run.status == 1 && run.errors.contains("context has room for 96"), "\(run.errors)")
    #expect(run.output.split(separator: "\n", omittingEmptySubsequences: false).count >= 3)
    let bytes = try shell(
      "printf 'a\\n\\xff\\nb\\n' | lathe chat --model \"$model\" --device cpu --max-tokens 4 --temperature 0 --timings"
    )
    #expect(bytes.status == 1 && bytes.errors.contains("line 2 is not UTF-8"), "\(bytes.errors)")
    #expect(bytes.errors.components(separatedBy: "tokens/s").count > 2, "\(bytes.errors)")
  }

  /// A copy of the model whose texts do not end: its positions are said to go on, and no token ends a text.
  private func endlessModel() throws -> String {
    let path = folder.file("endless")
    try FileManager.default.copyItem(atPath: Self.model, toPath: path)
    for (file, old, new) in [
      ("config.json", "\"max_position_embeddings\": 96", "\"max_position_embeddings\": 1000000"),
      ("config.json", "\"eos_token_id\": 0,", ""), ("tokenizer_config.json", "\"eos_token\"", "\"other\""),
    ] {
      let text = try String(contentsOfFile: "\(path)/\(file)", encoding: .utf8)
      #expect(text.contains(old), "\(file)")
      try folder.write(Array(text.replacing(old, with: new).utf8), "endless/\(file)")
    }
    return path
  }

  @Test("Ctrl-C ends a reply and not the conversation, and a text that is generated")
  func interrupts() throws {
    let path = try endlessModel()
    let line =
      "exec '\(Lathe.binary.path)' chat --model '\(path)' --device cpu --context 900000 --max-tokens 800000 < in"
    let fifo = folder.file("in")
    #expect(mkfifo(fifo, 0o600) == 0)
    let chat = try Lathe.start(program: "/bin/bash", ["-c", line], in: folder.path)
    let input = try FileHandle(forWritingTo: URL(fileURLWithPath: fifo))
    for message in ["a\n", "b\n"] {
      let before = size(chat.output)
      try input.write(contentsOf: Data(message.utf8))
      #expect(chat.waitFor { size(chat.output) > before + 20 })
      kill(chat.process.processIdentifier, SIGINT)
      // Until nothing more is written.
      var last = -1
      while last != size(chat.output) {
        last = size(chat.output)
        usleep(300_000)
      }
      #expect(chat.process.isRunning)
    }
    try input.close()
    let ended = try chat.wait()
    #expect(ended.status == 0 && ended.errors == "", "\(ended.errors)")
    let text = try Lathe.start(
      ["generate", "--model", path, "--device", "cpu", "--prompt", "a", "--max-tokens", "800000"],
      in: folder.path)
    #expect(text.waitFor { size(text.output) > 20 })
    kill(text.process.processIdentifier, SIGINT)
    let stopped = try text.wait()
    #expect(stopped.status == 130 && stopped.output.hasSuffix("\n"), "\(stopped.errors)")
  }

  private func size(_ path: String) -> Int {
    (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
  }

  @Test("A model is fetched from a hub and continues a text without it")
  func fetched() throws {
    var files: [String: [UInt8]] = [:]
    for name in ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"] {
      files[name] = try Array(Data(contentsOf: URL(fileURLWithPath: "\(Self.model)/\(name)")))
    }
    let model = HubModel(files)
    let server = try HubServer { model.answer($0) }
    let home = ["LATHE_HOME": folder.file("home"), "HF_ENDPOINT": server.endpoint]
    let fetch = try Lathe.start(
      ["models", "fetch", "hf:owner/name", "--name", "tiny"], in: folder.path, environment: home
    ).wait()
    #expect(fetch.status == 0, "\(fetch.errors)")
    let arguments = ["--device", "cpu", "--prompt", "a b c", "--max-tokens", "12"]
    let run = try Lathe.start(
      ["generate", "--model", "tiny"] + arguments, in: folder.path,
      environment: home.merging(["LATHE_OFFLINE": "1"]) { $1 }
    ).wait()
    let plain = try generate("--prompt", "a b c")
    #expect(run.status == 0 && run.output == plain.output, "\(run.errors)")
  }

  @Test("A reader that goes away")
  func pipe() throws {
    let long = try endlessModel()
    let run = try shell(
      "lathe generate --model '\(long)' --device cpu --prompt 'a b' --max-tokens 800000 | head -c 1 >/dev/null; echo ${PIPESTATUS[0]}"
    )
    #expect(run.output == "141\n" && run.errors == "", "\(run.output) \(run.errors)")
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
