import LatheCore
import LatheFiles

/// The memory of tables that are much larger than their files, since most values are not written there.
enum TableMemory {
  /// Refuses a table that a small file has made large.
  ///
  /// - Throws: `LatheError.format` that says how large it is.
  static func check(_ source: CSVSource, rows: Int, columns: Int, limit: Int?) throws {
    // A value and what is beside it while it is read.
    let (cells, overflow) = rows.multipliedReportingOverflow(by: 16 * max(1, columns))
    let (sized, isLarge) = source.count.multipliedReportingOverflow(by: 16)
    let allowed = limit ?? max(ReadingLimits.memory, isLarge ? .max : sized)
    guard overflow || cells > allowed else { return }
    throw LatheError(
      .format,
      "\(source.path): \(rows) rows of \(columns) columns, most of them empty, take more than the \(allowed) bytes of memory "
        + "allowed; write the rows with the columns in which they differ, or allow more (option memoryLimit)")
  }
}
