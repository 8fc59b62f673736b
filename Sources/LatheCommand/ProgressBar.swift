import LatheML

/// The bar of an epoch under way, drawn over itself on a terminal.
package struct ProgressBar {
  private var lastDraw: ContinuousClock.Instant?
  private var isDrawn = false

  /// Nothing drawn.
  package init() {}

  /// Draws the bar, at most twenty times a second.
  mutating func show(_ progress: Trainer.Progress, unit: String) {
    guard isDue(step: progress.step, of: progress.steps) else { return }
    if !isDrawn { Terminal.note("Epoch \(progress.epoch)/\(progress.epochs)") }
    isDrawn = true
    let line = ProgressLine(
      step: progress.step, steps: progress.steps, secondsLeft: progress.secondsLeft, loss: progress.loss,
      accuracy: progress.accuracy, samplesPerSecond: progress.samplesPerSecond, unit: unit)
    Terminal.draw(line.text(width: Terminal.width))
  }

  /// Whether a step is drawn: the last one always, others 50 ms after the one drawn before.
  package mutating func isDue(step: Int, of steps: Int, at now: ContinuousClock.Instant = .now) -> Bool {
    if let lastDraw, now - lastDraw < .milliseconds(50), step < steps { return false }
    lastDraw = now
    return true
  }

  /// Puts the epoch's results in place of its bar.
  mutating func finish(_ report: EpochReport, epochs: Int, unit: String) {
    let facts =
      ProgressLine.duration(report.seconds)
      + ProgressLine.figures([
        ("loss", report.trainLoss), ("accuracy", report.trainAccuracy), ("test loss", report.testLoss),
        ("test accuracy", report.testAccuracy),
      ]) + " - \(Int(report.samplesPerSecond)) \(unit)/s"
    if !isDrawn { Terminal.note("Epoch \(report.epoch)/\(epochs)") }
    Terminal.replaceLine(by: facts)
    isDrawn = false
  }

  /// Leaves the line as it is and goes to the next, before other text.
  mutating func interrupt() {
    Terminal.finishLine()
    isDrawn = false
  }
}

/// What the bar says of an epoch under way.
package struct ProgressLine {
  /// Steps done, and how many there are.
  package var step: Int, steps: Int
  /// Seconds until the epoch ends.
  package var secondsLeft: Double
  /// The mean so far, and the share of right answers; nil where there is no right and wrong.
  package var loss: Double, accuracy: Double?
  /// Speed, and what it counts.
  package var samplesPerSecond: Double, unit: String

  /// A line from its figures.
  package init(
    step: Int, steps: Int, secondsLeft: Double, loss: Double, accuracy: Double?, samplesPerSecond: Double,
    unit: String = "samples"
  ) {
    self.unit = unit
    (self.step, self.steps, self.secondsLeft) = (step, steps, secondsLeft)
    (self.loss, self.accuracy, self.samplesPerSecond) = (loss, accuracy, samplesPerSecond)
  }

  /// The line on a terminal of a width, whose last column stays free so that nothing wraps.
  ///
  /// The bar itself is left out where it would have fewer than five characters.
  package func text(width: Int) -> String {
    let facts =
      "ETA \(ProgressLine.duration(secondsLeft))"
      + ProgressLine.figures([("loss", loss), ("accuracy", accuracy)])
      + " - \(Int(samplesPerSecond)) \(unit)/s"
    let count = "\(Terminal.right(String(step), String(steps).count))/\(steps)"
    let room = min(30, width - facts.count - count.count - 7)
    var bar = ""
    if room >= 5 {
      let done = room * step / max(steps, 1)
      bar =
        "[" + String(repeating: "=", count: done) + (done < room ? ">" : "")
        + String(repeating: ".", count: max(0, room - done - 1)) + "] "
    }
    return String("\(count) \(bar)\(facts)".prefix(max(width - 1, 0)))
  }

  /// Figures by their names, those that are there.
  static func figures(_ values: [(name: String, value: Double?)]) -> String {
    values.compactMap { name, value in value.map { " - \(name): \(Terminal.fixed($0, 4))" } }.joined()
  }

  /// A time in whole seconds, minutes and seconds, or hours and minutes.
  package static func duration(_ seconds: Double) -> String {
    let whole = seconds.isFinite ? Int(min(max(seconds, 0), 1e8).rounded()) : 0
    if whole < 60 { return "\(whole)s" }
    if whole < 3600 { return "\(whole / 60)m\(whole % 60)s" }
    return "\(whole / 3600)h\(whole % 3600 / 60)m"
  }
}
