import Foundation
import Lathe

/// One column's fields, to be made into values of a type.
struct CSVFields {
  let rows: [CSVRow]
  let column: Int
  let name: String
  let missing: Set<[UInt8]>
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
    values.reserveCapacity(rows.count)
    for row in rows {
      let field = row.content(column)
      if field.count <= 16, missing.contains(Array(field)) {
        values.append(nil)
      } else if let value = parse(field) {
        values.append(value)
      } else if throwing {
        throw LatheError(
          .format,
          "\(path): line \(row.line): column '\(name)': '\(String(decoding: field.prefix(40), as: UTF8.self))' is not a "
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
