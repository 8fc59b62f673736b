import DataTestSupport
import Foundation
import LatheML
import Testing

extension CommandTests {
  /// Several runs, and what becomes of their folders.
  @Suite("Folders of runs")
  struct RunFolderTests {
    let folder: TemporaryFolder

    init() throws {
      folder = try TemporaryFolder()
      try IDXFiles.write(to: folder, training: 320, test: 100)
    }

    private func start(_ more: String...) throws -> Lathe.Running {
      try Lathe.start(
        ["train", "lenet", "--data-dir", folder.path, "--device", "cpu", "--batch-size", "32"] + more,
        in: folder.path)
    }

    @Test("Runs that start together have folders of their own")
    func together() throws {
      let results = try (0..<4).map { _ in try start("--epochs", "1") }.map { try $0.wait() }
      #expect(results.allSatisfy { $0.status == 0 }, "\(results.map(\.errors))")
      #expect(folder.namesIn("runs").sorted() == ["lenet-1", "lenet-2", "lenet-3", "lenet-4"])
    }

    @Test("A second run in a folder is refused while the first is at work, and goes on when that is killed")
    func second() throws {
      let long = try start("--epochs", "100000", "--output", "out", "--checkpoint-every", "7")
      #expect(long.waitFor { !folder.checkpointsIn("out").isEmpty })
      let refused = try start("--epochs", "1", "--output", "out", "--resume").wait()
      #expect(refused.status == 1)
      #expect(refused.errors.contains("out: another process is at work in it"), "\(refused.errors)")
      kill(long.process.processIdentifier, SIGKILL)
      _ = try long.wait()
      let resumed = try start("--steps", "1", "--output", "out", "--resume").wait()
      #expect(resumed.status == 0, "\(resumed.errors)")
    }

    @Test("The last lines name the best epoch and its file")
    func bestEpoch() throws {
      let result = try start("--epochs", "2", "--output", "out").wait()
      #expect(result.status == 0)
      let lines = result.errors.split(separator: "\n")
      #expect(
        lines.contains { $0.hasPrefix("best epoch ") && $0.hasSuffix("its weights in out/best.safetensors") },
        "\(result.errors)")
    }

    @Test("A last batch of one image does not stop the process, and can be left out")
    func lastBatch() throws {
      let images = (0..<23 * 64).map { UInt8(truncatingIfNeeded: $0 * 7) }
      let path = folder.file("small.npz")
      try NPZFile.write(
        [
          ("images", Tensor(images, shape: [23, 8, 8], device: .cpu)),
          ("labels", Tensor((0..<23).map { Int32($0 % 2) }, device: .cpu)),
        ], to: path)
      func train(_ batch: Int, _ more: String...) throws -> Lathe {
        try Lathe.start(
          [
            "train", "resnet18", "--data-file", path, "--device", "cpu", "--epochs", "1", "--batch-size",
            "\(batch)",
          ] + more, in: folder.path
        ).wait()
      }
      // How many images are left for training, of which the last is a batch of its own.
      let tooLarge = try train(23)
      let words = tooLarge.errors.split(separator: " ")
      let count = try #require(
        words.firstIndex(of: "images;").flatMap { Int(words[$0 - 1]) }, "\(tooLarge.errors)")
      let refused = try train(count - 1)
      #expect(refused.status == 1)
      #expect(refused.errors.contains("BatchNorm2D: a batch [1, ") && refused.errors.contains("--drop-last"))
      #expect(refused.errors.split(separator: "\n").last?.hasPrefix("lathe: error: ") == true)
      let dropped = try train(count - 1, "--drop-last")
      #expect(dropped.status == 0, "\(dropped.errors)")
    }

    @Test("A test set larger than the memory is tested in parts")
    func smallMemory() throws {
      // What training with this batch takes, found by trying: less than a test of 250 images at a time.
      let limits = ["1500K", "2M", "2500K", "3M", "4M", "6M"]
      let notes = try limits.map { limit in
        try Lathe.start(
          [
            "train", "lenet", "--data-dir", folder.path, "--device", "cpu", "--batch-size", "8", "--epochs",
            "1",
            "--output", "memory-\(limit)",
          ], in: folder.path, environment: ["LATHE_MEMORY_LIMIT": limit]
        ).wait()
      }
      #expect(
        notes.contains { $0.status == 0 && $0.errors.contains("images at a time") }, "\(notes.map(\.errors))")
      // Where a step fits, the run ends.
      #expect(
        notes.allSatisfy { $0.status == 0 || $0.errors.contains("epoch 1, step") }, "\(notes.map(\.errors))")
    }
  }
}
