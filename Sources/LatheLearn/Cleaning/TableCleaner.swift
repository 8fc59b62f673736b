import LatheCore
import LatheTables

/// Cleans the rows of a table to learn from, step by step; each step counts what it did, and says which rows and why.
///
/// Rows of the test are no rows of a cleaner: no step sees or takes out one of them.
///
/// ```swift
/// var cleaner = try TableCleaner(raw, rows: split.train)
/// try cleaner.removeDuplicates()
/// try cleaner.require(col("age") >= 0, "age >= 0")
/// print(cleaner.report)
/// let train = cleaner.table
/// ```
public struct TableCleaner: Sendable {
  /// The rows that are left.
  public internal(set) var table: Table
  /// The place of each of them in the raw table.
  public internal(set) var rows: [Int]
  /// What was done.
  public internal(set) var report = CleaningReport()
  private let raw: Table
  /// The number by which reports call the first row of the raw table.
  let firstNumber: Int

  /// - Parameters:
  ///   - table: The raw table.
  ///   - rows: The places of the rows to learn from; nil: all.
  ///   - firstNumber: The number by which reasons and `removedRows` call the first row of the raw table: 0 as in programs, or 1 as
  ///     people count.
  /// - Throws: `LatheError.invalidArgument` for a place where no row is, or that comes twice.
  public init(_ table: Table, rows: [Int]? = nil, firstNumber: Int = 0) throws {
    raw = table
    self.firstNumber = firstNumber
    self.rows = rows ?? Array(0..<table.rowCount)
    guard Set(self.rows).count == self.rows.count else {
      throw LatheError(.invalidArgument, "cleaning: a row is named twice; name each once")
    }
    self.table = try rows.map { try table.take($0) } ?? table
  }

  /// The rows that were taken out, as they were in the raw table, with their place, the step and the reason in front.
  public var removedRows: Table {
    get throws {
      try report.steps.removedRows(of: raw, firstNumber: firstNumber)
    }
  }

  /// Writes the rows that were taken out as CSV, so that nothing is lost.
  ///
  /// - Throws: `LatheError.file` where the file cannot be written.
  public func writeRemovedRows(to path: String) throws { try removedRows.writeCSV(to: path) }

  /// Takes rows out.
  ///
  /// - Parameter found: Their places among those that are left, rising, with reasons.
  mutating func remove(_ name: String, _ found: [(row: Int, reason: String)], notes: [String] = []) {
    var step = CleaningReport.Step(name: name, notes: notes)
    step.removed = found.map { .init(row: rows[$0.row], reason: $0.reason) }
    report.steps.append(step)
    guard !found.isEmpty else { return }
    let gone = Set(found.map(\.row))
    let kept = rows.indices.filter { !gone.contains($0) }
    table = table.taking(kept)
    rows = kept.map { rows[$0] }
  }

  /// Puts a column in the place of another.
  mutating func change(
    _ name: String, _ column: Column, _ found: [(row: Int, reason: String)], notes: [String] = []
  ) throws {
    var step = CleaningReport.Step(name: name, notes: notes)
    step.changed = found.map { .init(row: rows[$0.row], reason: $0.reason) }
    report.steps.append(step)
    table = try table.with(column)
  }
}

extension TableCleaner {
  /// Takes out rows that are equal to one before them.
  ///
  /// - Parameter subset: The columns that are looked at; all unless given.
  public mutating func removeDuplicates(_ subset: [String]? = nil) throws {
    let first = try table.firstEqualRows(subset)
    let (places, firstNumber) = (rows, firstNumber)
    remove(
      "duplicates",
      first.indices.filter { first[$0] != $0 }.map { ($0, "equal to row \(places[first[$0]] + firstNumber)") }
    )
  }

  /// Takes out rows that say nearly the same as one before them that stays.
  ///
  /// Rows are compared as sets: of the words of texts, and of the other values.
  ///
  /// - Parameters:
  ///   - subset: The columns that are looked at; all unless given. Of a single column of texts pieces of five characters are
  ///     compared.
  ///   - similarity: What two rows' sets share, as a part of what both have together (Jaccard).
  public mutating func removeNearDuplicates(
    _ subset: [String]? = nil, similarity: Double = 0.9, seed: UInt64 = 0
  ) throws {
    let columns = try (subset ?? table.columnNames).map { try table[$0] }
    let finder = try NearDuplicates(similarity: similarity, seed: seed)
    let pairs: [NearDuplicates.Pair]
    if columns.count == 1, columns[0].type == .text {
      pairs = finder.pairs(sets: columns[0].strings().map { $0.map { NearDuplicates.pieces(of: $0) } ?? [] })
    } else {
      pairs = finder.pairs(sets: (0..<table.rowCount).map { NearDuplicates.items(of: columns, $0) })
    }
    let places = rows
    var gone: [Int: String] = [:]
    for pair in pairs where gone[pair.first] == nil && gone[pair.second] == nil {
      gone[pair.second] =
        "like row \(places[pair.first] + firstNumber) (similarity \(rounded(pair.similarity)))"
    }
    remove("near duplicates", gone.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
  }

  /// Takes out rows with a missing value in some columns.
  public mutating func removeMissing(_ subset: [String]? = nil) throws {
    let columns = try (subset ?? table.columnNames).map { try table[$0] }
    remove(
      "missing values",
      (0..<table.rowCount).compactMap { row in
        columns.first { $0.isMissing(row) }.map { (row, "no '\($0.name)'") }
      })
  }

  /// Takes out rows that break a rule; those for which it cannot be computed, since a value is missing, stay.
  ///
  /// - Parameters:
  ///   - rule: What must hold, such as `col("age") >= 0`.
  ///   - words: The rule in words, for the report.
  ///   - column: A column whose value becomes missing where the rule is broken, while the row stays.
  /// - Throws: `LatheError.invalidArgument` where a column is not there, or the rule is not true or false.
  public mutating func require(_ rule: ColumnExpression, _ words: String, makingMissing column: String? = nil)
    throws
  {
    let result = try table.evaluate(rule)
    guard result.type == .bool else {
      throw LatheError(
        .invalidArgument, "rule '\(words)': of \(result.type), not of truth values; compare it")
    }
    let broken = (0..<table.rowCount).filter { result[$0] == .bool(false) }
    guard let column else { return remove("rule \(words)", broken.map { ($0, "breaks the rule \(words)") }) }
    let old = try table[column]
    let gone = Set(broken)
    let cleared = old.taking((0..<old.count).map { gone.contains($0) ? -1 : $0 })
    try change(
      "rule \(words)", cleared,
      broken.filter { !old.isMissing($0) }.map {
        ($0, "'\(column)' was \(old.text($0)), which breaks the rule; now missing")
      })
  }
}

/// A number as reports show it.
func rounded(_ value: Double) -> String {
  guard value.isFinite, value.magnitude < 1e12 else { return "\(value)" }
  let scaled = (value * 1000).rounded() / 1000
  return scaled == scaled.rounded() ? "\(Int(scaled))" : "\(scaled)"
}
