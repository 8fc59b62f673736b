import Foundation

/// Lines over epochs as an SVG picture.
struct SVGCurves {
  /// A line of the picture.
  struct Line {
    let name: String
    let color: String
    let values: [Double]
  }

  let title: String
  let lines: [Line]

  private static let (width, height, left, bottom, top) = (520.0, 260.0, 56.0, 28.0, 16.0)

  /// The picture, with the range of values on the left and epochs below.
  var svg: String {
    let finite = lines.flatMap(\.values).filter(\.isFinite)
    guard let low = finite.min(), let high = finite.max() else { return "" }
    let range = high > low ? high - low : 1
    let count = lines.map(\.values.count).max() ?? 1
    let (width, height, left, bottom, top) = (Self.width, Self.height, Self.left, Self.bottom, Self.top)
    func x(_ index: Int) -> Double {
      left + (width - left - 12) * (count > 1 ? Double(index) / Double(count - 1) : 0.5)
    }
    func y(_ value: Double) -> Double { top + (height - top - bottom) * (1 - (value - low) / range) }
    var text =
      "<svg viewBox=\"0 0 \(Int(width)) \(Int(height))\" role=\"img\" aria-label=\"\(HTML.escaped(title))\">"
    for part in 0...4 {
      let value = low + range * Double(part) / 4
      text +=
        "<line x1=\"\(left)\" x2=\"\(width - 12)\" y1=\"\(Self.number(y(value)))\" y2=\"\(Self.number(y(value)))\" class=\"grid\"/>"
      text +=
        "<text x=\"\(left - 6)\" y=\"\(Self.number(y(value) + 4))\" class=\"left\">\(String(format: "%.3g", value))</text>"
    }
    for index in Set([0, count / 2, count - 1]).sorted() {
      text +=
        "<text x=\"\(Self.number(x(index)))\" y=\"\(Self.number(height - 8))\" class=\"below\">\(index + 1)</text>"
    }
    for line in lines {
      let points = line.values.enumerated().filter(\.element.isFinite).map { (x($0.offset), y($0.element)) }
      let list = points.map { "\(Self.number($0.0)),\(Self.number($0.1))" }.joined(separator: " ")
      text += "<polyline points=\"\(list)\" fill=\"none\" stroke=\"\(line.color)\" stroke-width=\"2\"/>"
      for point in points where points.count < 40 {
        text +=
          "<circle cx=\"\(Self.number(point.0))\" cy=\"\(Self.number(point.1))\" r=\"2.5\" fill=\"\(line.color)\"/>"
      }
    }
    return text + "</svg>"
  }

  /// Title, legend and picture.
  var figure: String {
    let legend = lines.map { "<span style=\"color:\($0.color)\">\(HTML.escaped($0.name))</span>" }.joined(
      separator: " ")
    return "<figure><figcaption>\(HTML.escaped(title)): \(legend)</figcaption>\(svg)</figure>\n"
  }

  private static func number(_ value: Double) -> String { String(format: "%.1f", value) }
}

/// Text inside a page.
enum HTML {
  /// Text with the characters that mean something in HTML replaced.
  static func escaped(_ text: String) -> String {
    text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
      .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
  }

  /// A table of rows, the first of them titles.
  static func table(_ rows: [[String]], titles: Bool = true) -> String {
    let lines = rows.enumerated().map { index, row in
      let cell = titles && index == 0 ? "th" : "td"
      return "<tr>\(row.map { "<\(cell)>\($0)</\(cell)>" }.joined())</tr>"
    }
    return "<table>\(lines.joined(separator: "\n"))</table>\n"
  }
}
