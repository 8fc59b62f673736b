import Foundation
import LatheFiles

/// What a run's folder says of the run.
enum JSONRecord {
  /// Writes a value with its keys in alphabetic order, and makes the folder where it is not there.
  ///
  /// - Throws: `LatheError` where it cannot be written.
  static func write(_ value: some Encodable, to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try AtomicFile.makeFolder(URL(fileURLWithPath: path).deletingLastPathComponent().path)
    try AtomicFile.write([[UInt8](encoder.encode(value)) + [10]], to: path)
  }

  /// Writes values as JSON, one a line.
  ///
  /// - Throws: `LatheError` where they cannot be written.
  static func writeLines(_ values: [some Encodable], to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try AtomicFile.write(values.map { try [UInt8](encoder.encode($0)) + [UInt8(10)] }, to: path)
  }
}
