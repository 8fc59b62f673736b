import Foundation
import Lathe
import LatheText

/// Folders of Tests/Fixtures/language, which scripts/make-language-fixtures.py writes.
struct LanguageFixture {
  let folder: String
  private let expected: JSONValue

  init(_ name: String) throws {
    folder =
      URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../Fixtures/language/\(name)").standardized.path
    let path = "\(folder)/expected.json"
    expected = try JSONValue.parse([UInt8](Data(contentsOf: URL(fileURLWithPath: path))), source: path)
  }

  /// Rows of whole numbers.
  func rows(_ key: String) -> [[Int32]] {
    expected[key]?.array?.map { $0.array?.compactMap { $0.integer.map { Int32($0) } } ?? [] } ?? []
  }

  /// Rows of whole numbers as int32 [rows, columns].
  func tokens(_ key: String) -> Tensor {
    let rows = rows(key)
    return Tensor(rows.flatMap { $0 }, shape: [rows.count, rows.first?.count ?? 0], device: .cpu)
  }

  func has(_ key: String) -> Bool { expected[key] != nil }

  /// The texts of a list.
  func texts(_ key: String) -> [String] { expected[key]?.array?.compactMap(\.string) ?? [] }

  /// The numbers of a tensor.
  func values(_ key: String) -> [Float] { Self.values(expected[key]) }

  /// The numbers of the tensors of a list.
  func lists(_ key: String) -> [[Float]] { expected[key]?.array?.map { Self.values($0) } ?? [] }

  private static func values(_ value: JSONValue?) -> [Float] {
    value?["values"]?.array?.compactMap { $0.double.map { Float($0) } } ?? []
  }

  /// How many tokens of each row of a mask count.
  var lengths: [Int] { rows("attention_mask").map { $0.count { $0 != 0 } } }
}

/// The largest difference between two lists, relative to their largest number above 1; infinite where they are not of one
/// length.
func difference(_ found: [Float], _ expected: [Float]) -> Float {
  guard found.count == expected.count, !found.isEmpty else { return .infinity }
  let largest = expected.map(abs).reduce(1, max)
  let differences = zip(found, expected).map { abs($0 - $1) / largest }
  return differences.allSatisfy(\.isFinite) ? differences.reduce(0, max) : .infinity
}

/// The elements of [batch, t, ...] whose mask is not 0, in order.
func kept(_ tensor: Tensor, _ lengths: [Int]) throws -> [Float] {
  let values = try tensor.scalars(as: Float.self)
  let (time, width) = (tensor.shape[1], tensor.shape.dropFirst(2).reduce(1, *))
  return lengths.enumerated().flatMap { row, length in
    values[row * time * width..<(row * time + length) * width]
  }
}

/// What an expression throws.
func message(_ body: () throws -> Void) -> String {
  do { try body() } catch { return "\(error)" }
  return "no error"
}
