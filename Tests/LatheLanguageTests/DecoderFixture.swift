import Foundation
import Lathe
import LatheLanguage
import LatheText

/// A tiny decoder of Tests/Fixtures/language with what `transformers` computes with it; scripts/make-language-fixtures.py writes them.
struct DecoderFixture {
  static let names = ["gpt2", "llama", "mistral", "qwen2"]

  let folder: String
  let expected: JSONValue

  init(_ name: String) throws {
    folder = Self.folder(name)
    let path = "\(folder)/expected.json"
    expected = try JSONValue.parse([UInt8](Data(contentsOf: URL(fileURLWithPath: path))), source: path)
  }

  static func folder(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../Fixtures/language/\(name)").standardized.path
  }

  func model(device: Device = .cpu) throws -> any CausalModel {
    try PretrainedFiles(path: folder).causalModel(precision: .float32, device: device)
  }

  var prompts: [[Int32]] { Self.tokens(expected["input_ids"]) }
  var end: Int32 { Int32(expected["end"]?.integer ?? -1) }

  static func tokens(_ value: JSONValue?) -> [[Int32]] {
    (value?.array ?? []).map { row in (row.array ?? []).map { Int32($0.integer ?? -1) } }
  }

  static func numbers(_ value: JSONValue?) -> [Float] {
    (value?["values"]?.array ?? []).map { Float($0.double ?? .nan) }
  }
}

/// How far numbers are from others, at most; NaN where there are not as many.
func largestDifference(_ a: [Float], _ b: [Float]) -> Float {
  guard a.count == b.count else { return .nan }
  // A NaN stays, where `max` would drop it.
  return zip(a, b).reduce(0) { $1.0.isNaN != $1.1.isNaN ? .nan : Swift.max($0, abs($1.0 - $1.1)) }
}
