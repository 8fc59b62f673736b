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

    private func train(_ more: String...) throws -> Lathe {
      try Lathe.start(
        ["train", "lenet", "--data-dir", folder.path, "--device", "cpu"] + more, in: folder.path
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
      #expect(
        other.status == 1 && other.errors.contains("precision bfloat16, now float32"), "\(other.errors)")
      let unknown = try train("--precision", "float8")
      #expect(unknown.status == 2 && unknown.errors.contains("bfloat16"), "\(unknown.errors)")
      let plain = try train("--recompute", "--output", "none")
      #expect(plain.status == 1 && plain.errors.contains("lenet has no layers"), "\(plain.errors)")
    }

    @Test(
      "A checkpoint that the device has no room for is not taken for a damaged one",
      arguments: ["cpu", "opencl:0"])
    func resumeWithoutRoom(_ device: String) throws {
      guard try hasDevice(device) else { return }
      let folder = try TemporaryFolder()
      try IDXFiles.write(to: folder, training: 64, test: 20)
      func run(_ epochs: Int, _ more: String..., limit: String) throws -> Lathe {
        try Lathe.start(
          [
            "train", "lenet", "--data-dir", folder.path, "--device", device, "--batch-size", "16", "--epochs",
            "\(epochs)", "--output", "out",
          ] + more, in: folder.path, environment: ["LATHE_MEMORY_LIMIT": limit]
        ).wait()
      }
      #expect(try run(1, limit: "1G").status == 0)
      let names = folder.names
      let failed = try run(2, "--resume", limit: "200K")
      #expect(failed.status == 1 && failed.errors.contains("memory"), "\(failed.errors)")
      #expect(!failed.errors.contains("checkpoint before it") && !failed.errors.contains("can be used"))
      #expect(folder.names == names)
      let resumed = try run(2, "--resume", limit: "1G")
      #expect(resumed.status == 0 && resumed.output.contains("epoch 2/2"), "\(resumed.errors)")
    }

    /// Whether there is a device; one that is required fails the test.
    private func hasDevice(_ device: String) throws -> Bool {
      if try Lathe.run("devices", in: folder.path).output.contains(device) { return true }
      try #require(ProcessInfo.processInfo.environment["LATHE_REQUIRE_OPENCL"] != "1", "no \(device)")
      return false
    }

    /// Adam's state is made by the first step; `sgd` has momentum.
    @Test(
      "A batch that does not fit ends with one that does", arguments: ["cpu", "opencl:0"], ["adam", "sgd"])
    func doesNotFit(_ device: String, _ optimizer: String) throws {
      guard try hasDevice(device) else { return }
      let folder = try TemporaryFolder()
      try IDXFiles.write(to: folder, training: 1500, test: 20)
      func run(_ batch: Int, _ more: String...) throws -> Lathe {
        try Lathe.start(
          [
            "train", "lenet", "--data-dir", folder.path, "--device", device, "--optimizer", optimizer,
            "--batch-size", "\(batch)", "--epochs", "1", "--output", "out",
          ] + more, in: folder.path, environment: ["LATHE_MEMORY_LIMIT": "7M"]
        ).wait()
      }
      let failed = try run(250)
      #expect(failed.status == 1, "\(failed.errors)")
      #expect(failed.errors.contains("a batch of 250 does not fit: a batch of "), "\(failed.errors)")
      let words = failed.errors.split(separator: " ").map(String.init)
      let fits = try #require(words.firstIndex(of: "fits"))
      let fitting = try #require(Int(words[fits - 1]))
      let gathered = try #require(words.firstIndex(of: "gradients").flatMap { Int(words[$0 + 2]) })
      #expect(fitting >= 40 && fitting < 250 && gathered == (250 + fitting - 1) / fitting)
      let whole = try run(fitting)
      #expect(whole.status == 0, "\(fitting): \(whole.errors)")
      try FileManager.default.removeItem(atPath: folder.file("out"))
      let parts = try run(fitting, "--accumulate", "\(gathered)")
      #expect(parts.status == 0, "\(fitting), \(gathered) a step: \(parts.errors)")
    }
  }
}
