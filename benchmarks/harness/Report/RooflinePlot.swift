import Foundation
import LatheCore

/// Arithmetic speed over arithmetic per byte, under each device's roof (Williams, Waterman and Patterson, 2009).
public struct RooflinePlot {
  private let rows: [Row]
  private let devices: [RunHead.DeviceHead]
  private let width = 860.0, height = 460.0
  private let left = 64.0, right = 16.0, top = 28.0, bottom = 44.0

  /// A plot of a run's rows that have arithmetic, on the devices whose roofs are known.
  public init(_ file: ResultFile) {
    rows = file.rows
    devices = file.head.devices.filter { $0.roofs != nil }
  }

  private struct Point {
    var device: Int
    var intensity: Double
    var speed: Double
    var title: String
  }

  private var points: [Point] {
    rows.compactMap { row in
      guard let seconds = row.figures?.median, seconds > 0, row.work.operations > 0, row.work.bytes > 0,
        let device = devices.firstIndex(where: {
          $0.index == row.device && $0.profile == row.profile
        })
      else { return nil }
      let speed = row.work.operations / seconds * 1e-9
      return Point(
        device: device, intensity: row.work.operations / row.work.bytes, speed: speed,
        title: "\(row.name): \(Format.significant(speed)) GFLOP/s")
    }
  }

  /// The plot as an SVG element.
  ///
  /// - Parameter isStandalone: Whether it is a file of its own, with name space and style.
  public func svg(isStandalone: Bool = false) -> String {
    let points = points
    let roofs = devices.compactMap(\.roofs)
    let balances = roofs.map { $0.operationsPerSecond / $0.copyBytesPerSecond }
    let xs = Axis(points.map(\.intensity) + balances, base: 2)
    let ys = Axis(points.map(\.speed) + roofs.map { $0.operationsPerSecond * 1e-9 }, base: 10)
    func x(_ value: Double) -> Double { left + xs.place(value) * (width - left - right) }
    func y(_ value: Double) -> Double { height - bottom - ys.place(value) * (height - top - bottom) }
    func at(_ value: Double) -> String { Markup.number(value) }

    let space = isStandalone ? " xmlns=\"http://www.w3.org/2000/svg\"" : ""
    var svg =
      "<svg\(space) viewBox=\"0 0 \(Int(width)) \(Int(height))\" role=\"img\" aria-label=\"Roofline plot\">\n"
    if isStandalone { svg += "<style>\(Markup.style)</style>\n" }
    for tick in xs.ticks {
      svg += "<path class=\"grid\" d=\"M\(at(x(tick))) \(at(top))V\(at(height - bottom))\"/>"
      svg +=
        "<text class=\"faint\" x=\"\(at(x(tick)))\" y=\"\(at(height - bottom + 16))\" text-anchor=\"middle\">"
        + "\(Axis.label(tick))</text>\n"
    }
    for tick in ys.ticks {
      svg += "<path class=\"grid\" d=\"M\(at(left)) \(at(y(tick)))H\(at(width - right))\"/>"
      svg +=
        "<text class=\"faint\" x=\"\(at(left - 6))\" y=\"\(at(y(tick) + 4))\" text-anchor=\"end\">"
        + "\(Axis.label(tick))</text>\n"
    }
    svg +=
      "<text class=\"faint\" x=\"\(at(width / 2))\" y=\"\(at(height - 8))\" text-anchor=\"middle\">"
      + "operations per byte</text>\n<text class=\"faint\" x=\"\(at(left))\" y=\"16\">GFLOP/s</text>\n"
    for (index, device) in devices.enumerated() {
      let label = TextTable.device(device.index, device.profile)
      svg +=
        "<text x=\"\(at(width - right - 150 * Double(devices.count - index - 1)))\" y=\"16\" "
        + "text-anchor=\"end\"><tspan class=\"\(Markup.colour(index))\">&#9679; "
        + "\(markupEscaped(label))</tspan></text>\n"
      guard let roofs = device.roofs else { continue }
      let peak = roofs.operationsPerSecond * 1e-9
      let bandwidth = roofs.copyBytesPerSecond * 1e-9
      // Where the slope leaves the plot at the bottom or at the left.
      let start = max(xs.low, ys.low / bandwidth)
      let line = [(start, start * bandwidth), (peak / bandwidth, peak), (xs.high, peak)]
      svg +=
        "<polyline class=\"\(Markup.colour(index))\" points=\""
        + line.map { "\(at(x($0.0))),\(at(y($0.1)))" }.joined(separator: " ") + "\"/>\n"
    }
    for point in points {
      svg +=
        "<circle class=\"\(Markup.colour(point.device))\" cx=\"\(at(x(point.intensity)))\" "
        + "cy=\"\(at(y(point.speed)))\" r=\"4\"><title>\(markupEscaped(point.title))</title></circle>\n"
    }
    return svg + "</svg>\n"
  }

  /// A logarithmic axis that ends at whole powers of its base.
  struct Axis {
    let low: Double, high: Double
    private let base: Double

    init(_ values: [Double], base: Double) {
      self.base = base
      let powers = values.filter { $0 > 0 && $0.isFinite }.map { log($0) / log(base) }
      let first = (powers.min() ?? 0).rounded(.down)
      low = pow(base, first)
      high = pow(base, max((powers.max() ?? 1).rounded(.up), first + 1))
    }

    /// Where a value lies between the ends, 0...1.
    func place(_ value: Double) -> Double { log(max(value, low * 0.5) / low) / log(high / low) }

    /// The powers of the base from end to end, at most eleven of them.
    var ticks: [Double] {
      let first = (log(low) / log(base)).rounded()
      let count = Int((log(high / low) / log(base)).rounded())
      let step = max(1, (count + 9) / 10)
      return stride(from: 0, through: count, by: step).map { pow(base, first + Double($0)) }
    }

    /// A power as a number or a fraction.
    static func label(_ value: Double) -> String {
      if !(1e-6...1e6).contains(value) { return String(format: "%.0e", value) }
      return value >= 1 ? String(format: "%.0f", value) : "1/\(Int((1 / value).rounded()))"
    }
  }
}
