import LatheCore
import LatheFiles

extension TableProfile {
  /// Writes the profile as one page that needs nothing else: no scripts, no other files; it appears whole or not at all.
  ///
  /// - Parameters:
  ///   - path: The page.
  ///   - title: What stands above it, such as the table's file.
  /// - Throws: `LatheError.file` where it cannot be written.
  public func writeHTML(to path: String, title: String) throws {
    try AtomicFile.write(html(title: title), to: path)
  }

  /// The page.
  public func html(title: String) -> String {
    var page = """
      <!DOCTYPE html>
      <html lang="en"><head><meta charset="utf-8"><title>\(Self.escaped(title))</title><style>
      body{font:15px/1.45 system-ui,sans-serif;max-width:1100px;margin:2em auto;padding:0 1em;color:#222;background:#fff}
      table{border-collapse:collapse;margin:.5em 0}td,th{padding:.2em .7em;text-align:left;border-bottom:1px solid #ddd;vertical-align:top}
      td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}section{border-top:1px solid #bbb;padding:.4em 0}
      svg{display:block;margin:.4em 0}.t{color:#777;font-weight:normal;font-size:85%}
      </style></head><body>
      <h1>\(Self.escaped(title))</h1>
      <p>\(counted(rowCount, "rows")), \(counted(columns.count, "columns")), \(counted(duplicateRows, "duplicate rows")).</p>

      """
    if !findings.isEmpty {
      page += "<h2>To look at</h2><ul>" + findings.map { "<li>\(Self.escaped($0))</li>" }.joined() + "</ul>\n"
    }
    if let target { page += html(target) }
    page += "<h2>Columns</h2>\n" + columns.map(html).joined()
    let shown = associations.prefix(40)
    if !shown.isEmpty {
      page +=
        "<h2>Associations</h2><table><tr><th>columns</th><th>measure</th><th class=\"n\">value</th></tr>"
      page += shown.map {
        "<tr><td>\(Self.escaped($0.first)), \(Self.escaped($0.second))</td><td>\($0.kind.rawValue)</td><td class=\"n\">\(rounded($0.value))</td></tr>"
      }.joined()
      page += "</table>\n"
    }
    return page + "</body></html>\n"
  }

  private func html(_ target: TargetProfile) -> String {
    var text = "<h2>Target: \(Self.escaped(target.name))</h2>"
    if !target.classes.isEmpty { text += Self.bars(Array(target.classes.prefix(20))) }
    text += "<table><tr><th>column</th><th class=\"n\">alone it predicts</th></tr>"
    text += target.powers.prefix(20).map {
      "<tr><td>\(Self.escaped($0.column))</td><td class=\"n\">\(rounded($0.score))\($0.isSame ? " (the same)" : "")</td></tr>"
    }.joined()
    return text + "</table>\n"
  }

  private func html(_ column: ColumnProfile) -> String {
    var rows = [
      ("missing", "\(column.missing) (\(Self.percent(column.missing, rowCount)))"),
      ("different", "\(column.distinct)"),
    ]
    if let numbers = column.numbers {
      func add(_ name: String, _ value: Double?) { if let value { rows.append((name, Self.short(value))) } }
      add("mean", numbers.mean)
      add("std", numbers.std)
      add("min", numbers.min)
      add("25 %", numbers.lowerQuartile)
      add("median", numbers.median)
      add("75 %", numbers.upperQuartile)
      add("max", numbers.max)
      add("skew", numbers.skew)
      rows += [
        ("outliers", "\(numbers.outliers)"), ("zeros", "\(numbers.zeros)"),
        ("negative", "\(numbers.negative)"),
      ]
      if numbers.infinite > 0 { rows.append(("infinite", "\(numbers.infinite)")) }
    }
    let picture = column.histogram.map(Self.histogram) ?? Self.bars(column.frequent)
    return
      "<section><h3>\(Self.escaped(column.name)) <span class=\"t\">\(Self.escaped(column.type))</span></h3>\(picture)<table>"
      + rows.map { "<tr><td>\($0.0)</td><td class=\"n\">\($0.1)</td></tr>" }.joined() + "</table></section>\n"
  }

  private static func histogram(_ histogram: ColumnProfile.Histogram) -> String {
    let most = Double(histogram.counts.max() ?? 1)
    let bars = histogram.counts.enumerated().map { place, count in
      let height = (Double(count) / most * 1000).rounded() / 10
      return
        "<rect x=\"\(place * 20)\" y=\"\(100 - height)\" width=\"19\" height=\"\(height)\" fill=\"#4878a8\"><title>"
        + "\(short(histogram.edges[place])) to \(short(histogram.edges[place + 1])): \(count)</title></rect>"
    }.joined()
    return
      "<svg width=\"400\" height=\"118\" role=\"img\">\(bars)<text x=\"0\" y=\"115\" font-size=\"12\">\(short(histogram.edges[0]))</text>"
      + "<text x=\"400\" y=\"115\" font-size=\"12\" text-anchor=\"end\">\(short(histogram.edges[histogram.edges.count - 1]))</text></svg>"
  }

  private static func bars(_ frequencies: [ColumnProfile.Frequency]) -> String {
    guard let most = frequencies.map(\.count).max(), most > 0 else { return "" }
    let lines = frequencies.enumerated().map { place, item in
      let width = (Double(item.count) / Double(most) * 2000).rounded() / 10
      return "<rect x=\"200\" y=\"\(place * 18 + 2)\" width=\"\(width)\" height=\"14\" fill=\"#4878a8\"/>"
        + "<text x=\"194\" y=\"\(place * 18 + 13)\" font-size=\"12\" text-anchor=\"end\">\(escaped(String(printable(item.value).prefix(28))))</text>"
        + "<text x=\"\(206 + width)\" y=\"\(place * 18 + 13)\" font-size=\"12\">\(item.count)</text>"
    }.joined()
    return "<svg width=\"480\" height=\"\(frequencies.count * 18)\" role=\"img\">\(lines)</svg>"
  }

  /// A text in which nothing is taken for the page's own.
  static func escaped(_ text: String) -> String { markupEscaped(printable(text)) }
}
