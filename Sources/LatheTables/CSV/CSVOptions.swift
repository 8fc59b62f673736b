import LatheCore

/// How the characters of a text file are stored.
public enum TextEncoding: String, Sendable, Hashable, CaseIterable {
  /// UTF-8, of which ASCII is a part.
  case utf8 = "utf-8"
  /// UTF-16, the lower byte first.
  case utf16LittleEndian = "utf-16le"
  /// UTF-16, the upper byte first.
  case utf16BigEndian = "utf-16be"
  /// ISO 8859-1.
  case latin1 = "latin-1"
  /// The code page of Western Windows, which most files that claim to be Latin-1 are in.
  case windows1252 = "windows-1252"
}

/// The order of the parts of a date.
public enum DateOrder: Sendable, Hashable {
  /// 2024-01-31, 2024/01/31.
  case yearMonthDay
  /// 31.01.2024, 31/01/2024.
  case dayMonthYear
  /// 01/31/2024.
  case monthDayYear
}

/// How a CSV file is read.
public struct CSVOptions: Sendable {
  /// What is done with rows of another number of fields than the first.
  public enum RaggedRows: Sendable, Hashable {
    /// The first one is an error, which names its line.
    case error
    /// They are left out of the table and kept beside it, with their lines.
    case setAside
  }

  /// What stands between fields; nil: that of comma, semicolon, tab and bar that makes the first rows equally wide.
  public var delimiter: Character?
  /// What fields are put in that hold delimiters, line ends or, doubled, itself; nil where it is a character like others.
  public var quote: Character? = "\""
  /// Whether the first row holds the columns' names.
  public var hasHeader = true
  /// The columns' names, in place of those of the file; `column1`, `column2` and so on where neither has them.
  public var names: [String]?
  /// Only these columns, in the file's order; nil: all.
  public var columns: [String]?
  /// Types of columns by name; the others get the narrowest type that every value of the file has.
  public var types: [String: ColumnType] = [:]
  /// Columns of numbers in which everything else is missing, such as `abc` among ten thousand ages; their type is `float64` then.
  public var numbersOrMissing: Set<String> = []
  /// How characters are stored; nil: as a byte-order mark says, else UTF-8, or UTF-16 where every other byte is zero.
  public var encoding: TextEncoding?
  /// Texts that stand for a missing value: those that pandas takes for it.
  public var missing: Set<String> = CSVOptions.missingTexts
  /// Whether a text in quotes may stand for a missing value, too.
  public var quotedIsMissing = true
  /// The decimal mark; nil: a point, or a comma in columns where that is the only way to read them, unless fields end
  /// with commas.
  public var decimal: Character?
  /// What stands between groups of three digits.
  public var thousands: Character?
  /// The order of the parts of dates that do not begin with the year; nil: the one that a column's values allow.
  public var dateOrder: DateOrder?
  /// Whether columns of dates are found; they are texts else, unless `types` says so.
  public var infersDates = true
  /// What is done with rows of another number of fields than the first.
  public var raggedRows = RaggedRows.error
  /// Threads that work; nil: one for each processor.
  public var threads: Int?
  /// The memory that a compressed file may take; as `ReadingLimits` says unless given.
  public var memoryLimit: Int?
  /// The bytes that a thread takes at a time.
  package var step = CSVRows.step

  /// The usual ones.
  public init() {}

  /// The texts that pandas takes for missing values.
  public static let missingTexts: Set<String> = [
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A",
    "NA",
    "NULL", "NaN", "None", "n/a", "nan", "null",
  ]
}

/// A row that was left out.
public struct CSVRaggedRow: Sendable, Hashable {
  /// The line on which it begins, counted from 1.
  public let line: Int
  /// How many fields it has.
  public let fieldCount: Int
  /// What stands there.
  public let text: String
}

/// A CSV file as a table, and what was found on the way.
public struct CSVReading: Sendable {
  let parser: CSVParser
  /// The table.
  public let table: Table
  /// The delimiter of the file.
  public let delimiter: Character
  /// The encoding of the file.
  public let encoding: TextEncoding
  /// Rows that were left out, in their order.
  public let raggedRows: [CSVRaggedRow]
  /// What a person should know of columns that could be read in several ways: dates in two orders, long whole numbers.
  public let notes: [String]

  /// The line of the file on which a row of the table begins, the row counted from 0 and the line from 1.
  public func line(ofRow row: Int) throws -> Int { try parser.line(of: row) }
}
