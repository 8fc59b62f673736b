import LatheML

/// The bar of files being fetched, drawn over itself on a terminal; elsewhere a line for each file.
struct DownloadBar {
  private var clock = ProgressBar()
  private var file: String?
  private let start = ContinuousClock.now
  /// Bytes that were there at the start.
  private var before: Int?

  /// Shows how far it is, at most twenty times a second.
  mutating func show(_ progress: HubProgress) {
    if before == nil { before = progress.done }
    if !Terminal.isInteractive {
      if file != progress.file { Terminal.note("fetching \(progress.file)") }
      file = progress.file
      return
    }
    guard clock.isDue(step: progress.done, of: progress.total) else { return }
    let seconds = max(0.001, (ContinuousClock.now - start) / .seconds(1))
    let rate = Double(progress.done - (before ?? 0)) / seconds
    let line = DownloadLine(progress: progress, bytesPerSecond: rate)
    Terminal.draw(line.text(width: Terminal.width))
  }
}

/// What the bar of files being fetched says.
struct DownloadLine {
  var progress: HubProgress
  var bytesPerSecond: Double

  /// The line on a terminal of a width, whose last column stays free.
  func text(width: Int) -> String {
    let left = Double(progress.total - progress.done) / max(bytesPerSecond, 1)
    let facts =
      "\(ByteText.of(progress.done)) of \(ByteText.of(progress.total)), \(ByteText.of(Int(bytesPerSecond)))/s, "
      + "ETA \(ProgressLine.duration(left)) \(progress.file)"
    let room = 20
    let done = progress.total > 0 ? Int(Double(room) * Double(progress.done) / Double(progress.total)) : room
    let bar = String(repeating: "=", count: done) + String(repeating: ".", count: room - done)
    return String("[\(bar)] \(facts)".prefix(max(width - 1, 0)))
  }
}
