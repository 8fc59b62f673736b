import LatheCore

/// Lines, points and bars as an SVG picture that needs nothing beside it.
package struct Chart: Sendable {
  /// What is drawn in one colour.
  package struct Series: Sendable {
    var name: String
    var points: [(x: Double, y: Double)]
    var isLine: Bool
    var labels: [String]
    var isFaint: Bool

    /// Points, joined by lines where wanted; those without finite numbers are left out.
    package init(
      name: String, points: [(Double, Double)], isLine: Bool, labels: [String] = [], isFaint: Bool = false
    ) {
      self.name = name
      self.points = points.map { (x: $0.0, y: $0.1) }.filter { $0.x.isFinite && $0.y.isFinite }
      self.isLine = isLine
      self.labels = labels.count == self.points.count ? labels : []
      self.isFaint = isFaint
    }
  }

  var title: String
  var x: String
  var y: String
  var series: [Series]

  /// A picture of series over named axes.
  package init(title: String, x: String, y: String, series: [Series]) {
    self.title = title
    self.x = x
    self.y = y
    self.series = series
  }

  private static let colors = ["#1f6fb4", "#c8501e", "#2e8b57", "#8a5db0", "#b8860b"]
  private static let (width, height, left, bottom, top, right) = (520.0, 280.0, 64.0, 44.0, 28.0, 16.0)

  /// The picture; empty where there is no point.
  package var svg: String {
    let all = series.flatMap(\.points)
    guard let x0 = all.map(\.x).min(), let x1 = all.map(\.x).max(), let y0 = all.map(\.y).min(),
      let y1 = all.map(\.y).max()
    else { return "" }
    let (xs, ys) = (Self.range(x0, x1), Self.range(y0, y1))
    let (width, height, left, bottom, top) = (Self.width, Self.height, Self.left, Self.bottom, Self.top)
    func px(_ v: Double) -> String {
      Self.short(left + (width - left - Self.right) * (v - xs.lowerBound) / (xs.upperBound - xs.lowerBound))
    }
    func py(_ v: Double) -> String {
      Self.short(top + (height - top - bottom) * (1 - (v - ys.lowerBound) / (ys.upperBound - ys.lowerBound)))
    }
    var text = Self.head(title, width, height)
    for tick in Self.ticks(ys) {
      text +=
        "<line x1=\"\(Self.short(left))\" x2=\"\(Self.short(width - Self.right))\" y1=\"\(py(tick))\" "
        + "y2=\"\(py(tick))\" stroke=\"#8884\"/><text x=\"\(Self.short(left - 6))\" y=\"\(py(tick))\" dy=\"4\" "
        + "text-anchor=\"end\">\(ShortNumber.text(tick))</text>"
    }
    for tick in Self.ticks(xs) {
      text +=
        "<text x=\"\(px(tick))\" y=\"\(Self.short(height - bottom + 16))\" text-anchor=\"middle\">"
        + "\(ShortNumber.text(tick))</text>"
    }
    text +=
      "<text x=\"\(Self.short((left + width) / 2))\" y=\"\(Self.short(height - 6))\" text-anchor=\"middle\">"
      + "\(markupEscaped(x))</text><text x=\"\(Self.short(left))\" y=\"14\">\(markupEscaped(y))</text>"
    for (k, own) in series.enumerated() {
      let color = own.isFaint ? "#8888" : Self.colors[k % Self.colors.count]
      if own.isLine, own.points.count > 1 {
        let list = own.points.map { "\(px($0.x)),\(py($0.y))" }.joined(separator: " ")
        text +=
          "<polyline points=\"\(list)\" fill=\"none\" stroke=\"\(color)\" stroke-width=\"\(own.isFaint ? 0.7 : 2)\"/>"
      } else {
        for (i, point) in own.points.enumerated() {
          text += "<circle cx=\"\(px(point.x))\" cy=\"\(py(point.y))\" r=\"3.5\" fill=\"\(color)\">"
          if !own.labels.isEmpty { text += "<title>\(markupEscaped(own.labels[i]))</title>" }
          text += "</circle>"
          if !own.labels.isEmpty {
            text +=
              "<text x=\"\(px(point.x))\" y=\"\(py(point.y))\" dx=\"6\" dy=\"-6\">\(markupEscaped(own.labels[i]))</text>"
          }
        }
      }
    }
    return text + "</svg>"
  }

  /// Bars that lie, each with its name; those below 0 go to the left.
  package static func bars(title: String, _ values: [(name: String, value: Double)]) -> String {
    let kept = values.filter(\.value.isFinite)
    guard !kept.isEmpty else { return "" }
    let (low, high) = (min(0, kept.map(\.value).min() ?? 0), max(0, kept.map(\.value).max() ?? 0))
    let span = high > low ? high - low : 1
    let (left, line) = (170.0, 20.0)
    let room = width - left - 70
    let height = top + line * Double(kept.count) + 6
    func px(_ v: Double) -> Double { left + room * (v - low) / span }
    var text = head(title, width, height)
    text += "<text x=\"0\" y=\"14\">\(markupEscaped(title))</text>"
    for (k, own) in kept.enumerated() {
      let y = top + line * Double(k)
      let (a, b) = (min(px(0), px(own.value)), max(px(0), px(own.value)))
      text +=
        "<text x=\"\(short(left - 8))\" y=\"\(short(y + 12))\" text-anchor=\"end\">\(markupEscaped(clipped(own.name)))</text>"
        + "<rect x=\"\(short(a))\" y=\"\(short(y + 2))\" width=\"\(short(max(b - a, 0.5)))\" height=\"14\" "
        + "fill=\"\(own.value < 0 ? colors[1] : colors[0])\"/>"
        + "<text x=\"\(short(b + 6))\" y=\"\(short(y + 13))\">\(ShortNumber.text(own.value))</text>"
    }
    return text + "</svg>"
  }

  private static func head(_ title: String, _ width: Double, _ height: Double) -> String {
    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(short(width)) \(short(height))\" role=\"img\" "
      + "aria-label=\"\(markupEscaped(title))\" font-family=\"system-ui, sans-serif\" font-size=\"11\" fill=\"currentColor\">"
  }

  private static func clipped(_ text: String) -> String { text.count > 26 ? "\(text.prefix(25))…" : text }

  private static func range(_ low: Double, _ high: Double) -> ClosedRange<Double> {
    let margin = high > low ? (high - low) * 0.04 : max(abs(low) / 10, 1e-3)
    return low - margin...high + margin
  }

  /// About five round numbers inside a range.
  private static func ticks(_ range: ClosedRange<Double>) -> [Double] {
    let raw = (range.upperBound - range.lowerBound) / 5
    let size = power(10, (logarithm(raw) / logarithm(10)).rounded(.down))
    let step = [1, 2, 5, 10].map { $0 * size }.first { $0 >= raw * 0.999 } ?? 10 * size
    var result: [Double] = []
    var k = (range.lowerBound / step).rounded(.up)
    while k * step <= range.upperBound, result.count < 20 {
      result.append(k * step)
      k += 1
    }
    return result
  }

  private static func short(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return tenths % 10 == 0
      ? "\(tenths / 10)" : "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
  }
}
