import LatheCore
import LatheFiles
import Synchronization

/// A Parquet file as a table, and what was found on the way.
public struct ParquetReading: Sendable {
  /// The table.
  public let table: Table
  /// What a person should know of columns whose values a table cannot hold to the last digit.
  public let notes: [String]
}

/// How the pages of a Parquet file are compressed.
public enum ParquetCompression: String, Sendable, Hashable, CaseIterable {
  /// Not at all.
  case none
  /// By the system's `libsnappy.so.1`: fast.
  case snappy
  /// By the system's `libzstd.so.1`: smaller.
  case zstd
}

extension Table {
  /// Reads a Parquet file without nested columns.
  ///
  /// - Parameters:
  ///   - path: The file, as pandas, polars, Spark or DuckDB write it.
  ///   - columns: Only these, in the file's order; nil: all.
  ///   - memoryLimit: The memory that the table may take; 16 times the file's size and at least 1 GB unless given.
  /// - Throws: `LatheError` naming the file, the column and the offset of what is wrong.
  public init(parquet path: String, columns: [String]? = nil, memoryLimit: Int? = nil) throws {
    self = try Self.readParquet(path, columns: columns, memoryLimit: memoryLimit).table
  }

  /// Reads a Parquet file, and says which columns lost digits.
  ///
  /// - Throws: `LatheError` naming the file, the column and the offset of what is wrong.
  public static func readParquet(_ path: String, columns: [String]? = nil, memoryLimit: Int? = nil) throws
    -> ParquetReading
  {
    let source = try ParquetSource(path, memoryLimit: memoryLimit)
    let plans = try ParquetSchema(source.metadata, path, columns: columns).plans
    let found = Mutex([Column?](repeating: nil, count: plans.count))
    try Tasks.run(plans.count) { index in
      var reader = try ParquetColumnReader(source, plans[index])
      let column = try reader.read()
      found.withLock { $0[index] = column }
    }
    try source.file.checkSize()
    return ParquetReading(
      table: Table(known: found.withLock { $0.compactMap { $0 } }, rowCount: source.metadata.rowCount),
      notes: plans.compactMap { plan in plan.note.map { "column '\(plan.name)': \($0)" } })
  }

  /// Writes the table as Parquet: the file appears whole or not at all.
  ///
  /// Texts and categories are stored with a dictionary where few differ. pandas' description of the columns is written, too, so
  /// that categories, zones and durations come back.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - compression: How pages are compressed.
  ///   - rowsPerGroup: Rows that can be read apart from the others.
  /// - Throws: `LatheError` where the file cannot be written, or the library that compresses is not there.
  public func writeParquet(
    to path: String, compression: ParquetCompression = .zstd, rowsPerGroup: Int = 1 << 20
  ) throws {
    guard !columns.isEmpty else {
      throw LatheError(.invalidArgument, "\(path): a table without columns cannot be stored")
    }
    guard rowsPerGroup > 0 else {
      throw LatheError(.invalidArgument, "\(path): groups of \(rowsPerGroup) rows; one is the least")
    }
    let writer = ParquetWriter(self, compression)
    try SystemCodecs.check(writer.codec, path)
    try AtomicFile.write(to: path) { try writer.write(to: $0, path, rowsPerGroup: rowsPerGroup) }
  }
}
