import DataTestSupport
import Foundation
import LatheML
import Synchronization
import Testing

@Suite("Digests")
struct SHA256Tests {
  @Test("Digests of the standard and of every length, by both loops", arguments: [true, false])
  func vectors(_ isPlain: Bool) {
    func digits(_ bytes: [UInt8], cut: Int = 0) -> String {
      var sum = SHA256(isPlain: isPlain)
      bytes[..<cut].withUnsafeBytes { sum.add($0) }
      bytes[cut...].withUnsafeBytes { sum.add($0) }
      return sum.digits()
    }
    #expect(digits([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(digits(Array("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      digits(Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8))
        == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
    #expect(
      digits([UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000))
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    for count in 0..<200 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7) }
      var other = SHA256(isPlain: !isPlain)
      bytes.withUnsafeBytes { other.add($0) }
      #expect(digits(bytes, cut: count / 3) == other.digits())
    }
  }
}

@Suite("The store of models and the hub")
struct ModelStoreTests {
  let folder: TemporaryFolder
  let store: ModelStore
  let weights = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 ^ $0 >> 8) }

  init() throws {
    folder = try TemporaryFolder()
    store = ModelStore(folder: folder.file("store"))
  }

  private func digest(_ bytes: [UInt8]) -> String {
    var sum = SHA256()
    bytes.withUnsafeBytes { sum.add($0) }
    return sum.digits()
  }

  private var model: HubModel {
    HubModel(
      [
        "config.json": Array("{}".utf8), "model.safetensors": weights,
        "1_Pooling/config.json": Array("[]".utf8),
        "tf_model.h5": [1], ".gitattributes": [2],
      ], digests: ["model.safetensors": digest(weights)])
  }

  private func fetch(_ server: HubServer, token: String? = nil, _ patterns: String..., as name: String? = nil)
    throws
    -> StoredModel
  {
    try store.fetch(
      HubAddress("hf:owner/name"), as: name, patterns: patterns,
      from: HubAccess(endpoint: server.endpoint, token: token))
  }

  private func content(_ model: StoredModel, _ file: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(model.folder)/\(file)")))
  }

  @Test("What a model needs is fetched, once, and is then in the list")
  func fetching() throws {
    let model = model
    let server = try HubServer { model.answer($0) }
    let places = Mutex<[HubProgress]>([])
    let stored = try store.fetch(
      HubAddress("hf:owner/name"), from: HubAccess(endpoint: server.endpoint + "/", token: "secret")
    ) { progress in places.withLock { $0.append(progress) } }
    #expect(stored.files.map(\.path) == ["1_Pooling/config.json", "config.json", "model.safetensors"])
    #expect(
      try content(stored, "model.safetensors") == weights
        && content(stored, "1_Pooling/config.json") == Array("[]".utf8))
    #expect(stored.source == "hf:owner/name@\(model.commit)" && stored.problems().isEmpty)
    #expect(try store.models().map(\.name) == ["name"] && store.required("name").files == stored.files)
    #expect(places.withLock { $0.last?.done == $0.last?.total && $0.last?.total == 300_004 })
    #expect(server.questions.allSatisfy { $0.headers["authorization"] == "Bearer secret" })
    let asked = server.questions.count
    #expect(try fetch(server).files == stored.files && server.questions.count == asked + 1)
    #expect(try FileManager.default.contentsOfDirectory(atPath: store.folder) == ["name"])
    // Another name, other files, a revision.
    let other = try store.fetch(
      HubAddress("hf:owner/name@v1.0/x"), as: "other", patterns: ["*.h5", "config*"],
      from: HubAccess(endpoint: server.endpoint))
    #expect(other.files.map(\.path) == ["tf_model.h5", "config.json"])
    #expect(server.questions.contains { $0.path == "/api/models/owner/name/revision/v1.0/x?blobs=true" })
    #expect(server.questions.last?.headers["authorization"] == nil)
  }

  @Test("A newer commit replaces a model when it is whole")
  func newer() throws {
    let old = model
    try #require(try fetch(HubServer { old.answer($0) }).problems().isEmpty)
    var new = model
    new.commit = "ffff"
    new.files["config.json"] = Array("{\"a\":1}".utf8)
    let newModel = new
    let broken = try HubServer { $0.path.contains("safetensors") ? .init(status: 404) : newModel.answer($0) }
    #expect { try fetch(broken) } throws: {
      says($0, "404", "no file model.safetensors") || says($0, "no file model.safetensors")
    }
    #expect(try content(store.required("name"), "config.json") == Array("{}".utf8))
    let stored = try fetch(HubServer { newModel.answer($0) })
    #expect(stored.source.hasSuffix("@ffff") && stored.problems().isEmpty)
    #expect(try content(stored, "config.json") == new.files["config.json"])
  }

  @Test("A cut connection goes on where it stopped, at once and in another run")
  func resuming() throws {
    let model = model
    let count = Mutex(0)
    let server = try HubServer { question in
      var answer = model.answer(question)
      if question.path.hasSuffix(".safetensors") {
        let number = count.withLock { count in
          count += 1
          return count
        }
        if number < 4 { answer.cut = 50_000 }
      }
      return answer
    }
    #expect(try content(fetch(server), "model.safetensors") == weights)
    #expect(server.questions.map(\.start).filter { $0 > 0 } == [50_000, 100_000, 150_000])
    // Nothing more comes: an error, and what came stays.
    let dead = try HubServer { question in
      var answer = model.answer(question)
      if question.path.hasSuffix(".safetensors") { answer.cut = question.start == 0 ? 70_000 : 0 }
      return answer
    }
    #expect { try fetch(dead, as: "again") } throws: {
      says($0, "model.safetensors", "run the command again")
    }
    let healthy = try HubServer { model.answer($0) }
    #expect(try content(fetch(healthy, as: "again"), "model.safetensors") == weights)
    #expect(healthy.questions.map(\.start).filter { $0 > 0 } == [70_000])
    #expect(healthy.questions.allSatisfy { !$0.path.hasSuffix("/config.json") })
  }

  @Test("A server without ranges, one that sends another range, and one that has none there")
  func ranges() throws {
    let model = model
    for (name, later) in [
      ("all", { @Sendable in HubServer.Answer(body: $0) }),
      ("none", { @Sendable _ in HubServer.Answer(status: 416) }),
      (
        "other",
        { @Sendable in HubServer.Answer(status: 206, headers: ["Content-Range: bytes 0-9/10"], body: $0) }
      ),
    ] as [(String, @Sendable ([UInt8]) -> HubServer.Answer)] {
      let weights = weights
      let server = try HubServer { question in
        guard question.path.hasSuffix(".safetensors") else { return model.answer(question) }
        return question.start > 0 ? later(weights) : .init(body: weights, cut: name == "none" ? nil : 1000)
      }
      if name == "none" {
        // A part of a file that has become shorter on the hub.
        let dead = try HubServer { question in
          var answer = model.answer(question)
          if question.path.hasSuffix(".safetensors") { answer.cut = question.start == 0 ? 70_000 : 0 }
          return answer
        }
        #expect(throws: (any Error).self) { try fetch(dead, as: name) }
      }
      if name == "other" {
        #expect { try fetch(server, as: name) } throws: {
          says($0, "asked for bytes from 1000 on", "bytes 0-9/10")
        }
      } else {
        #expect(try content(fetch(server, as: name), "model.safetensors") == weights, "\(name)")
      }
    }
  }

  @Test("Content of another digest, too much of it, and refusals")
  func faults() throws {
    let model = model
    var lying = model
    lying.digests["model.safetensors"] = String(repeating: "0", count: 64)
    let liar = lying
    let lie = try HubServer { liar.answer($0) }
    for _ in 0..<2 {
      #expect { try fetch(lie) } throws: { says($0, "model.safetensors", digest(weights), "promised 0000") }
    }
    #expect(lie.questions.filter { $0.path.hasSuffix(".safetensors") }.map(\.start) == [0, 0])
    let long = try HubServer {
      $0.path.contains("resolve") ? .init(body: [UInt8](repeating: 0, count: 400_000)) : model.answer($0)
    }
    #expect { try fetch(long) } throws: { says($0, "more than the", "that the hub promised") }
    for (status, words) in [
      (401, "set HF_TOKEN"), (403, "set HF_TOKEN"), (404, "has no model owner/name with a revision 'main'"),
      (429, "too many questions"), (418, "status 418"), (503, "status 503"),
    ] {
      let server = try HubServer { _ in .init(status: status) }
      #expect { try fetch(server) } throws: { says($0, server.endpoint, words) }
      #expect(server.questions.count == (status == 503 ? 4 : 1))
    }
    let gate = try HubServer { _ in .init(status: 403) }
    #expect { try fetch(gate, token: "t") } throws: { says($0, "accept its licence") }
    // Nobody listens there.
    let endpoint = try HubServer { _ in .init() }.endpoint
    #expect {
      try store.fetch(HubAddress("hf:owner/name"), from: HubAccess(endpoint: endpoint))
    } throws: { says($0, endpoint, "check the network") }
    #expect(try store.models().isEmpty)
  }

  @Test("Lists that are none, or name files elsewhere, and files that no disk holds")
  func lists() throws {
    for (text, words) in [
      ("<html>", "not the hub's list"), (#"{"sha":"a"}"#, "not the hub's list"),
      (#"{"sha":"x/y","siblings":[]}"#, "no commit"),
      (#"{"sha":"a","siblings":[{"rfilename":"../x.json","size":1}]}"#, "impossible path"),
      (#"{"sha":"a","siblings":[{"rfilename":"/etc/x.json","size":1}]}"#, "impossible path"),
      (#"{"sha":"a","siblings":[{"rfilename":"x.json","size":-1}]}"#, "impossible path"),
      (#"{"sha":"a","siblings":[{"rfilename":"x.safetensors"}]}"#, "impossible path"),
      (#"{"sha":"a","siblings":[{"rfilename":"x.safetensors","size":9000000000000000000}]}"#, "are free"),
      (#"{"sha":"a","siblings":[{"rfilename":"x.txt","size":1}]}"#, "no safetensors, PyTorch or GGUF file"),
      (
        #"{"sha":"a","siblings":[{"rfilename":"a.gguf","size":1},{"rfilename":"b.gguf","size":1}]}"#,
        "choose one with --file: a.gguf"
      ),
      (String(repeating: "[", count: 100_000), "not the hub's list"),
    ] {
      let server = try HubServer { _ in .init(body: Array(text.utf8)) }
      #expect { try fetch(server) } throws: { says($0, words) }
    }
    let model = model
    let server = try HubServer { model.answer($0) }
    #expect { try fetch(server, "*.onnx") } throws: { says($0, "'*.onnx'", "config.json") }
    for address in ["owner/name", "hf:owner", "hf:a/b/c", "hf:../x", "hf:a/b@", "hf:a/b@x y", "hf:a/b@../c"] {
      #expect { try HubAddress(address) } throws: { says($0, "hf:OWNER/NAME") }
    }
  }

  @Test("Redirects to another host do not carry the token")
  func redirects() throws {
    let model = model
    let weights = weights
    let store = try HubServer { _ in .init(body: weights) }
    let elsewhere = store.endpoint.replacingOccurrences(of: "127.0.0.1", with: "localhost")
    let server = try HubServer {
      $0.path.hasSuffix(".safetensors")
        ? .init(status: 302, headers: ["Location: \(elsewhere)/blob?x=1"]) : model.answer($0)
    }
    #expect(try content(fetch(server, token: "secret"), "model.safetensors") == weights)
    #expect(
      store.questions.map(\.path) == ["/blob?x=1"] && store.questions[0].headers["authorization"] == nil)
  }

  @Test("Models are added as copies or links, verified and removed")
  func adding() throws {
    let source = folder.file("model")
    try FileManager.default.createDirectory(atPath: source + "/sub", withIntermediateDirectories: true)
    try folder.write([1, 2, 3], "model/a.json")
    try folder.write(weights, "model/sub/b.bin")
    let copy = try store.add("copy", path: source)
    let link = try store.add("link", path: source, linking: true)
    let file = try store.add("file", path: source + "/a.json", origin: "mail:x")
    #expect(try store.required("file").source == "mail:x" && copy.source == source)
    #expect(copy.files.map(\.path) == ["a.json", "sub/b.bin"] && copy.files == link.files)
    #expect(file.files == [copy.files[0]] && copy.files[1].sha256 == digest(weights))
    #expect(copy.problems().isEmpty && link.problems().isEmpty && copy.byteCount == 300_003)
    try folder.write([1, 2, 4], "model/a.json")
    #expect(copy.problems().isEmpty && link.problems().count == 1)
    #expect(link.problems()[0].contains("SHA-256"))
    try folder.write([1], "store/copy/a.json")
    #expect(copy.problems().first?.contains("1 bytes, expected 3") == true)
    try FileManager.default.removeItem(atPath: "\(copy.folder)/sub/b.bin")
    #expect(copy.problems().count == 2)
    #expect { try store.add("copy", path: source) } throws: { says($0, "there is a model 'copy'") }
    #expect { try store.add("x", path: source + "/none") } throws: { says($0, "no such file") }
    for name in ["", ".x", "a/b", "-a", "a b", "..", "é"] {
      #expect { try store.add(name, path: source) } throws: { says($0, "cannot be a model's name") }
    }
    try store.remove("link")
    #expect(try store.models().map(\.name) == ["copy", "file"] && folder.read("model/sub/b.bin") == weights)
    #expect { try store.remove("link") } throws: { says($0, "no model 'link'", "there are copy, file") }
    #expect { try store.remove("../model") } throws: { says($0, "no model") }
  }

  @Test("A list that names files elsewhere, or is none, is refused")
  func hostileLists() throws {
    try store.add("a", path: folder.write([1], "x.bin"))
    for text in [
      #"{"source":"s","files":[{"path":"../../x","size":1,"sha256":""}]}"#, #"{"files":3}"#, "",
      String(repeating: "[", count: 100_000),
    ] {
      try folder.write(Array(text.utf8), "store/a/lathe-model.json")
      #expect { try store.models() } throws: { says($0, "lathe-model.json") }
    }
  }
}
