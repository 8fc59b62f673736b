import LatheNN

/// The bar of an epoch under way, drawn over itself on a terminal.
struct ProgressBar {
  private var lastDraw: ContinuousClock.Instant?
  private var isDrawn = false

  /// Draws the bar, at most twenty times a second.
  mutating func show(_ progress: Trainer.Progress) {
    let now = ContinuousClock.now
    if let lastDraw, now - lastDraw < .milliseconds(50), progress.step < progress.steps { return }
    lastDraw = now
    if !isDrawn { Terminal.note("Epoch \(progress.epoch)/\(progress.epochs)") }
    isDrawn = true
    let facts =
      "ETA \(ProgressBar.duration(progress.secondsLeft)) - loss: \(Terminal.fixed(progress.loss, 4)) - accuracy: "
      + "\(Terminal.fixed(progress.accuracy, 4)) - \(Int(progress.samplesPerSecond)) samples/s"
    let count = "\(Terminal.right(String(progress.step), String(progress.steps).count))/\(progress.steps)"
    let room = min(30, Terminal.width - facts.count - count.count - 7)
    var bar = ""
    if room >= 5 {
      let done = room * progress.step / max(progress.steps, 1)
      bar =
        "[" + String(repeating: "=", count: done) + (done < room ? ">" : "")
        + String(repeating: ".", count: max(0, room - done - 1)) + "] "
    }
    let line = String("\(count) \(bar)\(facts)".prefix(max(Terminal.width - 1, 10)))
    Terminal.writeError("\r\(line)\u{1B}[K")
  }

  /// Ends the epoch's line with its results.
  mutating func finish(_ report: EpochReport, epochs: Int) {
    let facts =
      "\(ProgressBar.duration(report.seconds)) - loss: \(Terminal.fixed(report.trainLoss, 4)) - accuracy: "
      + "\(Terminal.fixed(report.trainAccuracy, 4)) - test loss: \(Terminal.fixed(report.testLoss, 4)) - test accuracy: "
      + "\(Terminal.fixed(report.testAccuracy, 4)) - \(Int(report.samplesPerSecond)) samples/s"
    if !isDrawn { Terminal.note("Epoch \(report.epoch)/\(epochs)") }
    Terminal.writeError("\r\(facts)\u{1B}[K\n")
    isDrawn = false
  }

  /// Leaves the line as it is and goes to the next, before other text.
  mutating func interrupt() {
    if isDrawn { Terminal.writeError("\n") }
    isDrawn = false
  }

  private static func duration(_ seconds: Double) -> String {
    let whole = seconds.isFinite ? Int(min(max(seconds, 0), 1e8).rounded()) : 0
    if whole < 60 { return "\(whole)s" }
    if whole < 3600 { return "\(whole / 60)m\(whole % 60)s" }
    return "\(whole / 3600)h\(whole % 3600 / 60)m"
  }
}
