import Foundation
import LatheCore
import Synchronization

/// Where output goes and how it looks.
enum Terminal {
  /// Whether a person watches both outputs on a terminal that can clear a line.
  ///
  /// Results that go to a file or a pipe are lines there, whatever standard error is.
  static let isInteractive =
    isatty(STDERR_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 && environment("CI") == nil
    && environment("TERM") != "dumb"

  /// Whether the cursor stands behind a line that was drawn and not ended.
  private static let hasOpenLine = Atomic(false)

  /// The terminal's width in characters.
  static var width: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// A line on standard error, below what is drawn.
  static func note(_ line: String) {
    finishLine()
    writeError(line + "\n")
  }

  /// Draws a line that fits the width over the one drawn before, and leaves the cursor behind it.
  static func draw(_ line: String) {
    hasOpenLine.store(true, ordering: .relaxed)
    writeError("\r\(line)\(clearing)")
  }

  /// Puts a line of any length in place of what is drawn, and ends it.
  static func replaceLine(by line: String) {
    hasOpenLine.store(false, ordering: .relaxed)
    // Cleared first: behind a line that fills the width it would take the last character.
    writeError("\r\(clearing)\(line)\n")
  }

  /// Says that kernels are compiled where that takes a person's time, and counts them on a terminal.
  static func showKernelBuilds() {
    let isNoted = Atomic(false)
    KernelBuilds.observe { builds, seconds in
      guard seconds > 0.5 else { return }
      if isInteractive {
        draw("compiling kernels (once): \(builds) done, \(Int(seconds)) s")
      } else if !isNoted.exchange(true, ordering: .relaxed) {
        note("compiling kernels (once)")
      }
    }
  }

  /// Ends the line drawn last, if nothing did yet.
  static func finishLine() {
    if hasOpenLine.exchange(false, ordering: .relaxed) { writeError("\n") }
  }

  /// Clears from the cursor to the end of the line.
  private static let clearing = "\u{1B}[K"

  /// A failure on standard error, as one line where it has only one.
  static func error(_ message: String) { note("lathe: error: \(message)") }

  /// Text on standard error as it is; nothing can be done where that fails.
  private static func writeError(_ text: String) { _ = writeText(text, to: STDERR_FILENO) }

  /// A line of results on standard output; ends the program where they cannot be delivered.
  static func output(_ line: String) {
    finishLine()
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
