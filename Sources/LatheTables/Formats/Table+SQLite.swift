import Foundation
import CSQLite
import LatheCore
import LatheFiles

extension Table {
  /// Reads a table of an SQLite database.
  ///
  /// SQLite gives each value a type of its own: a column is of whole numbers, numbers or texts as its values are. Where it was
  /// declared so, whole numbers 0 and 1 are truth values (`BOOLEAN`), and texts in ISO 8601 points in time (`DATE`,
  /// `DATETIME`, `TIMESTAMP`).
  ///
  /// - Throws: `LatheError` where the system has no SQLite, the file is none, the table is not there, or a column has blobs or
  ///   values of several kinds.
  public init(sqlite path: String, table: String) throws {
    let database = try SQLiteDatabase(path, isWritable: false)
    let known = try database.tableNames()
    guard known.contains(table) else {
      let names = known.isEmpty ? "there is none" : "there are \(known.prefix(20).joined(separator: ", "))"
      throw LatheError(.invalidArgument, "\(path): no table '\(table)'; \(names)")
    }
    self = try database.rows("SELECT * FROM \(SQLiteDatabase.quoted(table))")
  }

  /// Reads the result of a query, which may only read.
  public init(sqlite path: String, query: String) throws {
    self = try SQLiteDatabase(path, isWritable: false).rows(query)
  }

  /// Writes the table into an SQLite database, which is made where there is none: the whole table or nothing.
  ///
  /// - Parameters:
  ///   - path: The database's file.
  ///   - table: The table's name.
  ///   - replacing: Whether a table of that name gives way; else it is an error.
  /// - Throws: `LatheError` where the system has no SQLite, or the database refuses.
  public func writeSQLite(to path: String, table: String, replacing: Bool = false) throws {
    try SQLiteDatabase(path, isWritable: true).write(self, table, replacing: replacing)
  }
}

/// An open database.
private final class SQLiteDatabase {
  private let path: String
  private let handle: OpaquePointer

  init(_ path: String, isWritable: Bool) throws {
    guard lathe_sqlite_available() else {
      throw LatheError(
        .unsupported,
        "\(path): SQLite needs the system's libsqlite3.so.0, which is not there (Debian: libsqlite3-0)")
    }
    if !isWritable && FileErrors.isAbsent(path) { throw FileErrors.failed("open", path, code: ENOENT) }
    var hasFailed = false
    guard let handle = lathe_sqlite_open(path, isWritable, &hasFailed) else {
      throw LatheError(.file, "\(path): no memory to open the database")
    }
    self.path = path
    self.handle = handle
    if hasFailed { throw fault() }
  }

  deinit { lathe_sqlite_close(handle) }

  private func fault() -> LatheError {
    LatheError(.file, "\(path): \(String(cString: lathe_sqlite_message(handle)))")
  }

  private func run(_ statement: String) throws {
    guard lathe_sqlite_run(handle, statement) else { throw fault() }
  }

  static func quoted(_ name: String) -> String {
    "\"" + name.unicodeScalars.map { $0 == "\"" ? "\"\"" : String($0) }.joined() + "\""
  }

  private func prepared(_ statement: String) throws -> OpaquePointer {
    guard let prepared = lathe_sqlite_prepare(handle, statement) else { throw fault() }
    return prepared
  }

  func tableNames() throws -> [String] {
    let table = try rows("SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name")
    return try table["name"].strings().compactMap { $0 }
  }

  // --- Reading ---

  func rows(_ query: String) throws -> Table {
    let statement = try prepared(query)
    defer { lathe_sqlite_free(statement) }
    guard lathe_sqlite_only_reads(statement) else {
      throw LatheError(
        .invalidArgument, "\(path): the query changes the database; only those that read are taken")
    }
    let count = lathe_sqlite_column_count(statement)
    var columns = (0..<count).map { SQLiteColumn(statement, $0, path) }
    var row = 0
    while true {
      let status = lathe_sqlite_step(statement)
      if status == LATHE_SQLITE_DONE.rawValue { break }
      guard status == LATHE_SQLITE_ROW.rawValue else { throw fault() }
      for index in columns.indices { try columns[index].add(statement, row) }
      row += 1
    }
    return try Table(columns.map { try $0.finish(row) })
  }

  // --- Writing ---

  func write(_ table: Table, _ name: String, replacing: Bool) throws {
    guard !table.columns.isEmpty else {
      throw LatheError(.invalidArgument, "\(path): a table without columns cannot be stored")
    }
    try run("BEGIN IMMEDIATE")
    do {
      if replacing { try run("DROP TABLE IF EXISTS \(Self.quoted(name))") }
      let fields = table.columns.map { "\(Self.quoted($0.name)) \(Self.declared($0.type))" }
      try run("CREATE TABLE \(Self.quoted(name)) (\(fields.joined(separator: ", ")))")
      let places = Array(repeating: "?", count: table.columnCount).joined(separator: ", ")
      let statement = try prepared("INSERT INTO \(Self.quoted(name)) VALUES (\(places))")
      defer { lathe_sqlite_free(statement) }
      for row in 0..<table.rowCount {
        for (place, column) in table.columns.enumerated() {
          guard bind(column, row, statement, Int32(place + 1)) else { throw fault() }
        }
        guard lathe_sqlite_step(statement) == LATHE_SQLITE_DONE.rawValue else { throw fault() }
        lathe_sqlite_reset(statement)
      }
    } catch {
      _ = lathe_sqlite_run(handle, "ROLLBACK")
      throw error
    }
    try run("COMMIT")
  }

  private static func declared(_ type: ColumnType) -> String {
    switch type {
    case .float64, .float32: "REAL"
    case .int64: "INTEGER"
    case .bool: "BOOLEAN"
    case .text, .categorical, .duration: "TEXT"
    case .dateTime: "TIMESTAMP"
    }
  }

  private func bind(_ column: Column, _ row: Int, _ statement: OpaquePointer, _ place: Int32) -> Bool {
    switch column[row] {
    case .missing: return lathe_sqlite_bind_null(statement, place)
    // SQLite takes NaN for NULL, which it is in a column of numbers, too.
    case .float64(let value): return lathe_sqlite_bind_real(statement, place, value)
    case .int64(let value): return lathe_sqlite_bind_integer(statement, place, value)
    case .bool(let value): return lathe_sqlite_bind_integer(statement, place, value ? 1 : 0)
    case .text, .dateTime, .duration:
      let text = Array(column.text(row).utf8)
      return lathe_sqlite_bind_text(statement, place, text, text.count)
    }
  }
}

/// A column of a query's result under way.
private struct SQLiteColumn {
  private let path: String
  private let index: Int32
  private let name: String
  private let declared: String
  private var kind: Int32?
  private var integers: [Int64] = []
  private var reals: [Double] = []
  private var texts = TextBuilder()
  private var missing: [Int] = []

  init(_ statement: OpaquePointer, _ index: Int32, _ path: String) {
    self.path = path
    self.index = index
    name = lathe_sqlite_column_name(statement, index).map { String(cString: $0) } ?? "column\(index + 1)"
    declared = lathe_sqlite_column_type(statement, index).map { String(cString: $0).uppercased() } ?? ""
  }

  mutating func add(_ statement: OpaquePointer, _ row: Int) throws {
    let own = lathe_sqlite_kind_of(statement, index)
    if own == Int32(LATHE_SQLITE_NULL.rawValue) {
      missing.append(row)
      integers.append(0)
      reals.append(.nan)
      texts.append(utf8: [])
      return
    }
    guard own != Int32(LATHE_SQLITE_BLOB.rawValue) else {
      throw LatheError(
        .format,
        "\(path): column '\(name)': row \(row + 1) is a blob, which a table has no type for; leave it out of the query"
      )
    }
    let isNumber = own != Int32(LATHE_SQLITE_TEXT.rawValue)
    if let kind, (kind != Int32(LATHE_SQLITE_TEXT.rawValue)) != isNumber {
      throw LatheError(
        .format,
        "\(path): column '\(name)': row \(row + 1) is a \(isNumber ? "number" : "text") among others; cast it in a query (CAST)"
      )
    }
    // Whole numbers beside others are numbers.
    kind = kind == Int32(LATHE_SQLITE_REAL.rawValue) ? kind : own
    integers.append(own == Int32(LATHE_SQLITE_INTEGER.rawValue) ? lathe_sqlite_integer(statement, index) : 0)
    reals.append(isNumber ? lathe_sqlite_real(statement, index) : .nan)
    var length = 0
    let text = isNumber ? nil : lathe_sqlite_text(statement, index, &length)
    texts.append(utf8: UnsafeBufferPointer(start: text, count: text == nil ? 0 : length))
  }

  func finish(_ count: Int) throws -> Column {
    let absent = Set(missing)
    let validity = Bitmap(count: count) { !absent.contains($0) }
    switch kind {
    case Int32(LATHE_SQLITE_INTEGER.rawValue):
      let isTruth = declared.hasPrefix("BOOL") && integers.allSatisfy { $0 == 0 || $0 == 1 }
      return isTruth
        ? Column(name, .bool(ColumnValues(integers.map { UInt8($0) })), validity: validity)
        : Column(name, .int64(ColumnValues(integers)), validity: validity)
    case Int32(LATHE_SQLITE_TEXT.rawValue):
      let column = Column(name, .text(texts.finish()), validity: validity)
      guard declared.hasPrefix("DATE") || declared.hasPrefix("TIMESTAMP") else { return column }
      // A declaration promises nothing; what is no time stays text.
      return (try? column.cast(to: .dateTime())) ?? (try? column.cast(to: .dateTime(zone: "UTC"))) ?? column
    default: return Column(name, .float64(ColumnValues(reals)), validity: validity)
    }
  }
}
