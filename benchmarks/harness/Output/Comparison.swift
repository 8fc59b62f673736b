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

    /// New over old; above 1 is slower.
    public var ratio: Double? {
      guard let old, let new, old > 0 else { return nil }
      return new / old
    }
  }

  /// The rows that both runs have, in the order of the new one.
  public let entries: [Entry]
  /// Rows that only one of the runs has.
  public let onlyOld: [String], onlyNew: [String]
  /// What makes the ratios doubtful: runs of different machines.
  public let warnings: [String]
  private let threshold: Double

  /// Compares by the rows' names.
  ///
  /// - Parameter threshold: A row that takes more than this times as long counts as slower.
  public init(old: ResultFile, new: ResultFile, threshold: Double) {
    self.threshold = threshold
    let before = Dictionary(old.rows.map { ($0.name, $0) }) { first, _ in first }
    let after = Set(new.rows.map(\.name))
    entries = new.rows.compactMap { row in
      before[row.name].map {
        Entry(name: row.name, old: $0.figures?.median, new: row.figures?.median)
      }
    }
    onlyOld = old.rows.map(\.name).filter { !after.contains($0) }
    onlyNew = new.rows.map(\.name).filter { before[$0] == nil }
    func machine(_ head: RunHead) -> String { "\(head.host) (\(head.processor), \(head.cores) cores)" }
    warnings =
      machine(old.head) == machine(new.head)
      ? []
      : [
        "the old run is of another host, \(machine(old.head)); the new one of \(machine(new.head)): "
          + "the ratios compare machines, too"
      ]
  }

  /// Rows that became slower than the threshold allows, or fail now.
  public var regressions: [Entry] {
    entries.filter { entry in
      if let ratio = entry.ratio { return ratio > threshold }
      return entry.old != nil && entry.new == nil
    }
  }

  /// The comparison as text.
  public var lines: [String] {
    let width = entries.map(\.name.count).max() ?? 0
    func right(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(0, width - text.count)) + text
    }
    func cells(_ name: String, _ old: String, _ new: String, _ ratio: String, _ verdict: String) -> String {
      let left = name + String(repeating: " ", count: max(0, width - name.count))
      let line = "\(left)  \(right(old, 9))  \(right(new, 9))  \(right(ratio, 7))"
      return verdict.isEmpty ? line : line + "  " + verdict
    }
    var lines = [cells("row", "old", "new", "new/old", "")]
    for entry in entries {
      let verdict: String
      switch (entry.ratio, entry.old, entry.new) {
      case (let ratio?, _, _): verdict = ratio > threshold ? "slower" : ratio < 1 / threshold ? "faster" : ""
      case (nil, _, nil): verdict = entry.old == nil ? "fails in both" : "FAILED in the new run"
      default: verdict = "failed in the old run"
      }
      lines.append(
        cells(
          entry.name, entry.old.map(Format.seconds) ?? "-", entry.new.map(Format.seconds) ?? "-",
          entry.ratio.map(Format.significant) ?? "-", verdict))
    }
    lines += onlyOld.map { "only in the old run: \($0)" } + onlyNew.map { "only in the new run: \($0)" }
    let ratios = entries.compactMap(\.ratio)
    if !ratios.isEmpty {
      lines.append(
        "\(ratios.count) rows, median ratio \(Format.significant(Statistics.median(ratios))), "
          + "\(regressions.count) beyond \(Format.significant(threshold))")
    }
    return lines
  }
}
