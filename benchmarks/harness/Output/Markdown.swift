/// Tables in Markdown.
enum Markdown {
  /// A row of cells.
  static func row(_ cells: [String]) -> String {
    "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
  }

  /// The line below the titles: so many columns to the left, the others to the right.
  static func rule(left: Int, columns: Int) -> String {
    row((0..<columns).map { $0 < left ? ":---" : "---:" })
  }
}

/// A run as a table in Markdown.
public struct MarkdownReport {
  private let file: ResultFile

  /// A table of a run.
  public init(_ file: ResultFile) { self.file = file }

  /// The text.
  public var text: String {
    let estimates = Estimates.Column(.shipped, file.head.devices)
    let titles = ["workload", "shape", "dtype", "device"] + TextTable.titles(estimates) + [""]
    let rows = file.rows.map { row in
      let names = [
        "\(row.suite)/\(row.operation)", row.shape, row.dtype, TextTable.device(row.device, row.profile),
      ]
      guard let figures = row.figures else {
        let empty = Array(repeating: "", count: titles.count - 6)
        return Markdown.row(names + ["FAILED"] + empty + [row.failure ?? ""])
      }
      return Markdown.row(names + TextTable.cells(row, figures, estimates) + [TextTable.remarks(figures)])
    }
    let head = file.head.lines.map { "    \($0)" }
    return
      (head + ["", Markdown.row(titles), Markdown.rule(left: 4, columns: titles.count)] + rows)
      .joined(separator: "\n") + "\n"
  }
}
