import Foundation
import LatheNN

/// A program that is started, watched and read.
enum Child {
  /// What a program printed and how much memory it took at most.
  struct Result {
    var output: String
    var peakBytes: Int
  }

  /// Runs a program to its end.
  ///
  /// - Parameter environment: Variables added to the present ones.
  /// - Throws: `LatheError` where it cannot be started or fails.
  static func run(_ path: String, _ arguments: [String], environment: [String: String] = [:]) throws -> Result
  {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.standardError
    try process.run()
    // The kernel keeps the highest mark itself, so that a look now and then is exact but for the last moment.
    let peak = PeakMemory(process.processIdentifier)
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let command = ([path] + arguments).joined(separator: " ")
    guard process.terminationStatus == 0 else {
      throw LatheError(.file, "\(command): ended with status \(process.terminationStatus)")
    }
    return Result(output: String(decoding: data, as: UTF8.self), peakBytes: peak.stop())
  }
}

/// Follows the peak memory of a process from a thread of its own.
final class PeakMemory: @unchecked Sendable {
  // Unchecked: `peak` and `stopped` are only touched under `lock`.
  private let lock = NSLock()
  private var peak = 0
  private var stopped = false

  init(_ process: Int32) {
    let thread = Thread { [self] in
      while !look(process) { usleep(50_000) }
    }
    thread.start()
  }

  /// The peak in bytes.
  func stop() -> Int {
    lock.withLock {
      stopped = true
      return peak
    }
  }

  /// Reads VmHWM; true where it is time to end.
  private func look(_ process: Int32) -> Bool {
    let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
    let kilobytes = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }?.split(separator: " ")
      .dropFirst()
      .first.flatMap { Int($0) }
    return lock.withLock {
      if let kilobytes { peak = max(peak, kilobytes * 1024) }
      return stopped
    }
  }
}
