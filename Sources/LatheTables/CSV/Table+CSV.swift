import LatheCore
import TableKernels

extension Table {
  /// Reads a CSV file.
  ///
  /// Types are those of the whole file: a column is of whole numbers where all its values are. Empty lines are passed over.
  ///
  /// - Throws: `LatheError` naming file, line and column of what is wrong.
  public init(csv path: String, options: CSVOptions = CSVOptions()) throws {
    self = try Self.readCSV(path, options: options).table
  }

  /// Reads a CSV file, and says what was found on the way: rows left out, columns that can be read in several ways.
  ///
  /// - Throws: `LatheError` naming file, line and column of what is wrong.
  public static func readCSV(_ path: String, options: CSVOptions = CSVOptions()) throws -> CSVReading {
    let parser = try CSVParser(path: path, options)
    var plans = try parser.firstPlans()
    let columns = try parser.read(0..<parser.rows.parts.count, &plans)
    for (index, column) in columns.enumerated() where plans[index].note == nil && !plans[index].isGiven {
      plans[index].note = try nearlyNumbers(column, parser)
    }
    return CSVReading(
      parser: parser, table: Table(known: columns, rowCount: parser.rows.count),
      delimiter: Character(Unicode.Scalar(parser.layout.format.delimiter)), encoding: parser.source.encoding,
      raggedRows: parser.raggedRows,
      notes: plans.compactMap { plan in plan.note.map { "column '\(plan.name)': \($0)" } })
  }
}

extension Table {
  /// What to do about a column that a few values have made one of texts.
  private static func nearlyNumbers(_ column: Column, _ parser: CSVParser) throws -> String? {
    guard let found = column.numbersAmongTexts(decimal: parser.options.decimal ?? "."),
      // 95 of 100 and more.
      found.numbers >= 19 * found.others
    else { return nil }
    return
      "\(found.others) of \(found.numbers + found.others) values no number, the first on line \(try parser.line(of: found.firstOther)): "
      + "'\(printable(String(column.text(found.firstOther).prefix(40))))'; read as text. Mend them, or make such values missing "
      + "(option numbersOrMissing; --numbers \(column.name))"
  }
}

/// Tables of neighbouring rows of a CSV file that is larger than memory, one after the other.
///
/// The types are those of the whole file, which is read twice; in memory is one table at a time.
public struct CSVBatches {
  private let parser: CSVParser
  private var plans: [CSVColumnPlan]
  private let rowLimit: Int
  private var nextPart = 0

  /// The number of rows of the whole file.
  public var rowCount: Int { parser.rows.count }
  /// What a person should know of columns that could be read in several ways.
  public var notes: [String] {
    plans.compactMap { plan in plan.note.map { "column '\(plan.name)': \($0)" } }
  }
  /// Rows that were left out, in their order.
  public var raggedRows: [CSVRaggedRow] { parser.raggedRows }
  /// The columns' names in their order.
  public var columnNames: [String] { plans.map(\.name) }
  /// The columns' types by name.
  package var columnTypes: [String: ColumnType] {
    Dictionary(uniqueKeysWithValues: plans.map { ($0.name, $0.type) })
  }

  /// The line of the file on which a row begins, both counted over the whole file, the line from 1.
  public func line(ofRow row: Int) throws -> Int { try parser.line(of: row) }

  /// Opens a file.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - rows: About how many rows a table has: whole pieces of the file are taken until there are as many.
  ///   - options: How it is read.
  /// - Throws: `LatheError` naming file, line and column of what is wrong.
  public init(csv path: String, rows: Int = 1_000_000, options: CSVOptions = CSVOptions()) throws {
    guard rows > 0 else {
      throw LatheError(.invalidArgument, "\(path): tables of \(rows) rows; one is the least")
    }
    parser = try CSVParser(path: path, options)
    plans = try parser.finalPlans()
    rowLimit = rows
  }

  /// The next table; nil behind the last.
  ///
  /// - Throws: `LatheError` naming file, line and column of what is wrong.
  public mutating func next() throws -> Table? {
    let parts = parser.rows.parts
    guard nextPart < parts.count else { return nil }
    var end = nextPart
    var rows = 0
    while end < parts.count, rows == 0 || rows + parts[end].rows <= rowLimit {
      rows += parts[end].rows
      end += 1
    }
    let range = nextPart..<end
    nextPart = end
    return Table(known: try parser.read(range, &plans), rowCount: rows)
  }
}

/// How large the table of a CSV file will be, found without reading its values.
package struct CSVSize {
  /// How many rows there are.
  package let rows: Int
  /// How many columns.
  package let columns: Int
  /// About how many bytes their values take.
  package let bytes: Int

  /// Looks where the file's rows are, and at some of them.
  ///
  /// - Throws: `LatheError` naming file, line and column of what is wrong.
  package init(csv path: String, options: CSVOptions = CSVOptions()) throws {
    let parser = try CSVParser(path: path, options)
    let plans = try parser.firstPlans()
    rows = parser.rows.count
    columns = plans.count
    // All texts together are no longer than the file.
    let hasTexts = plans.contains { $0.isText }
    bytes = rows * columns * 8 + (hasTexts ? parser.source.count : 0)
  }
}
