import Foundation
import LatheText

/// Files of Tests/Fixtures/text_metrics, which scripts/make-text-metric-fixtures.py writes.
enum MetricFixture {
  static func load(_ name: String) throws -> JSONValue {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../Fixtures/text_metrics/\(name).json").standardized.path
    return try JSONValue.parse([UInt8](Data(contentsOf: URL(fileURLWithPath: path))), source: path)
  }

  /// The texts, and the streams of references, one or all of them.
  static func segments(_ file: JSONValue, all: Bool) -> (texts: [String], references: [[String?]]) {
    let rows = file["segments"]?.array?.compactMap(\.array) ?? []
    let streams = (1...(all ? 3 : 1)).map { stream in rows.map { $0[stream].string } }
    return (rows.map { $0[0].string ?? "" }, streams)
  }

  static func close(_ a: Double, _ b: Double?) -> Bool {
    guard let b else { return false }
    return abs(a - b) <= 1e-9 * max(1, abs(b))
  }
}

extension JSONValue {
  var doubles: [Double] { array?.compactMap(\.double) ?? [] }
  var strings: [String] { array?.compactMap(\.string) ?? [] }
  /// Scalars compare; texts that only look alike do not pass.
  static func scalars(_ text: String) -> [UInt32] { text.unicodeScalars.map(\.value) }
}
