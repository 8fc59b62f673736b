import LatheCore

/// Cuts a CSV file into rows, byte by byte.
final class CSVScanner {
  private enum State {
    case fieldStart, plain, quoted
    /// Behind a quote inside quotes: the field's end, or the first half of a quote that is meant.
    case quoteInQuotes
  }

  let path: String
  private let source: BufferedBytes
  private let delimiter: UInt8
  private let columnLimit: Int
  private let rowLimit: Int
  /// The line of the next byte.
  private var line = 1
  /// Whether the byte before was CR, so that LF after it is no further line end.
  private var isAfterReturn = false
  private var isAtStart = true

  init(_ path: String, delimiter: UInt8, columnLimit: Int, rowLimit: Int) throws {
    self.path = path
    source = try BufferedBytes(path)
    self.delimiter = delimiter
    self.columnLimit = columnLimit
    self.rowLimit = rowLimit
  }

  /// A row under way.
  private struct Row {
    var bytes: [UInt8] = []
    var ends: [Int] = []
    var state = State.fieldStart
    var line: Int
    var quoteLine = 0
    /// Whether there is nothing yet: an empty line is no row.
    var isEmpty: Bool { bytes.isEmpty && ends.isEmpty && state == .fieldStart }
  }

  func next() throws -> CSVRow? {
    if isAtStart {
      isAtStart = false
      try skipByteOrderMark()
    }
    var row = Row(line: line)
    while let isDone = try source.withNext({ try self.scan($0, &row) }) {
      if isDone { return try finished(row) }
    }
    if row.state == .quoted { throw fault(row.quoteLine, "a field in quotes that begins here has no end") }
    if row.isEmpty { return nil }
    try endField(&row)
    return try finished(row)
  }

  /// Goes on with a row until it or the bytes end.
  private func scan(_ bytes: UnsafeBufferPointer<UInt8>, _ row: inout Row) throws -> (Bool, used: Int) {
    var position = 0
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      let followsReturn = isAfterReturn
      isAfterReturn = false
      if row.state == .quoted {
        if byte == UInt8(ascii: "\"") {
          row.state = .quoteInQuotes
        } else {
          if byte == 0x0D || (byte == 0x0A && !followsReturn) { line += 1 }
          isAfterReturn = byte == 0x0D
          try append(byte, &row)
        }
        continue
      }
      switch byte {
      case 0x0A where followsReturn && row.isEmpty: row.line = line
      case 0x0A, 0x0D:
        line += 1
        isAfterReturn = byte == 0x0D
        if row.isEmpty {
          row.line = line
        } else {
          try endField(&row)
          return (true, position)
        }
      case delimiter:
        try endField(&row)
        row.state = .fieldStart
      case UInt8(ascii: "\""):
        switch row.state {
        case .fieldStart:
          row.state = .quoted
          row.quoteLine = line
        case .quoteInQuotes:
          row.state = .quoted
          try append(byte, &row)
        default:
          throw fault(
            line,
            "field \(row.ends.count + 1): a quote inside a field without quotes; put the field in quotes and "
              + "double the quote")
        }
      default:
        if row.state == .quoteInQuotes {
          throw fault(line, "field \(row.ends.count + 1): text behind the quote that ends it")
        }
        row.state = .plain
        try append(byte, &row)
      }
    }
    return (false, position)
  }

  private func append(_ byte: UInt8, _ row: inout Row) throws {
    guard row.bytes.count < rowLimit else {
      throw fault(
        row.line, "more than \(rowLimit) bytes in a row; is a quote missing, or a larger limit needed?")
    }
    row.bytes.append(byte)
  }

  private func endField(_ row: inout Row) throws {
    guard row.ends.count < columnLimit else {
      throw fault(row.line, "more than \(columnLimit) fields; is this a CSV file, or a larger limit needed?")
    }
    row.ends.append(row.bytes.count)
  }

  private func finished(_ row: Row) throws -> CSVRow {
    let result = CSVRow(line: row.line, bytes: row.bytes, ends: row.ends)
    guard row.bytes.contains(where: { $0 >= 0x80 }) else { return result }
    // Field by field, since two broken ends could make a whole character.
    if let field = row.ends.indices.first(where: {
      String(validating: result.content($0), as: UTF8.self) == nil
    }) {
      throw fault(
        row.line, "field \(field + 1): not UTF-8 text; convert the file, for example by iconv -t UTF-8")
    }
    return result
  }

  private func skipByteOrderMark() throws {
    _ = try source.withNext { bytes in ((), used: bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0) }
  }

  private func fault(_ line: Int, _ what: String) -> LatheError {
    LatheError(.format, "\(path): line \(line): \(what)")
  }
}
