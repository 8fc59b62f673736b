import LatheCore

/// Columns of equal length, each with a name of its own.
public struct Table: Sendable {
  /// The columns in their order.
  public let columns: [Column]
  /// The number of rows.
  public let rowCount: Int
  private let places: [String: Int]

  /// A table of columns.
  ///
  /// - Throws: `LatheError.invalidArgument` where two columns have the same name or other numbers of rows.
  public init(_ columns: [Column]) throws {
    var places: [String: Int] = [:]
    for (place, column) in columns.enumerated() {
      guard places.updateValue(place, forKey: column.name) == nil else {
        throw LatheError(
          .invalidArgument, "two columns are named '\(column.name)'; give each a name of its own (renamed)")
      }
      guard column.count == columns[0].count else {
        throw LatheError(
          .invalidArgument,
          "column '\(column.name)' has \(counted(column.count, "rows")), column '\(columns[0].name)' \(columns[0].count)"
        )
      }
    }
    self.init(unchecked: columns, places)
  }

  private init(unchecked columns: [Column], _ places: [String: Int], rowCount: Int? = nil) {
    self.columns = columns
    self.places = places
    self.rowCount = rowCount ?? columns.first?.count ?? 0
  }

  /// Columns whose names and lengths are known to fit.
  package init(known columns: [Column], rowCount: Int? = nil) {
    self.init(
      unchecked: columns, Dictionary(uniqueKeysWithValues: columns.enumerated().map { ($1.name, $0) }),
      rowCount: rowCount)
  }

  /// The columns' names.
  public var columnNames: [String] { columns.map(\.name) }
  /// The number of columns.
  public var columnCount: Int { columns.count }

  /// Whether there is a column of a name.
  public func contains(_ name: String) -> Bool { places[name] != nil }

  /// A column by name.
  ///
  /// - Throws: `LatheError.invalidArgument` that lists the columns there are.
  public subscript(_ name: String) -> Column {
    get throws {
      guard let place = places[name] else {
        let known = columns.prefix(20).map(\.name).joined(separator: ", ") + (columnCount > 20 ? ", ..." : "")
        throw LatheError(.invalidArgument, "no column '\(name)'; there are \(known)")
      }
      return columns[place]
    }
  }

  /// The values of a row.
  public func row(_ row: Int) -> [TableValue] { columns.map { $0[row] } }

  /// Only some columns, in the order asked for.
  public func select(_ names: [String]) throws -> Table { try Table(names.map { try self[$0] }) }

  /// Only some columns, in the order asked for.
  public func select(_ names: String...) throws -> Table { try select(names) }

  /// The table without some columns.
  public func drop(_ names: String...) throws -> Table { try drop(names) }

  /// The table without some columns.
  public func drop(_ names: [String]) throws -> Table {
    for name in names { _ = try self[name] }
    return Table(known: columns.filter { !names.contains($0.name) }, rowCount: rowCount)
  }

  /// The table with a column more, or with another of its name in its place.
  public func with(_ column: Column) throws -> Table {
    guard let place = places[column.name] else { return try Table(columns + [column]) }
    var columns = columns
    columns[place] = column
    return try Table(columns)
  }

  /// The table with columns under other names.
  public func rename(_ names: [String: String]) throws -> Table {
    for name in names.keys.sorted() { _ = try self[name] }
    return try Table(columns.map { $0.renamed(names[$0.name] ?? $0.name) })
  }

  /// Rows by their places, in any order and as often as wanted.
  ///
  /// - Throws: `LatheError.invalidArgument` for a place where no row is.
  public func take(_ rows: [Int]) throws -> Table {
    if let wrong = rows.first(where: { $0 < 0 || $0 >= rowCount }) {
      throw LatheError(.invalidArgument, "no row \(wrong); the table has \(rowCount)")
    }
    return taking(rows)
  }

  package func taking(_ rows: [Int]) -> Table {
    rows.withUnsafeBufferPointer { rows in
      Table(known: columns.map { $0.taking(rows) }, rowCount: rows.count)
    }
  }

  /// Neighbouring rows; what of the range is beyond the table is left out.
  public func slice(_ range: Range<Int>) -> Table { taking(Array(range.clamped(to: 0..<rowCount))) }

  /// The first rows.
  public func head(_ count: Int = 5) -> Table { slice(0..<max(0, count)) }

  /// The last rows.
  public func tail(_ count: Int = 5) -> Table { slice(max(0, rowCount - max(0, count))..<rowCount) }
}

extension Table: CustomStringConvertible {
  /// The first and last rows, with the columns' names and types.
  public var description: String {
    let shown = rowCount <= 10 ? Array(0..<rowCount) : Array(0..<5) + Array(rowCount - 5..<rowCount)
    let first = columns.prefix(12)
    var cells = first.map { column in
      [column.name, "\(column.type)"] + shown.map { column.isMissing($0) ? "-" : Self.short(column.text($0)) }
    }
    if rowCount > 10 { for place in cells.indices { cells[place].insert("...", at: 7) } }
    let widths = cells.map { $0.map(\.count).max() ?? 0 }
    var lines = ["\(counted(rowCount, "rows")), \(counted(columnCount, "columns"))"]
    for line in 0..<(cells.first?.count ?? 0) {
      let row = zip(cells, widths).map { cell, width in
        cell[line] + String(repeating: " ", count: width - cell[line].count)
      }
      lines.append(row.joined(separator: "  ") + (columnCount > 12 ? "  ..." : ""))
    }
    return lines.joined(separator: "\n")
  }

  private static func short(_ text: String) -> String {
    let text = printable(text)
    return text.count <= 32 ? text : "\(text.prefix(31))…"
  }
}
