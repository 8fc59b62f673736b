import DataTestSupport
import Foundation
import LatheML

/// The files in Tests/Fixtures/data, which scripts/make-data-fixtures.py makes.
enum DataFixtures {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/data").path

  static func path(_ name: String) -> String { "\(folder)/\(name)" }

  static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name))))
  }
}

/// The message of what a function throws; empty where it throws nothing or no `LatheError`.
func message(_ body: () throws -> some Any) -> String {
  do {
    _ = try body()
    return ""
  } catch { return (error as? LatheError)?.message ?? "" }
}

/// Damages a file in many ways; a reader must throw a `LatheError` or read something, and neither trap nor hang.
///
/// - Returns: How many of the damaged files were refused.
func damage(_ bytes: [UInt8], _ read: (String) throws -> Void) throws -> Int {
  let folder = try TemporaryFolder()
  var refused = 0
  func attempt(_ content: [UInt8]) throws {
    let path = try folder.write(content, "damaged")
    do { try read(path) } catch is LatheError { refused += 1 }
  }
  let step = max(1, bytes.count / 60)
  for length in stride(from: 0, to: bytes.count, by: step) { try attempt(Array(bytes[..<length])) }
  for place in stride(from: 0, to: bytes.count, by: step) {
    for value in [0x00, 0x7F, 0xFF] as [UInt8] {
      var copy = bytes
      copy[place] = copy[place] == value ? ~value : value
      try attempt(copy)
    }
  }
  return refused
}
