import Foundation
import LatheCore

/// Lines over epochs as an SVG picture.
struct SVGCurves {
  /// A line of the picture.
  struct Line {
    let name: String
    /// Which colour the page's style gives it.
    let style: String
    /// Epochs done, in parts where there are more values than epochs, and values.
    let points: [(epoch: Double, value: Double)]

    /// A line of given points, those without a finite value left out.
    init(_ name: String, _ style: String, points: [(epoch: Double, value: Double)]) {
      (self.name, self.style) = (name, style)
      self.points = points.filter { $0.value.isFinite && abs($0.value) < 1e30 }
    }

    /// A line of a value an epoch.
    init(_ name: String, _ style: String, values: [Double?]) {
      self.init(name, style, points: values.enumerated().map { (Double($0 + 1), $1 ?? .nan) })
    }
  }

  let title: String
  let lines: [Line]
  /// Epochs that the picture shows.
  let epochs: Int
  /// The epoch whose weights are the best, which is marked.
  let best: Int?

  private static let (width, height, left, bottom, top) = (520.0, 260.0, 56.0, 28.0, 16.0)

  /// The picture, with the range of values on the left and epochs below; empty where there are no values.
  var svg: String {
    let values = lines.flatMap { $0.points.map(\.value) }
    guard let least = values.min(), let most = values.max() else { return "" }
    let margin = most > least ? 0 : max(abs(least) / 10, 1e-3)
    let (low, high) = (least - margin, most + margin)
    let (width, height, left, bottom, top) = (Self.width, Self.height, Self.left, Self.bottom, Self.top)
    func x(_ epoch: Double) -> String {
      Self.number(left + (width - left - 12) * epoch / Double(max(epochs, 1)))
    }
    func y(_ value: Double) -> String {
      Self.number(top + (height - top - bottom) * (1 - (value - low) / (high - low)))
    }
    var text =
      "<svg viewBox=\"0 0 \(Int(width)) \(Int(height))\" role=\"img\" aria-label=\"\(markupEscaped(title))\">"
    for tick in Ticks(low...high).values {
      text +=
        "<line x1=\"\(left)\" x2=\"\(width - 12)\" y1=\"\(y(tick.value))\" y2=\"\(y(tick.value))\" class=\"grid\"/>"
        + "<text x=\"\(left - 6)\" y=\"\(y(tick.value))\" dy=\"4\" class=\"left\">\(tick.label)</text>"
    }
    for tick in Ticks(0...Double(max(epochs, 1)), isWhole: true).values {
      text +=
        "<text x=\"\(x(tick.value))\" y=\"\(Self.number(height - 8))\" class=\"below\">\(tick.label)</text>"
    }
    if let best {
      let place = x(Double(best))
      text +=
        "<line x1=\"\(place)\" x2=\"\(place)\" y1=\"\(top)\" y2=\"\(height - bottom)\" class=\"best\"/>"
        + "<text x=\"\(place)\" y=\"\(top - 4)\" class=\"below\">best</text>"
    }
    for line in lines {
      let list = line.points.map { "\(x($0.epoch)),\(y($0.value))" }.joined(separator: " ")
      text += "<polyline points=\"\(list)\" class=\"curve \(line.style)\"/>"
      for point in line.points where line.points.count < 40 {
        text +=
          "<circle cx=\"\(x(point.epoch))\" cy=\"\(y(point.value))\" r=\"2.5\" class=\"point \(line.style)\"/>"
      }
    }
    return text + "</svg>"
  }

  private static func number(_ value: Double) -> String { String(format: "%.1f", value) }
}
