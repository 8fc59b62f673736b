import Foundation
import LatheCore

/// Results as JSON text.
enum JSONText {
  /// A value with its keys in alphabetic order, in words with `_` between them.
  ///
  /// Control characters beyond those that JSON must escape are escapes, too: the text may go to a terminal.
  /// - Throws: `LatheError` for numbers that JSON cannot hold.
  static func of(_ value: some Encodable, isPretty: Bool = false) throws -> String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if isPretty { encoder.outputFormatting.insert(.prettyPrinted) }
    let text: String
    do {
      text = String(decoding: try encoder.encode(value), as: UTF8.self)
    } catch EncodingError.invalidValue(let value, let context) {
      let place = context.codingPath.map(\.stringValue).joined(separator: ".")
      throw LatheError(.format, "\(place) is \(value), which JSON cannot hold")
    }
    if printable(text, keepingLines: true) == text { return text }
    // Outside of strings JSON has no such characters, so that each of them may become an escape.
    return text.unicodeScalars.map { scalar in
      let shown = printable(String(scalar), keepingLines: true)
      return shown == String(scalar) ? shown : "\\u" + String(format: "%04X", scalar.value)
    }.joined()
  }
}
