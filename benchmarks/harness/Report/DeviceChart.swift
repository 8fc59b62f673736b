import LatheCore

/// How the devices of a run compare on each workload: bars of the speed relative to the fastest.
struct DeviceChart {
  private let file: ResultFile

  init(_ file: ResultFile) { self.file = file }

  private struct Group {
    var title: String
    var bars: [(device: Int, seconds: Double)]
  }

  private var groups: [Group] {
    var groups: [Group] = []
    for row in file.rows {
      guard let seconds = row.figures?.median,
        let device = file.head.devices.firstIndex(where: {
          $0.index == row.device && $0.profile == row.profile
        })
      else { continue }
      let title =
        "\(row.suite)/\(row.operation) \(row.shape)" + (row.dtype == "float32" ? "" : " \(row.dtype)")
      if groups.last?.title != title { groups.append(Group(title: title, bars: [])) }
      groups[groups.count - 1].bars.append((device, seconds))
    }
    return groups
  }

  /// The chart as an SVG element.
  func svg() -> String {
    let groups = groups
    let (left, span, bar) = (390.0, 360.0, 13.0)
    func at(_ value: Double) -> String { Markup.number(value) }
    var body = ""
    for (index, device) in file.head.devices.enumerated() {
      body +=
        "<text x=\"\(at(8 + 212 * Double(index % 4)))\" y=\"\(16 + 18 * (index / 4))\">"
        + "<tspan class=\"\(Markup.colour(index))\">"
        + "&#9679; \(markupEscaped(TextTable.device(device.index, device.profile)))</tspan></text>\n"
    }
    var y = Double(18 * ((file.head.devices.count + 3) / 4) + 12)
    for group in groups {
      let fastest = group.bars.map(\.seconds).min() ?? 1
      body +=
        "<text x=\"\(at(left - 8))\" y=\"\(at(y + 11))\" text-anchor=\"end\">\(markupEscaped(group.title))</text>\n"
      for item in group.bars {
        let length = max(span * fastest / item.seconds, 1)
        body +=
          "<rect class=\"\(Markup.colour(item.device))\" x=\"\(at(left))\" y=\"\(at(y))\" "
          + "width=\"\(at(length))\" height=\"\(at(bar - 2))\"/>"
          + "<text class=\"faint\" x=\"\(at(left + length + 6))\" y=\"\(at(y + 10))\">"
          + "\(Format.seconds(item.seconds))</text>\n"
        y += bar
      }
      y += 7
    }
    return
      "<svg viewBox=\"0 0 860 \(Int(y) + 4)\" role=\"img\" aria-label=\"Devices compared\">\n\(body)</svg>\n"
  }
}
