/// What the report's pieces share: numbers, colours.
enum Markup {
  /// A coordinate with one decimal.
  static func number(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    let sign = tenths < 0 ? "-" : ""
    return "\(sign)\(abs(tenths) / 10).\(abs(tenths) % 10)"
  }

  /// Colours for both appearances; devices take d0, d1 and so on.
  static let style = """
    :root, svg { --ink: #1b1f24; --faint: #6a737d; --line: #d0d7de; --page: #ffffff; --bad: #b31d28;
      --d0: #0b62c4; --d1: #c2410c; --d2: #1a7f37; --d3: #8250df; --d4: #b3246b; --d5: #0e7c86;
      --d6: #8a6d00; --d7: #6a737d; }
    @media (prefers-color-scheme: dark) {
      :root, svg { --ink: #e6edf3; --faint: #8d96a0; --line: #30363d; --page: #0d1117; --bad: #ff7b72;
        --d0: #58a6ff; --d1: #ff9b5e; --d2: #56d364; --d3: #bc8cff; --d4: #ff7eb6; --d5: #4fd1dc;
        --d6: #e3b341; --d7: #8d96a0; } }
    svg { background: var(--page); }
    svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
    svg .faint { fill: var(--faint); }
    svg .grid { stroke: var(--line); fill: none; }
    \(colours)
    svg tspan { stroke: none !important; }
    svg polyline { fill: none !important; stroke-width: 2; }
    svg circle { fill-opacity: 0.6; }
    """

  /// The class of a device's colour; there are eight.
  static func colour(_ device: Int) -> String { "d\(device % colourCount)" }

  private static let colourCount = 8

  private static let colours = (0..<colourCount).map {
    "svg .d\($0) { fill: var(--d\($0)); stroke: var(--d\($0)); }"
  }
  .joined(separator: "\n")
}
