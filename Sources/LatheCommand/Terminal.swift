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
    writeError(printable(line, keepingLines: true) + "\n")
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
    writeError("\r\(clearing)\(printable(line))\n")
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

  /// A line of results on standard output; ends the program where it cannot be delivered, without a word where the reader went
  /// away.
  static func output(_ line: String) {
    if !deliver(printable(line, keepingLines: true)) { endWithoutOutput() }
  }

  /// Who closed the pipe has read enough, as `head` does; a program that listens to no signals ends in silence, too.
  private static func endWithoutOutput() -> Never { exit(errno == EPIPE ? 128 + SIGPIPE : 1) }

  /// Part of a text on standard output, as soon as it is there; ends the program where it cannot be delivered, without a word
  /// where the reader went away.
  static func piece(_ text: String) {
    let shown = isatty(STDOUT_FILENO) == 1 ? printable(text, keepingLines: true) : text
    if writeText(shown, to: STDOUT_FILENO) { return }
    let code = errno
    if code == EPIPE { endWithoutOutput() }
    error("standard output: cannot write: \(String(cString: strerror(code)).lowercased())")
    exit(1)
  }

  /// A value as JSON on standard output, its keys in alphabetic order; ends the program where it cannot be delivered.
  ///
  /// - Throws: `LatheError` for numbers that JSON cannot hold.
  static func output(json value: some Encodable, isPretty: Bool = false) throws {
    if !deliver(try JSONText.of(value, isPretty: isPretty)) { endWithoutOutput() }
  }

  /// Whether results of a run were lost, for another reason than a reader that went away.
  static var hasLostResults: Bool { lostResults.load(ordering: .relaxed) }

  private static let lostResults = Atomic(false)
  private static let isOutputBroken = Atomic(false)

  /// A line of results of a run that goes on without its reader: hours of work do not end with `| head -1`.
  static func result(_ line: String) {
    if isOutputBroken.load(ordering: .relaxed) { return finishLine() }
    if deliver(printable(line, keepingLines: true), advice: "; the run goes on without it") { return }
    if errno != EPIPE { lostResults.store(true, ordering: .relaxed) }
    isOutputBroken.store(true, ordering: .relaxed)
  }

  /// Writes a line to standard output; where that fails it says so, leaves errno, and gives false.
  private static func deliver(_ line: String, advice: String = "") -> Bool {
    finishLine()
    if writeText(line + "\n", to: STDOUT_FILENO) { return true }
    let code = errno
    if code != EPIPE || !advice.isEmpty {
      error("standard output: cannot write: \(String(cString: strerror(code)).lowercased())\(advice)")
    }
    errno = code
    return false
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

  /// A path as a shell takes it; one with control characters as bash's `$'...'`.
  static func shellQuoted(_ path: String) -> String {
    if printable(path) != path {
      let escaped = path.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(
        of: "'", with: "\\'")
      let bytes = escaped.utf8.map { byte in
        byte < 0x20 || byte > 0x7E ? "\\x" + String(format: "%02x", byte) : String(UnicodeScalar(byte))
      }
      return "$'\(bytes.joined())'"
    }
    let plain = path.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/._-+:@%,=".contains($0)) }
    return plain && !path.isEmpty ? path : "'" + path.replacingOccurrences(of: "'", with: "'\\''") + "'"
  }
}
