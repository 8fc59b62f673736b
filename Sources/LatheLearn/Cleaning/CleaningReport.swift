import LatheCore
import LatheTables

/// What cleaning did, step by step: which rows of the raw table, and why.
public struct CleaningReport: Sendable {
  /// A row, by its place in the raw table, and what was found.
  public struct Finding: Sendable, Hashable {
    /// The row.
    public let row: Int
    /// The reason, or the change.
    public let reason: String

    package init(row: Int, reason: String) {
      self.row = row
      self.reason = reason
    }
  }

  /// One step.
  public struct Step: Sendable {
    /// What it is called.
    public let name: String
    /// The rows that it took out.
    public var removed: [Finding] = []
    /// The values that it changed.
    public var changed: [Finding] = []
    /// What a person should know.
    public var notes: [String] = []
  }

  /// The steps in their order.
  public internal(set) var steps: [Step] = []

  /// Rows that were taken out.
  public var removedCount: Int { steps.reduce(0) { $0 + $1.removed.count } }
  /// Values that were changed.
  public var changedCount: Int { steps.reduce(0) { $0 + $1.changed.count } }
}

extension CleaningReport: CustomStringConvertible {
  /// A line for each step, with the first rows and reasons.
  public var description: String {
    steps.map { step in
      var lines = [
        "\(step.name): \(counted(step.removed.count, "rows")) removed, \(counted(step.changed.count, "values")) changed"
      ]
      lines += step.notes.map { "  \($0)" }
      for (what, findings) in [("removed", step.removed), ("changed", step.changed)] {
        for finding in findings.prefix(3) { lines.append("  row \(finding.row) \(what): \(finding.reason)") }
        if findings.count > 3 { lines.append("  and \(findings.count - 3) more") }
      }
      return lines.joined(separator: "\n")
    }.joined(separator: "\n")
  }
}

extension [CleaningReport.Step] {
  /// The rows that were taken out, as they were in the raw table, with their place, the step and the reason in front.
  package func removedRows(of raw: Table, firstNumber: Int) throws -> Table {
    let all = flatMap { step in step.removed.map { (step.name, $0) } }
    let front = [
      Column("row", all.map { $0.1.row + firstNumber }), Column("step", all.map { $0.0 }),
      Column("reason", all.map { $0.1.reason }),
    ]
    let taken = try raw.take(all.map { $0.1.row })
    // A column of the table may have one of these names.
    let names = Set(taken.columnNames)
    return try Table(
      front.map { column in
        var name = column.name
        while names.contains(name) { name = "removed_\(name)" }
        return column.renamed(name)
      } + taken.columns)
  }
}
