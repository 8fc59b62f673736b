import Glibc
import LatheCore

/// Shows how far a run is: a line that is written over on a terminal, else one now and then.
final class Progress {
  private static let interval = 30.0

  private let isTerminal = isatty(STDOUT_FILENO) == 1
  private var title = ""
  private var start = ContinuousClock.now
  private var last = ContinuousClock.now
  private var width = 0

  /// A new part.
  func begin(_ title: String) {
    self.title = title
    (start, last) = (.now, .now)
  }

  /// A case begins.
  func step(_ mode: String, _ result: PartResult) {
    let now = ContinuousClock.now
    guard (now - last) / .seconds(1) >= (isTerminal ? 0.2 : Self.interval) else { return }
    last = now
    let share = Double(result.run) / Double(max(1, result.planned))
    let seconds = (now - start) / .seconds(1)
    let left = share > 0 ? seconds / share - seconds : 0
    let failed = result.failed > 0 ? ", \(result.failed) failed" : ""
    show(
      "\(title), \(mode): \(result.run) of \(result.planned)\(failed), about \(Self.time(left)) left")
  }

  /// A line that stays.
  func say(_ line: String) {
    clear()
    _ = writeText(line + "\n", to: STDOUT_FILENO)
  }

  /// The part is done.
  func end() { clear() }

  private func show(_ line: String) {
    guard isTerminal else { return say(line) }
    clear()
    _ = writeText("\r\(line)", to: STDOUT_FILENO)
    width = line.count
  }

  private func clear() {
    if width > 0 { _ = writeText("\r" + String(repeating: " ", count: width) + "\r", to: STDOUT_FILENO) }
    width = 0
  }

  /// A time in the unit that suits it.
  static func time(_ seconds: Double) -> String {
    seconds < 90 ? "\(Int(seconds.rounded())) s" : "\(Int((seconds / 60).rounded())) min"
  }
}
