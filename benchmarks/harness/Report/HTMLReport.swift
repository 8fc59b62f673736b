import LatheCore

/// A run as one page that needs nothing else: plot, chart and tables, light and dark.
public struct HTMLReport {
  private let file: ResultFile

  /// A page of a run.
  public init(_ file: ResultFile) { self.file = file }

  /// The page.
  public var html: String {
    let head = file.head
    return """
      <!DOCTYPE html>
      <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
      <title>Lathe benchmarks, \(markupEscaped(head.host)), \(markupEscaped(head.date))</title>
      <style>
      \(Markup.style)
      \(HTMLReport.style)
      </style></head><body>
      <h1>Lathe benchmarks</h1>
      \(facts)
      <h2>Roofline</h2>
      <p>Arithmetic speed over arithmetic per byte. The lines are what each device can do at all: on the left the
      bandwidth of a copy limits, on the right the peak of multiply-adds. Work that fits a cache can lie above.</p>
      \(RooflinePlot(file).svg())
      <h2>Device by device</h2>
      <p>Longer is faster; the fastest device of each row reaches the right end.</p>
      \(DeviceChart(file).svg())
      <h2>Rows</h2>
      \(tables)
      </body></html>

      """
  }

  private static let style = """
    body { color: var(--ink); background: var(--page); font: 15px/1.45 system-ui, sans-serif;
      max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
    table { border-collapse: collapse; font-size: 13px; width: 100%; margin-bottom: 1.5rem; }
    th, td { border-bottom: 1px solid var(--line); padding: 2px 8px; text-align: right; white-space: nowrap; }
    th { color: var(--faint); font-weight: 600; }
    th:nth-child(-n+4), td:nth-child(-n+4), .facts td { text-align: left; }
    .facts td, td:nth-child(2), td:last-child { white-space: normal; overflow-wrap: anywhere; }
    .bad { color: var(--bad); white-space: normal; }
    div.scroll { overflow-x: auto; }
    """

  private var facts: String {
    let head = file.head
    var facts = [
      ("host", "\(head.host): \(head.processor), \(head.cores) cores, \(head.simd)"), ("BLAS", head.blas),
      ("Lathe", "\(head.version), commit \(head.commit)"), ("date", head.date),
    ]
    for device in head.devices {
      let roofs = device.roofs.map { "; \($0.summary)" } ?? ""
      facts.append(
        (TextTable.device(device.index, device.profile), "\(device.name), \(device.driver)\(roofs)"))
    }
    facts += head.warnings.map { ("warning", $0) }
    let rows = facts.map {
      "<tr><th>\(markupEscaped($0.0))</th><td>\(markupEscaped($0.1))</td></tr>"
    }
    return "<table class=\"facts\">\(rows.joined(separator: "\n"))</table>"
  }

  private var estimates: Estimates.Column { Estimates.Column(.shipped, file.head.devices) }

  private var tables: String {
    var suites: [String] = []
    for row in file.rows where !suites.contains(row.suite) { suites.append(row.suite) }
    let titles = TextTable.titles(estimates).map { "<th>\($0)</th>" }.joined()
    return suites.map { suite in
      let rows = file.rows.filter { $0.suite == suite }.map(line)
      return """
        <h3>\(markupEscaped(suite))</h3><div class="scroll"><table>
        <tr><th>operation</th><th>shape</th><th>dtype</th><th>device</th>\(titles)<th></th></tr>
        \(rows.joined(separator: "\n"))
        </table></div>
        """
    }.joined(separator: "\n")
  }

  private func line(_ row: Row) -> String {
    let device = TextTable.device(row.device, row.profile)
    let names = [row.operation, row.shape, row.dtype, device].map { "<td>\(markupEscaped($0))</td>" }
      .joined()
    guard let figures = row.figures else {
      return
        "<tr>\(names)<td class=\"bad\" colspan=\"\(TextTable.titles(estimates).count + 1)\">FAILED: \(markupEscaped(row.failure ?? ""))</td></tr>"
    }
    let cells = TextTable.cells(row, figures, estimates) + [TextTable.remarks(figures)]
    return "<tr>\(names)\(cells.map { "<td>\(markupEscaped($0))</td>" }.joined())</tr>"
  }
}
