import Foundation
import LatheCore
import LatheTables

/// The files in Tests/Fixtures/tables, which scripts/make-table-fixtures.py makes.
enum TableFixtures {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/tables").path

  static func path(_ name: String) -> String { "\(folder)/\(name)" }

  static func decode<Value: Decodable>(_ type: Value.Type, _ name: String) throws -> Value {
    try JSONDecoder().decode(type, from: Data(contentsOf: URL(fileURLWithPath: path(name))))
  }
}

/// The message of what a function throws; empty where it throws nothing or no `LatheError`.
func message(_ body: () throws -> some Any) -> String {
  do {
    _ = try body()
    return ""
  } catch { return (error as? LatheError)?.message ?? "" }
}

/// Numbers that depend on a seed alone (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}

/// A value of JSON that is a text, a truth value or nothing.
enum FixtureValue: Decodable, Equatable {
  case text(String), truth(Bool), nothing

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .nothing
    } else if let truth = try? container.decode(Bool.self) {
      self = .truth(truth)
    } else {
      self = .text(try container.decode(String.self))
    }
  }

  /// Whether a value of a table is the same; numbers to the bit.
  func isEqual(_ value: TableValue) -> Bool {
    switch (self, value) {
    case (.nothing, .missing): true
    case (.truth(let wanted), .bool(let found)): wanted == found
    case (.text(let wanted), .text(let found)): Array(wanted.unicodeScalars) == Array(found.unicodeScalars)
    case (.text(let wanted), .int64(let found)), (.text(let wanted), .dateTime(let found)),
      (.text(let wanted), .duration(let found)):
      wanted == String(found)
    case (.text(let wanted), .float64(let found)): Double(wanted)?.bitPattern == found.bitPattern
    default: false
    }
  }
}
