import Foundation
import LatheCore

/// Where output goes and how it looks.
enum Terminal {
  /// Whether a person watches standard error.
  static let isInteractive = isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["CI"] == nil

  /// The terminal's width in characters.
  static var width: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// A line on standard error.
  static func note(_ line: String) { writeError(line + "\n") }

  /// A failure on standard error, as one line where it has only one.
  static func error(_ message: String) { note("lathe: error: \(message)") }

  /// Text on standard error as it is; nothing can be done where that fails.
  static func writeError(_ text: String) { _ = writeText(text, to: STDERR_FILENO) }

  /// A line of results on standard output; ends the program where they cannot be delivered.
  static func output(_ line: String) {
    if writeText(line + "\n", to: STDOUT_FILENO) { return }
    error("standard output: cannot write: \(String(cString: strerror(errno)).lowercased())")
    exit(1)
  }

  /// A number with a fixed number of decimals.
  static func fixed(_ value: Double, _ decimals: Int) -> String { String(format: "%.\(decimals)f", value) }

  /// Text filled with spaces on the right.
  static func left(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  /// Text filled with spaces on the left.
  static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }

  /// A path as a shell takes it.
  static func shellQuoted(_ path: String) -> String {
    let plain = path.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/._-+:@%,=".contains($0)) }
    return plain && !path.isEmpty ? path : "'" + path.replacingOccurrences(of: "'", with: "'\\''") + "'"
  }
}
