import DataTestSupport
import Foundation
import LatheML
import Testing

@Suite("The command for models and files of weights")
struct ModelsCommandTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Lathe {
    try Lathe.start(
      arguments, in: folder.path, environment: ["LATHE_HOME": folder.file("home")].merging(environment) { $1 }
    ).wait()
  }

  private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures/checkpoints").path

  @Test("Models are fetched, listed, verified and removed")
  func life() throws {
    let model = HubModel([
      "model.safetensors": [UInt8](repeating: 7, count: 100_000), "config.json": [0x7B, 0x7D],
    ])
    let server = try HubServer { model.answer($0) }
    let hub = ["HF_ENDPOINT": server.endpoint, "HF_TOKEN": "secret"]
    let fetched = try run("models", "fetch", "hf:owner/name", "--name", "mine", environment: hub)
    #expect(fetched.status == 0 && fetched.output.contains("mine: 2 files, 97.7 KiB"))
    #expect(fetched.errors == "fetching config.json\nfetching model.safetensors\n")
    #expect(server.questions.allSatisfy { $0.headers["authorization"] == "Bearer secret" })
    #expect(try run("models").output.contains("mine  97.7 KiB from hf:owner/name@0123456789abcdef"))
    let json = try JSONSerialization.jsonObject(with: Data(run("models", "list", "--json").output.utf8))
    #expect(((json as? [String: Any])?["pretrained"] as? [Any])?.count == 1)
    #expect(try run("models", "verify").output == "mine: 2 files are as they came\n")
    try folder.write([1], "home/models/mine/config.json")
    let broken = try run("models", "verify", "mine")
    #expect(broken.status == 1 && broken.errors.contains("config.json: 1 bytes, expected 2"))
    #expect(try run("models", "remove", "mine").status == 0)
    #expect(try run("models").output.contains("pre-trained") == false)
    let missing = try run("models", "verify", "mine")
    #expect(missing.status == 1 && missing.errors.contains("no model 'mine'"))
  }

  @Test("LATHE_OFFLINE asks nobody")
  func offline() throws {
    let server = try HubServer { _ in .init(status: 500) }
    let run = try run(
      "models", "fetch", "hf:owner/name", environment: ["HF_ENDPOINT": server.endpoint, "LATHE_OFFLINE": "1"])
    #expect(run.status == 1 && run.errors.contains("LATHE_OFFLINE is set") && server.questions.isEmpty)
    let wrong = try self.run("models", "fetch", "hf:owner/name", environment: ["HF_ENDPOINT": "ftp://x"])
    #expect(wrong.status == 1 && wrong.errors.contains("HF_ENDPOINT"))
  }

  @Test("Two processes that fetch one model do not get in each other's way")
  func together() throws {
    let model = HubModel(["model.safetensors": [UInt8](repeating: 7, count: 100_000)])
    let server = try HubServer { question in
      // The second one asks while the first one waits.
      if question.path.hasSuffix(".safetensors") { usleep(500_000) }
      return model.answer(question)
    }
    let environment = ["LATHE_HOME": folder.file("home"), "HF_ENDPOINT": server.endpoint]
    let runs = try (0..<2).map { _ in
      try Lathe.start(["models", "fetch", "hf:owner/name"], in: folder.path, environment: environment)
    }
    let results = try runs.map { try $0.wait() }
    #expect(results.contains { $0.status == 0 })
    #expect(results.allSatisfy { $0.status == 0 || $0.errors.contains("another process is at work in it") })
    #expect(try run("models", "verify").status == 0)
  }

  @Test("A disk that takes no more is an error, and the fetch goes on behind it")
  func noSpace() throws {
    let model = HubModel(["model.safetensors": [UInt8](repeating: 7, count: 300_000)])
    let server = try HubServer { model.answer($0) }
    let script = "trap '' XFSZ; ulimit -f 100; exec '\(Lathe.binary.path)' models fetch hf:owner/name"
    let environment = ["LATHE_HOME": folder.file("home"), "HF_ENDPOINT": server.endpoint]
    let full = try Lathe.start(
      program: "/bin/bash", ["-c", script], in: folder.path, environment: environment
    ).wait()
    #expect(full.status == 1 && full.errors.contains("model.safetensors.part: cannot write: file too large"))
    #expect(try run("models", "fetch", "hf:owner/name", environment: environment).status == 0)
    #expect(server.questions.last?.start == 102_400)
  }

  @Test(
    "Files of every format are shown",
    arguments: ["weights.pt", "weights-legacy.pt", "blocks.gguf", "weights.pt.npz"])
  func inspection(_ name: String) throws {
    let path = "\(Self.fixtures)/\(name)"
    let table = try run("inspect", path)
    #expect(table.status == 0 && table.lines.first?.hasPrefix("\(path): ") == true)
    let json = try run("inspect", "--json", path)
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
    let tensors = try #require(object["tensors"] as? [[String: Any]])
    let metadata = try #require(object["metadata"] as? [String: Any])
    switch name {
    case "blocks.gguf":
      #expect(object["format"] as? String == "gguf" && tensors.count == 18)
      #expect(table.output.contains("  Q4_K  Q4_K  [3, 512]"))
      #expect(table.output.contains("test.texts") && table.output.contains("3 values: a, , 日本"))
      #expect(
        metadata["test.texts"] as? [String] == ["a", "", "日本"] && metadata["test.uint8"] as? Int == 200)
      #expect((metadata["test.nested"] as? [[Int]]) == [[1, 2], [3, 4]])
    case "weights.pt.npz": #expect(object["format"] as? String == "npz" && metadata.isEmpty)
    default:
      #expect(object["format"] as? String == "pytorch" && metadata["epoch"] as? String == "3")
      #expect(table.output.contains("types.bfloat16"))
    }
  }

  @Test("A file that asks for a program is refused in one line")
  func attack() throws {
    let run = try run("inspect", "\(Self.fixtures)/attack.pt")
    #expect(run.status == 1 && run.errors.contains("posix.system") && run.output.isEmpty)
    #expect(run.errors.split(separator: "\n").count == 1)
  }
}
