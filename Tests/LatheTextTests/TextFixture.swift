import Foundation
import LatheCore
import LatheText

/// Files of Tests/Fixtures/text, which scripts/make-text-fixtures.py writes.
enum TextFixture {
  /// The rows of a file.
  static func rows(_ name: String) throws -> [JSONValue] {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../Fixtures/text/\(name).json").standardized.path
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    return try JSONValue.parse(bytes, source: path).array ?? []
  }

  /// The tokeniser of a row.
  static func tokenizer(_ name: String) throws -> Tokenizer {
    let row = try rows("tokenizers").first { $0["name"]?.string == name }
    return try Tokenizer(json: text(row?["tokenizer"] ?? .null), source: name)
  }

  /// A value as JSON text.
  static func text(_ value: JSONValue) -> [UInt8] {
    var bytes: [UInt8] = []
    value.write(to: &bytes, indentation: nil)
    return bytes
  }

  /// What an expression throws.
  static func message(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)" }
    return "no error"
  }
}
