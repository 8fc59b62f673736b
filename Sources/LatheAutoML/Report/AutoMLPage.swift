import FoundationEssentials
import LatheCore
import LatheFiles

extension AutoMLReport {
  /// The report as JSON.
  public func json() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return [UInt8](try encoder.encode(self))
  }

  /// Writes `report.json` and `report.html` into a folder.
  public func save(to folder: String) throws {
    try AtomicFile.makeFolder(folder)
    for (name, bytes) in [("report.json", try json()), ("report.html", Array(page.utf8))] {
      try AtomicFile.write(to: "\(folder)/\(name)") { file in
        try bytes.withUnsafeBytes { try file.append($0) }
      }
    }
  }

  /// The report as a page that needs no other file.
  public var page: String {
    """
    <!DOCTYPE html>
    <html lang="en"><head><meta charset="utf-8"><title>\(Page.escaped(target)): models compared</title>
    <style>\(Page.style)</style></head><body>
    <h1>\(Page.escaped(target)): \(task.rawValue)</h1>
    \(summary)
    <h2>Notes</h2>
    \(notes.isEmpty ? "<p>None.</p>" : "<ul>" + notes.map { "<li>\(Page.escaped($0))</li>" }.joined() + "</ul>")
    <h2>Cleaning</h2>
    \(cleaningPart)
    <h2>Test</h2>
    \(testPart)
    <h2>Models</h2>
    <p>By \(metric.rawValue) (\(metric.isHigherBetter ? "more" : "less") is better), the mean of parts that were not learned
    from; always \(task == .classification ? "the most frequent class" : "the mean") scores \(Page.number(baseline)).</p>
    \(leaderboardPart)
    <h2>Learning curve</h2>
    \(curvePart)
    <h2>Where it is wrong</h2>
    <p>\(task == .classification ? "The share of wrong answers" : "The mean absolute error") is \(Page.number(error)) of all rows
    that were not learned from, and more of these:</p>
    \(Page.table([["rows with", "rows", "error"]] + slices.map { [$0.name, "\($0.rows)", Page.number($0.error)] }))
    </body></html>

    """
  }

  private var summary: String {
    let parts = members.map {
      "\($0.name)" + (members.count > 1 && kind == "mean" ? " x \(Page.number($0.weight))" : "")
    }
    var rows = [
      ["model", (kind == "single" ? "" : "\(kind) of ") + parts.joined(separator: ", ")],
      ["score", "\(metric.rawValue) \(Page.number(score))"],
      ["rows", "\(rowsRead) read, \(rowsLearned) learned from"],
      [
        "cost",
        "\(formatted(seconds, "%.1f")) of \(formatted(timeLimit, "%.0f")) s, \(evaluated) models compared\(wasStopped ? ", ended early" : "")",
      ],
      [
        "size",
        "\(modelBytes) bytes, \(formatted(latency * 1000, "%.2f")) ms a row\(limitsHold ? "" : ", beyond the limits")",
      ],
    ]
    if let calibration, temperature == 1 { rows.append(["probabilities", "made right by \(calibration)"]) }
    if temperature != 1 { rows.append(["temperature", Page.number(temperature)]) }
    if threshold != 0.5, classes.count == 2 {
      rows.append(["threshold of \(classes[1])", Page.number(threshold)])
    }
    return Page.table(rows, hasTitles: false)
  }

  private var cleaningPart: String {
    let steps =
      cleaning.isEmpty
      ? ""
      : Page.table(
        [["step", "rows taken out", "the first ones"]]
          + cleaning.map { [$0.name, "\($0.removed)", ($0.notes + $0.examples).joined(separator: "; ")] })
    guard !suspects.isEmpty else { return steps }
    return steps
      + "<p>Rows to learn from whose class may be wrong, by models that did not learn from them; they were learned from.</p>"
      + Page.table(
        [["row", "class", "looks like", "probability of its class"]]
          + suspects.map { ["\($0.row)", $0.label, $0.suggested, Page.number($0.probability)] })
  }

  private var testPart: String {
    guard let test else { return "<p>No rows were kept for a test.</p>" }
    let warning = test.reads > 1 ? "<p><b>Read \(test.reads) times: too good.</b></p>" : ""
    return "<p>\(test.rows) rows that nothing was chosen by.</p>\(warning)"
      + Page.table(
        [["score", "value"]]
          + test.figures.sorted { $0.key < $1.key }.map { [$0.key, Page.number($0.value)] })
  }

  private var leaderboardPart: String {
    Page.table(
      [["model", metric.rawValue, "least", "most", "rows", "seconds"]]
        + leaderboard.map {
          [
            $0.name, Page.number($0.score), Page.number($0.foldScores.min() ?? $0.score),
            Page.number($0.foldScores.max() ?? $0.score), "\($0.rows)", formatted($0.seconds, "%.2f"),
          ]
        })
  }

  private var curvePart: String {
    guard learningCurve.count > 1 else { return "<p>There was no time, or too few rows, for one.</p>" }
    let rising =
      metric.loss(learningCurve[learningCurve.count - 1].score)
      < metric.loss(learningCurve[learningCurve.count - 2].score)
    return
      "<p>The best single model by how many rows it learned from\(rising ? "; more rows would help" : "").</p>"
      + Page.curve(learningCurve.map { (Double($0.rows), $0.score) })
  }
}

/// Parts of a page.
private enum Page {
  static let style = """
    :root { color-scheme: light dark } body { font: 15px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem }
    table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums }
    th, td { padding: .2rem .6rem; border: 1px solid #8888; text-align: right; overflow-wrap: anywhere }
    td:first-child, th:first-child { text-align: left } svg { width: 32rem; max-width: 100% } text { font-size: 11px; fill: currentColor }
    """

  static func escaped(_ text: String) -> String { markupEscaped(printable(text)) }

  static func number(_ value: Double) -> String { formatted(value, "%.4g") }

  static func table(_ rows: [[String]], hasTitles: Bool = true) -> String {
    let lines = rows.enumerated().map { place, row in
      let cell = hasTitles && place == 0 ? "th" : "td"
      return "<tr>" + row.map { "<\(cell)>\(escaped($0))</\(cell)>" }.joined() + "</tr>"
    }
    return "<table>\(lines.joined(separator: "\n"))</table>"
  }

  /// A line through points, with the numbers at its ends.
  static func curve(_ points: [(x: Double, y: Double)]) -> String {
    let (xs, ys) = (points.map(\.x), points.map(\.y))
    let (left, right) = (xs.min() ?? 0, xs.max() ?? 1)
    let (low, high) = (ys.min() ?? 0, ys.max() ?? 1)
    func place(_ point: (x: Double, y: Double)) -> (Double, Double) {
      let x = right > left ? (point.x - left) / (right - left) : 0.5
      let y = high > low ? (point.y - low) / (high - low) : 0.5
      return (60 + 380 * x, 170 - 150 * y)
    }
    let places = points.map(place)
    let line = places.map { "\(formatted($0.0, "%.1f")),\(formatted($0.1, "%.1f"))" }.joined(separator: " ")
    let dots = zip(places, points).map { place, point in
      "<circle cx=\"\(formatted(place.0, "%.1f"))\" cy=\"\(formatted(place.1, "%.1f"))\" r=\"3\"/>"
        + "<text x=\"\(formatted(place.0, "%.1f"))\" y=\"190\" text-anchor=\"middle\">\(formatted(point.x, "%.0f"))</text>"
    }
    return """
      <svg viewBox="0 0 480 200" role="img"><polyline points="\(line)" fill="none" stroke="currentColor" stroke-width="2"/>
      \(dots.joined(separator: "\n"))
      <text x="52" y="20" text-anchor="end">\(number(high))</text><text x="52" y="173" text-anchor="end">\(number(low))</text></svg>
      """
  }
}
