import Foundation

/// A run of the built `lathe` binary.
struct Lathe {
  var status: Int32
  var output: String
  var errors: String

  /// The lines of standard output.
  var lines: [String] { output.split(separator: "\n").map(String.init) }

  /// The binary next to the test bundle.
  static let binary: URL = {
    let test = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    return test.deletingLastPathComponent().appendingPathComponent("lathe")
  }()

  /// Starts a command, or another program, in a folder, its output going to files there.
  static func start(
    program: String? = nil, _ arguments: [String], in folder: String, environment: [String: String] = [:]
  ) throws -> Running {
    let process = Process()
    process.executableURL = program.map { URL(fileURLWithPath: $0) } ?? binary
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let id = UUID().uuidString
    let paths = ["out", "err"].map { "\(folder)/.\($0)-\(id)" }
    let handles = try paths.map { path in
      _ = FileManager.default.createFile(atPath: path, contents: nil)
      return try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    }
    process.standardOutput = handles[0]
    process.standardError = handles[1]
    process.standardInput = FileHandle.nullDevice
    try process.run()
    return Running(process: process, output: paths[0], errors: paths[1])
  }

  /// Runs a command to its end.
  static func run(_ arguments: String..., in folder: String, environment: [String: String] = [:]) throws
    -> Lathe
  {
    try start(arguments, in: folder, environment: environment).wait()
  }

  /// A command under way.
  struct Running {
    let process: Process
    let output: String
    let errors: String

    /// Waits for the end; a command that hangs for a minute is killed, which its status then shows.
    func wait() throws -> Lathe {
      for _ in 0..<6000 where process.isRunning { usleep(10_000) }
      if process.isRunning { kill(process.processIdentifier, SIGKILL) }
      process.waitUntilExit()
      let texts = [output, errors].map { (try? String(contentsOfFile: $0, encoding: .utf8)) ?? "" }
      for path in [output, errors] { try? FileManager.default.removeItem(atPath: path) }
      // A process that a signal ended gets the number that a shell gives it.
      let status = process.terminationStatus
      return Lathe(
        status: process.terminationReason == .uncaughtSignal ? 128 + status : status, output: texts[0],
        errors: texts[1])
    }

    /// Waits until standard error holds a text, for at most 30 seconds.
    func waitForError(_ text: String) -> Bool { waitFor { contents(errors).contains(text) } }

    /// Waits until a condition holds, for at most 30 seconds.
    func waitFor(_ condition: () -> Bool) -> Bool {
      for _ in 0..<3000 {
        if condition() { return true }
        if !process.isRunning { return condition() }
        usleep(10_000)
      }
      return false
    }

    private func contents(_ path: String) -> String {
      (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    }
  }
}
