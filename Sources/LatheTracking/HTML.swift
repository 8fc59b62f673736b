import Foundation
import LatheCore

/// Text inside a page.
enum HTML {
  /// A table of rows, the first of them titles.
  ///
  /// - Parameter marked: The row that is the best one.
  static func table(_ rows: [[String]], titles: Bool = true, marked: Int? = nil) -> String {
    let lines = rows.enumerated().map { index, row in
      let cell = titles && index == 0 ? "th" : "td"
      return
        "<tr\(index == marked ? " class=\"best\"" : "")>\(row.map { "<\(cell)>\($0)</\(cell)>" }.joined())</tr>"
    }
    return "<div class=\"wide\"><table>\(lines.joined(separator: "\n"))</table></div>\n"
  }

  /// Title, legend and picture of curves; empty where there are no values.
  static func figure(_ curves: SVGCurves) -> String {
    let picture = curves.svg
    guard !picture.isEmpty else { return "" }
    let legend = curves.lines.map { "<span class=\"\($0.style)\">\(markupEscaped($0.name))</span>" }
    return
      "<figure><figcaption>\(markupEscaped(curves.title)): \(legend.joined(separator: " "))</figcaption>\(picture)</figure>\n"
  }
}
