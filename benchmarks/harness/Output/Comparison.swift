/// Two runs set against each other, row by row.
public struct Comparison {
  /// A row that both runs have.
  public struct Entry: Sendable, Equatable {
    /// The row's name.
    public var name: String
    /// Median seconds in the old run; nil where the row failed.
    public var old: Double?
    /// Median seconds in the new run; nil where the row failed.
    public var new: Double?
    /// How likely samples of one distribution differ at least as much; nil where a run's samples are not known.
    public var probability: Double?
    /// Whether the samples of either run lie too far apart to say much.
    public var isNoisy = false

    /// New over old; above 1 is slower.
    public var ratio: Double? {
      guard let old, let new, old > 0 else { return nil }
      return new / old
    }

    /// Whether chance may have made the difference.
    var mayBeChance: Bool { isNoisy || probability.map { $0 >= 0.05 } ?? false }
  }

  /// The rows that both runs have, in the order of the new one.
  public let entries: [Entry]
  /// Rows that only one of the runs has.
  public let onlyOld: [String], onlyNew: [String]
  /// What makes the ratios doubtful: runs of different machines, or of busy ones.
  public let warnings: [String]
  private let threshold: Double

  /// Compares by the rows' names.
  ///
  /// - Parameter threshold: A row that takes more than this times as long counts as slower, where its samples are
  ///   not too far apart and differ by more than chance (Mann and Whitney's test, p < 0.05).
  public init(old: ResultFile, new: ResultFile, threshold: Double) {
    self.threshold = threshold
    let before = Dictionary(old.rows.map { ($0.name, $0) }) { first, _ in first }
    let after = Set(new.rows.map(\.name))
    entries = new.rows.compactMap { row in before[row.name].map { Comparison.entry($0, row) } }
    onlyOld = old.rows.map(\.name).filter { !after.contains($0) }
    onlyNew = new.rows.map(\.name).filter { before[$0] == nil }
    warnings = Comparison.warnings(old.head, new.head)
  }

  private static func entry(_ old: Row, _ new: Row) -> Entry {
    var entry = Entry(name: new.name, old: old.figures?.median, new: new.figures?.median)
    guard let a = old.figures, let b = new.figures else { return entry }
    entry.isNoisy = a.isNoisy || b.isNoisy
    if !a.times.isEmpty, !b.times.isEmpty {
      entry.probability = Statistics.probabilityOfSameDistribution(a.times, b.times)
    }
    return entry
  }

  private static func warnings(_ old: RunHead, _ new: RunHead) -> [String] {
    func machine(_ head: RunHead) -> String { "\(head.host) (\(head.processor), \(head.cores) cores)" }
    var warnings: [String] = []
    if machine(old) != machine(new) {
      warnings.append(
        "the old run is of another host, \(machine(old)); the new one of \(machine(new)): the ratios compare machines, too"
      )
    }
    for (name, head) in [("old", old), ("new", new)] {
      warnings += head.warnings.filter { $0.hasPrefix(OtherLoad.prefix) }.map { "the \(name) run: \($0)" }
    }
    return warnings
  }

  /// Rows that became slower than the threshold and chance allow, or fail now.
  public var regressions: [Entry] {
    entries.filter { entry in
      if let ratio = entry.ratio { return ratio > threshold && !entry.mayBeChance }
      return entry.old != nil && entry.new == nil
    }
  }

  private func verdict(_ entry: Entry) -> String {
    guard let ratio = entry.ratio else {
      if entry.new == nil { return entry.old == nil ? "fails in both" : "FAILED in the new run" }
      return "failed in the old run"
    }
    guard ratio > threshold || ratio < 1 / threshold else { return "" }
    if entry.isNoisy { return "noisy" }
    if entry.mayBeChance { return "may be chance" }
    return ratio > 1 ? "slower" : "faster"
  }

  private static let titles = ["row", "old", "new", "new/old", "p", ""]

  private var table: [[String]] {
    entries.map { entry in
      [
        entry.name, entry.old.map(Format.seconds) ?? "-", entry.new.map(Format.seconds) ?? "-",
        entry.ratio.map(Format.significant) ?? "-", entry.probability.map(Format.probability) ?? "-",
        verdict(entry),
      ]
    }
  }

  /// The comparison as text.
  public var lines: [String] {
    let width = entries.map(\.name.count).max() ?? 0
    func padding(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(0, width - text.count))
    }
    let rows = ([Comparison.titles] + table).map { cells in
      let numbers = zip(cells[1...4], [9, 9, 7, 6]).map { padding($0, $1) + $0 }
      return ([cells[0] + padding(cells[0], width)] + numbers + (cells[5].isEmpty ? [] : [cells[5]]))
        .joined(separator: "  ")
    }
    return rows + summary
  }

  /// The comparison as a table in Markdown.
  public var markdown: [String] {
    let rows = ([Comparison.titles] + table).map { Markdown.row($0) }
    return [rows[0], Markdown.rule(left: 1, columns: Comparison.titles.count)] + rows.dropFirst()
      + [""] + summary.flatMap { [$0, ""] }
  }

  private var summary: [String] {
    var lines: [String] = []
    for (run, names) in [("old", onlyOld), ("new", onlyNew)] where !names.isEmpty {
      let rest = names.count > 3 ? " and \(names.count - 3) more" : ""
      lines.append(
        "only in the \(run) run: \(names.count) \(names.count == 1 ? "row" : "rows"), "
          + names.prefix(3).joined(separator: ", ") + rest)
    }
    let ratios = entries.compactMap(\.ratio)
    guard !ratios.isEmpty else { return lines }
    let noisy = entries.count(where: \.isNoisy)
    lines.append(
      "\(ratios.count) rows, median ratio \(Format.significant(Statistics.median(ratios))), "
        + "\(regressions.count) beyond \(Format.significant(threshold))"
        + (noisy == 0 ? "" : ", \(noisy) noisy and set aside"))
    return lines
  }
}
