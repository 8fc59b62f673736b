import LatheCore

/// A row of a CSV file: its fields without quotes, as bytes laid end to end.
public struct CSVRow: Sendable {
  /// The line on which the row begins, counted from 1.
  public let line: Int
  package let bytes: [UInt8]
  package let ends: [Int]

  /// The number of fields.
  public var count: Int { ends.count }

  /// A field's text.
  public subscript(_ field: Int) -> String { String(decoding: content(field), as: UTF8.self) }

  package func content(_ field: Int) -> ArraySlice<UInt8> {
    bytes[(field == 0 ? 0 : ends[field - 1])..<ends[field]]
  }
}

/// Rows of a CSV file (RFC 4180), gzipped or not, read one after the other.
///
/// Fields in quotes may hold delimiters, line ends and, doubled, quotes. Lines end with LF, CR LF or CR; empty ones are
/// passed over. Every row has as many fields as the first.
public final class CSVReader: RecordReader {
  /// The names in the first row, where the file has them.
  public let header: [String]?
  /// Fields of each row.
  package let width: Int
  private let scanner: CSVScanner
  private var first: CSVRow?

  /// Opens a file and reads its header.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - delimiter: What stands between fields; an ASCII character.
  ///   - hasHeader: Whether the first row holds names.
  ///   - columnLimit: A row of more fields than this is an error, so that a wrong file does not fill the memory.
  ///   - rowLimit: The same for a row's bytes.
  /// - Throws: `LatheError` where the file cannot be read, is empty, or names a column twice.
  public init(
    path: String, delimiter: Character = ",", hasHeader: Bool = true, columnLimit: Int = 1 << 16,
    rowLimit: Int = 1 << 24
  ) throws {
    guard let byte = delimiter.asciiValue, delimiter != "\"", delimiter != "\n", delimiter != "\r" else {
      throw LatheError(
        .invalidArgument, "\(path): '\(delimiter)' cannot stand between fields; use one ASCII character")
    }
    scanner = try CSVScanner(path, delimiter: byte, columnLimit: columnLimit, rowLimit: rowLimit)
    guard let first = try scanner.next() else {
      throw LatheError(.format, "\(path): an empty file; \(hasHeader ? "a header" : "a row") is needed")
    }
    width = first.count
    guard hasHeader else {
      header = nil
      self.first = first
      return
    }
    let names = (0..<first.count).map { first[$0] }
    var seen = Set<String>()
    if let twice = names.first(where: { !seen.insert($0).inserted }) {
      throw LatheError(
        .format, "\(path): line \(first.line): two columns are named '\(twice)'; give each a name of its own")
    }
    header = names
  }

  /// The next row; nil behind the last.
  ///
  /// - Throws: `LatheError` naming file and line: quotes out of place, another number of fields, not UTF-8.
  public func next() throws -> CSVRow? {
    if let row = first {
      first = nil
      return row
    }
    guard let row = try scanner.next() else { return nil }
    if row.count != width {
      throw LatheError(
        .format,
        "\(scanner.path): line \(row.line): \(row.count) \(row.count == 1 ? "field" : "fields"), expected \(width) as "
          + "in the first row; is the delimiter another, or a quote missing?")
    }
    return row
  }
}
