import Foundation
import Lathe

/// What scripts/make-tagging-fixtures.py wrote.
enum TaggingFixture {
  /// A chain by PyTorch in float64; losses are weighted by 1, 2, 3 and so on for the gradients.
  struct Chain: Decodable {
    let count: Int, words: Int, lengths: [Int32], tags: [Int32]
    let scores: [Double], starts: [Double], ends: [Double], transitions: [Double]
    let losses: [Double]
    let scoresGradient: [Double], startsGradient: [Double], endsGradient: [Double],
      transitionsGradient: [Double]
    let best: [[Int]]
  }

  /// Tags, and what seqeval makes of them; entities as type, first and last word.
  struct Entities: Decodable {
    let scheme: String, right: [[String]], given: [[String]]
    let lenient: [[Span]], strict: [[Span]]
    let lenientReport: String, strictReport: String, twoDigits: String
  }

  /// A tokeniser with what its own library makes of words.
  struct Pieces: Decodable {
    struct Row: Decodable {
      let words: [String], ids: [Int32], firsts: [Int32]
    }

    let name: String, tokenizer: String, rows: [Row]
  }

  struct Span: Decodable, Hashable {
    let type: String, first: Int, last: Int

    init(type: String, first: Int, last: Int) { (self.type, self.first, self.last) = (type, first, last) }

    init(from decoder: any Decoder) throws {
      var values = try decoder.unkeyedContainer()
      type = try values.decode(String.self)
      first = try values.decode(Int.self)
      last = try values.decode(Int.self)
    }
  }

  static func load<T: Decodable>(_ name: String, as type: T.Type = T.self) throws -> T {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(
      T.self, from: Data(contentsOf: folder.appendingPathComponent("Fixtures/tagging/\(name).json")))
  }
}

/// What an expression throws.
func message(_ body: () throws -> Void) -> String {
  do { try body() } catch { return "\(error)" }
  return "no error"
}
