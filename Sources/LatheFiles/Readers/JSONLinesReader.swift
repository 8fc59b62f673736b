import Foundation
import LatheCore

/// Values of a JSON Lines file, gzipped or not: one JSON text a line, where empty lines are passed over.
public final class JSONLinesReader<Value: Decodable & Sendable>: RecordReader {
  /// The number of the line read last, counted from 1.
  public var line: Int { lines.line }
  private let path: String
  private let lines: TextLineReader
  private let decoder = JSONDecoder()
  private let isEmptyAllowed: Bool
  private var isEmpty = true

  /// Opens a file.
  ///
  /// - Parameters:
  ///   - type: What each line holds; its properties are the keys.
  ///   - path: The file.
  ///   - limit: A line of more bytes than this is an error.
  ///   - allowsEmpty: Whether a file without a value, such as an empty part of a divided data set, is no error.
  /// - Throws: `LatheError.file`.
  public init(
    _ type: Value.Type = Value.self, path: String, limit: Int = 1 << 24, allowsEmpty: Bool = false
  ) throws {
    self.path = path
    lines = try TextLineReader(path: path, limit: limit, allowsEmpty: allowsEmpty)
    isEmptyAllowed = allowsEmpty
  }

  /// The next line's value; nil behind the last.
  ///
  /// - Throws: `LatheError` naming file, line and key: no JSON, a key that is missing or comes twice, a value of another
  ///   type.
  public func next() throws -> Value? {
    while let line = try lines.next() {
      if line.allSatisfy(\.isWhitespace) { continue }
      isEmpty = false
      let place = "\(path): line \(lines.line)"
      try JSONNesting.check(line.utf8, place)
      do {
        let value = try decoder.decode(Value.self, from: Data(line.utf8))
        if let key = JSONKeys.repeated(in: line.utf8) {
          throw LatheError(.format, "\(place): the key '\(key)' comes twice; keep one")
        }
        return value
      } catch let error as DecodingError {
        throw LatheError(.format, "\(place): \(DecodingErrors.text(error))")
      }
    }
    guard !isEmpty || isEmptyAllowed else {
      throw LatheError(.format, "\(path): no JSON in it, only empty lines")
    }
    return nil
  }
}

/// What is wrong with JSON, in words: the key, and what was expected of it.
package enum DecodingErrors {
  /// The words for an error.
  package static func text(_ error: DecodingError) -> String {
    func place(_ context: DecodingError.Context, _ key: (any CodingKey)? = nil) -> String {
      let keys = (context.codingPath + (key.map { [$0] } ?? [])).map {
        $0.intValue.map(String.init) ?? $0.stringValue
      }
      return keys.isEmpty ? "the value" : "'\(keys.joined(separator: "."))'"
    }
    switch error {
    case .keyNotFound(let key, let context): return "\(place(context, key)) is missing"
    case .valueNotFound(let type, let context): return "\(place(context)) is null, expected \(type)"
    case .typeMismatch(let type, let context): return "\(place(context)) is not of type \(type)"
    case .dataCorrupted(let context):
      return context.codingPath.isEmpty ? "not JSON" : "\(place(context)): \(context.debugDescription)"
    @unknown default: return "not JSON: \(error)"
    }
  }
}
