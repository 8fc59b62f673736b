import Foundation
import Lathe
import LatheFiles

/// The fields of a table as bytes laid end to end, row by row.
struct CSVCells {
  /// Fields of a row.
  let width: Int
  /// Where each row begins in the file.
  private(set) var lines: [Int] = []
  private var bytes: [UInt8] = []
  private var ends: [Int] = []

  init(width: Int) { self.width = width }

  /// The number of rows.
  var rowCount: Int { lines.count }

  /// Adds a row.
  mutating func append(_ row: CSVRow) {
    lines.append(row.line)
    let start = bytes.count
    bytes += row.bytes
    for end in row.ends { ends.append(start + end) }
  }

  /// A field's text.
  func content(_ row: Int, _ column: Int) -> ArraySlice<UInt8> {
    let place = row * width + column
    return bytes[(place == 0 ? 0 : ends[place - 1])..<ends[place]]
  }
}

/// Texts that stand for missing values.
struct MissingTexts {
  private let texts: Set<[UInt8]>
  private let longest: Int

  init(_ texts: Set<String>) {
    self.texts = Set(texts.map { Array($0.utf8) })
    longest = self.texts.map(\.count).max() ?? -1
  }

  /// Whether a field is one of them; most are too long to be.
  func contains(_ field: ArraySlice<UInt8>) -> Bool { field.count <= longest && texts.contains(Array(field)) }
}

/// One column's fields, to be made into values of a type.
struct CSVFields {
  let cells: CSVCells
  let column: Int
  let name: String
  let missing: MissingTexts
  let path: String

  /// The column as the narrowest type that all its values are of.
  func inferred() throws -> CSVTable.Column {
    for type in [CSVTable.ColumnType.integer, .number, .boolean] {
      if let column = try values(type, throwing: false) { return column }
    }
    return try values(.text)
  }

  /// The column as a type.
  ///
  /// - Throws: `LatheError.format` naming the line of a value that is not of the type.
  func values(_ type: CSVTable.ColumnType) throws -> CSVTable.Column {
    // Where values of another type throw, there is a column.
    guard let column = try values(type, throwing: true) else { return .texts([]) }
    return column
  }

  private func values(_ type: CSVTable.ColumnType, throwing: Bool) throws -> CSVTable.Column? {
    switch type {
    case .integer: try parsed("whole number", throwing, Self.integer).map { .integers($0) }
    case .number: try parsed("number", throwing, Self.number).map { .numbers($0) }
    case .boolean: try parsed("truth value", throwing, Self.boolean).map { .booleans($0) }
    case .text: try parsed("text", throwing) { String(decoding: $0, as: UTF8.self) }.map { .texts($0) }
    }
  }

  private func parsed<Value>(
    _ noun: String, _ throwing: Bool, _ parse: (ArraySlice<UInt8>) -> Value?
  ) throws -> [Value?]? {
    var values: [Value?] = []
    values.reserveCapacity(cells.rowCount)
    for row in 0..<cells.rowCount {
      let field = cells.content(row, column)
      if missing.contains(field) {
        values.append(nil)
      } else if let value = parse(field) {
        values.append(value)
      } else if throwing {
        throw LatheError(
          .format,
          "\(path): line \(cells.lines[row]): column '\(name)': '\(String(decoding: field.prefix(40), as: UTF8.self))' is not a "
            + "\(noun)")
      } else {
        return nil
      }
    }
    return values
  }

  private static func trimmed(_ field: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var field = field
    while field.first == 0x20 || field.first == 0x09 { field.removeFirst() }
    while field.last == 0x20 || field.last == 0x09 { field.removeLast() }
    return field
  }

  private static func integer(_ field: ArraySlice<UInt8>) -> Int? {
    Int(String(decoding: trimmed(field), as: UTF8.self))
  }

  private static func number(_ field: ArraySlice<UInt8>) -> Double? {
    let digits = trimmed(field)
    // Swift reads hexadecimal and words, too; a column of those is of text.
    let allowed = digits.allSatisfy {
      (0x30...0x39).contains($0) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains($0)
    }
    if allowed { return Double(String(decoding: digits, as: UTF8.self)) }
    switch String(decoding: digits, as: UTF8.self).lowercased() {
    case "inf", "+inf", "infinity", "+infinity": return .infinity
    case "-inf", "-infinity": return -.infinity
    default: return nil
    }
  }

  private static func boolean(_ field: ArraySlice<UInt8>) -> Bool? {
    switch String(decoding: trimmed(field), as: UTF8.self).lowercased() {
    case "true": true
    case "false": false
    default: nil
    }
  }
}
