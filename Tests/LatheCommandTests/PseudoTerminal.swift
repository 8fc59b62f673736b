import Foundation
import Testing

/// A terminal for one command, and what the command wrote on it.
struct PseudoTerminal {
  var status: Int32
  /// Everything written, escape sequences included.
  var written: String
  /// The rows as a person sees them at the end.
  var rows: [String]

  /// Runs `lathe` in a folder on a terminal of its own, both outputs there but for those that go to a file.
  ///
  /// - Parameters:
  ///   - output: Where standard output goes instead.
  ///   - watching: Called with all that was written so far, each time there is more.
  static func run(
    _ arguments: [String], in folder: String, columns: Int, output: URL? = nil,
    environment: [String: String] = [:], watching: (_ written: String) throws -> Void = { _ in }
  ) throws -> PseudoTerminal {
    var (master, slave) = (Int32(-1), Int32(-1))
    var size = winsize(ws_row: 24, ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
    try #require(openpty(&master, &slave, nil, nil, &size) == 0)
    let reading = FileHandle(fileDescriptor: master, closeOnDealloc: true)
    let writing = FileHandle(fileDescriptor: slave, closeOnDealloc: true)
    let process = Process()
    process.executableURL = Lathe.binary
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    var variables = ProcessInfo.processInfo.environment
    variables["CI"] = nil
    variables["TERM"] = "xterm"
    process.environment = variables.merging(environment) { $1 }
    process.standardError = writing
    process.standardInput = FileHandle.nullDevice
    if let output {
      _ = FileManager.default.createFile(atPath: output.path, contents: nil)
      process.standardOutput = try FileHandle(forWritingTo: output)
    } else {
      process.standardOutput = writing
    }
    try process.run()
    // Only the command holds the terminal now, so that reading ends when it does.
    try writing.close()
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(reading.fileDescriptor, &part, part.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { break }
      bytes += part[..<count]
      try watching(String(decoding: bytes, as: UTF8.self))
    }
    process.waitUntilExit()
    let written = String(decoding: bytes, as: UTF8.self)
    return PseudoTerminal(
      status: process.terminationStatus, written: written, rows: screen(written, columns: columns))
  }

  /// What a text leaves on an endless screen: returns, new lines, clearing to the end of a line, and wrapping.
  static func screen(_ text: String, columns: Int) -> [String] {
    var rows: [[Character]] = [[]]
    var column = 0
    var rest = Substring(text)
    while !rest.isEmpty {
      if rest.hasPrefix("\u{1B}[K") {
        rows[rows.count - 1].removeLast(max(0, rows[rows.count - 1].count - min(column, columns - 1)))
        rest = rest.dropFirst(3)
        continue
      }
      switch rest.removeFirst() {
      case "\r": column = 0
      case "\n", "\r\n":
        rows.append([])
        column = 0
      case let character:
        if column == columns {
          rows.append([])
          column = 0
        }
        if column < rows[rows.count - 1].count {
          rows[rows.count - 1][column] = character
        } else {
          rows[rows.count - 1].append(character)
        }
        column += 1
      }
    }
    return rows.map { String($0) }
  }
}
