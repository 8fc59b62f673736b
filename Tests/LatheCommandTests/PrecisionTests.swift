import DataTestSupport
import Foundation
import Testing

extension CommandTests {
  @Suite("Precision and memory")
  struct PrecisionTests {
    let folder: TemporaryFolder

    init() throws {
      folder = try TemporaryFolder()
      try IDXFiles.write(to: folder, training: 320, test: 100)
    }

    private func train(_ more: String..., limit: String? = nil) throws -> Lathe {
      try Lathe.start(
        ["train", "lenet", "--data-dir", folder.path, "--device", "cpu"] + more, in: folder.path,
        environment: limit.map { ["LATHE_MEMORY_LIMIT": $0] } ?? [:]
      ).wait()
    }

    private func weights(_ output: String) throws -> [UInt8] {
      try folder.read("\(output)/model.safetensors")
    }

    @Test("Precision is stored with the run, wrong ones name the known")
    func precision() throws {
      let half = try train("--epochs", "1", "--precision", "bfloat16", "--output", "half")
      #expect(half.status == 0, "\(half.errors)")
      let whole = try train("--epochs", "1", "--output", "whole")
      #expect(whole.status == 0)
      #expect(try weights("half") != weights("whole"))
      let configuration = String(decoding: try folder.read("half/config.json"), as: UTF8.self)
      #expect(configuration.contains("\"precision\" : \"bfloat16\""))
      let other = try train("--epochs", "2", "--resume", "--output", "half")
      #expect(other.status == 1 && other.errors.contains("precision bfloat16, now none"), "\(other.errors)")
      let unknown = try train("--precision", "float8")
      #expect(unknown.status == 2 && unknown.errors.contains("bfloat16"), "\(unknown.errors)")
      let plain = try train("--checkpointing", "--output", "none")
      #expect(plain.status == 1 && plain.errors.contains("lenet has no layers"), "\(plain.errors)")
    }

    @Test("A batch that does not fit ends with one that does")
    func doesNotFit() throws {
      func run(_ batch: String) throws -> Lathe {
        try train("--batch-size", batch, "--epochs", "1", "--output", "out-\(batch)", limit: "9M")
      }
      let failed = try run("300")
      #expect(failed.status == 1, "\(failed.errors)")
      let words = failed.errors.split(separator: " ").map(String.init)
      #expect(failed.errors.contains("a batch of 300 does not fit: a batch of "), "\(failed.errors)")
      let place = try #require(words.firstIndex(of: "fits"))
      let fitting = try #require(Int(words[place - 1]))
      #expect(fitting > 0 && fitting < 300)
      // The step itself takes nothing more, but the next batches are prepared meanwhile.
      let passed = try run(String(max(1, fitting / 2)))
      #expect(passed.status == 0, "\(fitting): \(passed.errors)")
    }
  }
}
