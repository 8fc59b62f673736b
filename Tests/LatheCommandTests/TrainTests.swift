import DataTestSupport
import Foundation
import Testing

extension CommandTests {
  @Suite("Training")
  struct TrainTests {
    let folder: TemporaryFolder

    init() throws {
      folder = try TemporaryFolder()
      try IDXFiles.write(to: folder, training: 320, test: 100)
    }

    private func arguments(_ more: [String], device: String = "cpu") -> [String] {
      ["train", "lenet", "--data-dir", folder.path, "--device", device, "--batch-size", "32"] + more
    }

    private func train(_ more: String..., device: String = "cpu") throws -> Lathe {
      try Lathe.start(arguments(more, device: device), in: folder.path).wait()
    }

    private func weights(_ output: String) throws -> [UInt8] {
      try folder.read("\(output)/model.safetensors")
    }

    @Test("A line an epoch, where the model is, and a command that evaluates it")
    func lines() throws {
      let result = try train("--epochs", "4", "--learning-rate", "0.005")
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.lines.count == 4)
      #expect(result.lines.last?.hasPrefix("epoch 4/4: loss ") == true)
      #expect(!result.errors.contains("\r"))
      #expect(result.errors.contains("model stored in runs/lenet-1/model.safetensors"))
      let marker = "evaluate it with: "
      let line = try #require(result.errors.split(separator: "\n").first { $0.contains(marker) })
      let shell = Process()
      let pipe = Pipe()
      shell.executableURL = URL(fileURLWithPath: "/bin/sh")
      shell.arguments = ["-c", String(line.dropFirst(marker.count))]
      shell.currentDirectoryURL = URL(fileURLWithPath: folder.path)
      shell.standardOutput = pipe
      try shell.run()
      let table = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      shell.waitUntilExit()
      #expect(shell.terminationStatus == 0)
      let rows = table.split(separator: "\n")
      #expect(rows.first?.hasPrefix("accuracy") == true)
      #expect(rows.contains { $0.hasPrefix("Ankle boot") })
      #expect(table.contains("precision  recall      F1  images"))
      // A second run takes a folder of its own.
      #expect(try train("--epochs", "1").errors.contains("runs/lenet-2/model.safetensors"))
    }

    @Test("JSON has exactly the keys agreed on and nothing else is on standard output")
    func json() throws {
      let result = try train("--epochs", "2", "--json", "--output", "out")
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.lines.count == 2)
      let keys: Set = [
        "epoch", "train_loss", "train_accuracy", "test_loss", "test_accuracy", "samples_per_second",
        "seconds", "device",
      ]
      for (index, line) in result.lines.enumerated() {
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(Set(object.keys) == keys)
        #expect(object["epoch"] as? Int == index + 1)
        #expect(object["device"] as? String == "cpu")
      }
      let last = try #require(
        try JSONSerialization.jsonObject(with: Data(result.lines[1].utf8)) as? [String: Any])
      let evaluation = try Lathe.run(
        "evaluate", "--model", "out/", "--data-dir", folder.path, "--device", "cpu", "--json", in: folder.path
      )
      let scores = try #require(
        try JSONSerialization.jsonObject(with: Data(evaluation.output.utf8)) as? [String: Any])
      #expect(scores["accuracy"] as? Double == last["test_accuracy"] as? Double)
      #expect((scores["classes"] as? [[String: Any]])?.count == 10)
    }

    @Test("An earlier run is not overwritten unasked")
    func earlierRun() throws {
      #expect(try train("--epochs", "1", "--output", "out").status == 0)
      let before = try weights("out")
      let second = try train("--epochs", "1", "--output", "out")
      #expect(second.status == 1)
      #expect(second.errors.contains("holds an earlier run"))
      #expect(try weights("out") == before)
      let done = try train("--epochs", "1", "--output", "out", "--resume")
      #expect(done.status == 0)
      #expect(try weights("out") == before)
      let other = try train("--epochs", "2", "--output", "out", "--resume", "--seed", "9")
      #expect(other.status == 1)
      #expect(other.errors.contains("seed 0, now 9"))
    }

    @Test(
      "Stopped by a signal, resumed, the same bits at the end",
      arguments: [SIGINT, SIGTERM, SIGHUP, SIGKILL])
    func signals(_ signal: Int32) throws {
      // A run too long to end before the signal comes.
      let long = ["--epochs", "100000", "--checkpoint-every", "7", "--output", "out"]
      let running = try Lathe.start(arguments(long), in: folder.path)
      #expect(running.waitFor { !folder.checkpointsIn("out").isEmpty })
      kill(running.process.processIdentifier, signal)
      let stopped = try running.wait()
      #expect(stopped.status == 128 + signal, "\(stopped.errors)")
      if signal != SIGKILL {
        #expect(stopped.errors.contains("stopped at step"))
        #expect(stopped.errors.contains("--resume"))
      }
      let newest = try #require(folder.checkpointsIn("out").max())
      let step = try #require(Int(newest.dropFirst("checkpoint-".count).dropLast(".json".count)))
      // On to the end of the epoch that was under way, and the same without a stop.
      let epochs = String(step / 10 + 1)
      let resumed = try train("--epochs", epochs, "--output", "out", "--resume")
      #expect(resumed.status == 0, "\(resumed.errors)")
      #expect(resumed.errors.contains("resuming from out/checkpoint-"))
      #expect(try train("--epochs", epochs, "--output", "whole").status == 0)
      #expect(try weights("out") == weights("whole"))
      #expect(!folder.namesIn("out").contains { $0.contains(".tmp-") })
    }

    @Test("A damaged checkpoint is left out, and it says so")
    func damaged() throws {
      #expect(try train("--epochs", "2", "--output", "out").status == 0)
      let expected = try weights("out")
      let name = "out/checkpoint-00000020.safetensors"
      try folder.write(Array(try folder.read(name).prefix(100)), name)
      let result = try train("--epochs", "2", "--output", "out", "--resume")
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.errors.contains("corrupt checkpoint"))
      #expect(result.errors.contains("resuming from out/checkpoint-00000010"))
      #expect(try weights("out") == expected)
    }

    @Test("A learning rate that is too high ends with step and checkpoint")
    func notANumber() throws {
      let result = try train("--epochs", "3", "--optimizer", "sgd", "--learning-rate", "1e30")
      #expect(result.status == 1)
      #expect(result.errors.contains("lathe: error: epoch 1, step "))
      #expect(result.errors.contains("lower learning rate"))
    }

    @Test("A full disk: a clear message, the last checkpoint stays", .enabled(if: Self.canMount))
    func fullDisk() throws {
      let disk = folder.file("disk")
      try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
      #expect(mount("tmpfs", disk, "tmpfs", 0, "size=800k") == 0)
      defer { umount2(disk, Int32(MNT_DETACH)) }
      // Two checkpoints of 260 KB fit, with the model and a third one to come there is no room.
      let result = try train("--epochs", "9", "--output", "disk")
      #expect(result.status == 1)
      #expect(result.errors.contains("no space left on device"))
      let left = folder.namesIn("disk")
      #expect(!folder.checkpointsIn("disk").isEmpty)
      #expect(!left.contains { $0.contains(".tmp-") })
    }

    /// Only root may mount a small disk, and not in every container.
    static let canMount: Bool = {
      guard geteuid() == 0, let folder = try? TemporaryFolder() else { return false }
      guard mount("tmpfs", folder.path, "tmpfs", 0, "size=64k") == 0 else { return false }
      umount2(folder.path, Int32(MNT_DETACH))
      return true
    }()
  }
}

extension TemporaryFolder {
  /// The names in a folder inside, sorted; none where it is not there.
  func namesIn(_ name: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: file(name))) ?? []).sorted()
  }

  /// The JSON files of the checkpoints in a folder inside.
  func checkpointsIn(_ name: String) -> [String] {
    namesIn(name).filter { $0.hasPrefix("checkpoint-") && $0.hasSuffix(".json") }
  }
}
