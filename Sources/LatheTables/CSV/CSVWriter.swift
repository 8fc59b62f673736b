import LatheCore
import LatheFiles

/// How a table is written as CSV.
public struct CSVWriting: Sendable {
  /// What stands between fields.
  public var delimiter: Character = ","
  /// Whether the first row holds the columns' names.
  public var hasHeader = true
  /// What is written where a value is missing; a text that is the same, or empty, is put in quotes.
  public var missing = ""
  /// How lines end.
  public var lineEnd = "\n"

  /// The usual ones.
  public init() {}
}

extension Table {
  /// Writes the table as CSV in UTF-8 (RFC 4180): the file appears whole or not at all.
  ///
  /// Numbers are the shortest texts that are read as the same numbers. Read with `quotedIsMissing = false` and the columns'
  /// types, the table comes back as it is. In a table of one column, where an empty line would be passed over, a missing
  /// value is `NA` unless `missing` says otherwise.
  ///
  /// - Throws: `LatheError.file` where the file cannot be written, `invalidArgument` for a delimiter that cannot be.
  public func writeCSV(to path: String, _ options: CSVWriting = CSVWriting()) throws {
    let writer = try CSVTextWriter(self, options)
    try AtomicFile.write(to: path) { file in
      var bytes: [UInt8] = []
      if options.hasHeader { writer.appendHeader(to: &bytes) }
      for row in 0..<rowCount {
        writer.append(row, to: &bytes)
        if bytes.count > 1 << 20 {
          try bytes.withUnsafeBytes { try file.append($0) }
          bytes.removeAll(keepingCapacity: true)
        }
      }
      try bytes.withUnsafeBytes { try file.append($0) }
    }
  }

  /// The table as CSV text.
  public func csv(_ options: CSVWriting = CSVWriting()) throws -> String {
    let writer = try CSVTextWriter(self, options)
    var bytes: [UInt8] = []
    if options.hasHeader { writer.appendHeader(to: &bytes) }
    for row in 0..<rowCount { writer.append(row, to: &bytes) }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// Rows of a table as bytes of CSV.
private struct CSVTextWriter {
  private let table: Table
  private let delimiter: UInt8
  private let missing: [UInt8]
  private let lineEnd: [UInt8]

  init(_ table: Table, _ options: CSVWriting) throws {
    guard let byte = options.delimiter.asciiValue, !"\"\r\n".utf8.contains(byte), byte != 0,
      options.delimiter != "\r\n"
    else {
      throw LatheError(
        .invalidArgument, "'\(options.delimiter)' cannot stand between fields; use one ASCII character")
    }
    let needsQuotes = options.missing.utf8.contains { $0 == byte || "\"\r\n".utf8.contains($0) }
    guard !needsQuotes else {
      throw LatheError(
        .invalidArgument, "'\(options.missing)' cannot stand for a missing value: it needs quotes")
    }
    self.table = table
    delimiter = byte
    let isAlone = table.columnCount == 1 && options.missing.isEmpty
    missing = Array((isAlone ? "NA" : options.missing).utf8)
    lineEnd = Array(options.lineEnd.utf8)
  }

  func appendHeader(to bytes: inout [UInt8]) {
    for (place, column) in table.columns.enumerated() {
      if place > 0 { bytes.append(delimiter) }
      append(text: column.name.utf8, to: &bytes)
    }
    bytes += lineEnd
  }

  func append(_ row: Int, to bytes: inout [UInt8]) {
    for (place, column) in table.columns.enumerated() {
      if place > 0 { bytes.append(delimiter) }
      guard column.isValid(row) else {
        bytes += missing
        continue
      }
      switch column.storage {
      case .text(let values): append(text: values.utf8(row), to: &bytes)
      case .categorical(let codes, let categories):
        append(text: categories.utf8(Int(codes.pointer[row])), to: &bytes)
      default: append(text: column.text(row).utf8, to: &bytes)
      }
    }
    bytes += lineEnd
  }

  private func append(text: some Collection<UInt8>, to bytes: inout [UInt8]) {
    let isPlain =
      !text.isEmpty && text.first != 0x20 && !text.elementsEqual(missing) && text.first != 0xEF
      && text.allSatisfy { $0 != delimiter && $0 != 0x22 && $0 != 0x0A && $0 != 0x0D }
    if isPlain && !isMissingWord(text) {
      bytes.append(contentsOf: text)
      return
    }
    bytes.append(0x22)
    for byte in text {
      if byte == 0x22 { bytes.append(0x22) }
      bytes.append(byte)
    }
    bytes.append(0x22)
  }

  /// Whether a reader would take a text for a missing value if it stood without quotes.
  private func isMissingWord(_ text: some Collection<UInt8>) -> Bool {
    text.count <= 8 && CSVOptions.missingTexts.contains(String(decoding: Array(text), as: UTF8.self))
  }
}
