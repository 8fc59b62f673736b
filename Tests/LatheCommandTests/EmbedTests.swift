import DataTestSupport
import Foundation
import LatheML
import Testing

/// `lathe embed`, with a tiny network.
@Suite("lathe embed")
struct EmbedTests {
  /// A folder with a copy of the network of Tests/Fixtures/language/sentences and texts.
  private func folder() throws -> TemporaryFolder {
    let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../Fixtures/language/sentences").standardized
    let folder = try TemporaryFolder()
    try FileManager.default.copyItem(atPath: source.path, toPath: "\(folder.path)/tiny")
    try folder.write(Array("That is a happy person\n\nthe cat sat\r\n".utf8), "text.txt")
    return folder
  }

  private func rows(_ run: Lathe) throws -> [[Float]] {
    try run.lines.map { try JSONDecoder().decode([Float].self, from: Data($0.utf8)) }
  }

  @Test("A vector for each line, on standard output, as JSON lines and as an array")
  func forms() throws {
    let folder = try folder()
    let run = try Lathe.run(
      "embed", "--model", "tiny", "--file", "text.txt", "--device", "cpu", in: folder.path)
    #expect(run.status == 0, "\(run.errors)")
    let found = try rows(run)
    #expect(found.map(\.count) == [32, 32, 32])
    for row in found { #expect(abs(row.map { $0 * $0 }.reduce(0, +) - 1) < 1e-5) }
    let lines = try Lathe.run(
      "embed", "--model", "tiny", "--file", "text.txt", "--device", "cpu", "--output", "x.jsonl",
      in: folder.path)
    #expect(lines.status == 0 && lines.output.isEmpty)
    #expect(String(decoding: try folder.read("x.jsonl"), as: UTF8.self) == run.output)
    let array = try Lathe.run(
      "embed", "--model", "tiny/", "--file", "text.txt", "--device", "cpu", "--output", "x.npy",
      "--batch-size", "2",
      in: folder.path)
    #expect(array.status == 0, "\(array.errors)")
    let tensor = try NPYFile(path: folder.file("x.npy")).tensor
    #expect(tensor.shape == [3, 32])
    #expect(zip(try tensor.scalars(as: Float.self), found.joined()).allSatisfy { abs($0 - $1) < 1e-5 })
  }

  @Test("Other ways of pooling, and lengths as they are; a model of the store")
  func choices() throws {
    let folder = try folder()
    let home = ["LATHE_HOME": "\(folder.path)/home"]
    _ = try Lathe.start(["models", "add", "small", "tiny"], in: folder.path, environment: home).wait()
    let run = try Lathe.start(
      [
        "embed", "--model", "small", "--text", "the cat", "--device", "cpu", "--pooling", "cls",
        "--no-normalize",
      ], in: folder.path, environment: home
    ).wait()
    let encoder = try SentenceEncoder(
      pretrained: "\(folder.path)/tiny", pooling: .cls, normalizes: false, device: .cpu)
    let expected = try encoder.encode("the cat").scalars(as: Float.self)
    #expect(run.status == 0, "\(run.errors)")
    #expect(zip(try rows(run)[0], expected).allSatisfy { abs($0 - $1) < 1e-4 })
  }

  @Test("Nothing to embed, and what is wrong, in one clear line")
  func mistakes() throws {
    let folder = try folder()
    try folder.write([], "empty.txt")
    try folder.write([0x61, 10, 0xFF, 10], "bytes.txt")
    let home = ["LATHE_HOME": "\(folder.path)/home"]
    let cases = [
      (["--model", "tiny", "--file", "empty.txt"], 0, "empty.txt has no lines; there is nothing to embed"),
      (["--model", "tiny", "--file", "bytes.txt"], 1, "bytes.txt: line 2 is not UTF-8"),
      (["--model", "tiny", "--file", "none.txt"], 1, "none.txt: cannot open: no such file or directory"),
      (["--model", "nobody", "--file", "text.txt"], 1, "no model 'nobody'"),
      (["--model", "./nobody", "--file", "text.txt"], 1, "./nobody: no such file or folder"),
      (["--model", "home", "--file", "text.txt"], 1, "no model 'home'"),
      (["--model", "tiny", "--text", "a", "--output", "x.csv"], 2, "let the name end so"),
      (["--model", "tiny", "--text", "a", "--batch-size", "0"], 2, "--batch-size is 0; give 1 to 65536"),
      (["--model", "tiny", "--text", "a", "--file", "text.txt"], 2, "give --file or --text, one of them"),
      (["--model", "tiny", "--text", "a", "--pooling", "sum"], 2, "sum"),
    ]
    for (arguments, status, expected) in cases {
      let run = try Lathe.start(
        ["embed", "--device", "cpu"] + arguments, in: folder.path, environment: home
      ).wait()
      #expect(run.status == Int32(status) && run.errors.contains(expected), "\(arguments): \(run.errors)")
    }
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/x.csv"))
  }

  @Test("A reader that goes away")
  func pipe() throws {
    let folder = try folder()
    try folder.write(Array(String(repeating: "the cat\n", count: 3000).utf8), "long.txt")
    let command =
      "'\(Lathe.binary.path)' embed --model tiny --device cpu --file long.txt | head -1 | wc -l; "
      + "echo ${PIPESTATUS[0]}"
    let head = try Lathe.start(program: "/bin/bash", ["-c", command], in: folder.path).wait()
    // By the signal, or with its status where whoever started it ignores that.
    #expect(head.lines == ["1", "141"], "\(head.lines) \(head.errors)")
  }
}
