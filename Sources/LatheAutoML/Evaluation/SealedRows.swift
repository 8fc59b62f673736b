import LatheTables

/// Rows for the test, which are to be looked at once, at the end.
public final class SealedRows {
  private let table: Table
  /// How often they were opened.
  public private(set) var reads = 0

  /// Puts rows away.
  public init(_ table: Table) { self.table = table }

  /// How many rows there are.
  public var rowCount: Int { table.rowCount }

  /// The rows, and a warning where they were opened before.
  public func open() -> (rows: Table, warning: String?) {
    reads += 1
    return (
      table,
      reads > 1
        ? "the test part is read for the \(reads == 2 ? "second" : "\(reads)th") time: what was chosen by its score before "
          + "makes this one too good" : nil
    )
  }
}
