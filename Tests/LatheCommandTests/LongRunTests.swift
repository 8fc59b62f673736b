import DataTestSupport
import Foundation
import Testing

extension CommandTests {
  /// What happens around a run while it is under way: signals, terminals and readers that go away.
  @Suite("Runs outlive what started them")
  struct LongRunTests {
    let folder: TemporaryFolder

    init() throws {
      folder = try TemporaryFolder()
      try IDXFiles.write(to: folder, training: 320, test: 100)
    }

    private let command = "'\(Lathe.binary.path)' train lenet --data-dir . --device cpu --batch-size 32"

    private func shell(_ script: String) throws -> Process {
      let shell = Process()
      shell.executableURL = URL(fileURLWithPath: "/bin/sh")
      shell.arguments = ["-c", script]
      shell.currentDirectoryURL = URL(fileURLWithPath: folder.path)
      try shell.run()
      return shell
    }

    /// The lines of a run's records, each of them a JSON object, by their type.
    private func records(_ output: String) throws -> [String] {
      let text = String(decoding: try folder.read("\(output)/metrics.jsonl"), as: UTF8.self)
      return try text.split(separator: "\n").map { line in
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        return try #require(object["type"] as? String)
      }
    }

    @Test("Signals that were ignored when the run began stay ignored, as nohup and a script's & have it")
    func ignoredSignals() throws {
      let process = try shell("trap '' HUP INT TERM; exec \(command) --epochs 6 --output out 2> errors")
      for _ in 0..<3000 where folder.checkpointsIn("out").isEmpty && process.isRunning { usleep(10_000) }
      for signal in [SIGHUP, SIGINT, SIGTERM, SIGHUP] { kill(process.processIdentifier, signal) }
      process.waitUntilExit()
      let errors = String(decoding: try folder.read("errors"), as: UTF8.self)
      #expect(process.terminationReason == .exit && process.terminationStatus == 0, "\(errors)")
      #expect(!errors.contains("stopped at step") && errors.contains("after 6 epochs"), "\(errors)")
      #expect(try records("out").count { $0 == "epoch" } == 6)
    }

    @Test("Closed streams are no files of the run", arguments: [">&-", "2>&-", "<&- >&- 2>&-"])
    func closedStreams(_ closing: String) throws {
      let process = try shell("exec \(command) --epochs 2 --output out \(closing)")
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
      #expect(try records("out").count { $0 == "epoch" } == 2)
      #expect(folder.namesIn("out").contains("model.safetensors"))
    }

    @Test("A reader that goes away takes neither the run nor its records with it")
    func closedPipe() throws {
      let process = try shell(
        "{ \(command) --epochs 4 --json --output out 2> errors; echo $? > status; } | head -n 1 > first")
      process.waitUntilExit()
      let errors = String(decoding: try folder.read("errors"), as: UTF8.self)
      #expect(String(decoding: try folder.read("status"), as: UTF8.self) == "0\n", "\(errors)")
      #expect(String(decoding: try folder.read("first"), as: UTF8.self).hasPrefix("{\"epoch\":1,"))
      #expect(try records("out").count { $0 == "epoch" } == 4)
      #expect(errors.contains("cannot write: broken pipe; the run goes on without it"))
      #expect(errors.components(separatedBy: "broken pipe").count == 2)
    }

    @Test("Results that cannot be kept do not end the run, but its exit code says so")
    func fullOutput() throws {
      let process = try shell("exec \(command) --epochs 2 --output out > /dev/full 2> errors")
      process.waitUntilExit()
      let errors = String(decoding: try folder.read("errors"), as: UTF8.self)
      #expect(process.terminationStatus == 1 && errors.contains("no space left on device"), "\(errors)")
      #expect(try records("out").count { $0 == "epoch" } == 2)
      #expect(folder.namesIn("out").contains("model.safetensors"))
    }

    @Test("A signal while a run begins leaves nothing half written")
    func earlySignal() throws {
      let running = try Lathe.start(
        ["train", "lenet", "--data-dir", ".", "--device", "cpu", "--output", "out"], in: folder.path)
      while !folder.names.contains("out") && running.process.isRunning { usleep(200) }
      kill(running.process.processIdentifier, SIGTERM)
      let result = try running.wait()
      #expect(result.status == 143, "\(result)")
      #expect(!folder.namesIn("out").contains { $0.contains(".tmp-") || $0.hasPrefix(".lathe") })
    }
  }
}
