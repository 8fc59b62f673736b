import Foundation
import LatheCore
import LatheWordVectors
import Testing

/// Files of Tests/Fixtures/word_vectors, which scripts/make-word-vector-fixtures.py makes by gensim.
enum VectorFixture {
  struct Content: Decodable {
    struct Grams: Decodable {
      let word: String
      let min: Int
      let max: Int
      let buckets: [Int]
    }

    let values: [[Double]]
    let words: [String]
    let grams: [Grams]
    let spearman: Double
  }

  static func path(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../Fixtures/word_vectors/\(name)").standardized.path
  }

  static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name))))
  }

  static func content() throws -> Content {
    try JSONDecoder().decode(Content.self, from: Data(bytes("gensim.json")))
  }

  /// Rows of words and numbers.
  static func rows(_ key: String) throws -> [[Any]] {
    let object = try JSONSerialization.jsonObject(with: Data(bytes("gensim.json"))) as? [String: Any]
    return object?[key] as? [[Any]] ?? []
  }

  /// A new path.
  static func temporary() -> String {
    FileManager.default.temporaryDirectory.appendingPathComponent("vectors-\(UUID().uuidString)").path
  }

  static func write(_ bytes: [UInt8]) throws -> String {
    let path = temporary()
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
  }

  static func message(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)" }
    return "no error"
  }
}

@Suite struct WordVectorFileTests {
  @Test(arguments: ["gensim.txt", "gensim.bin"])
  func filesOfGensimAreRead(name: String) throws {
    let content = try VectorFixture.content()
    let vectors = try WordVectors(path: VectorFixture.path(name))
    #expect(vectors.words.map { Array($0.utf8) } == content.words.map { Array($0.utf8) })
    #expect(vectors.width == 5 && vectors.duplicates == 0)
    for (number, row) in content.values.enumerated() {
      #expect(Array(vectors.values[number * 5..<number * 5 + 5]) == row.map { Float($0) })
    }
    #expect(vectors["caf\u{e9}"] != vectors["cafe\u{301}"])
    #expect(try WordVectors(path: VectorFixture.path(name), limit: 3).words.count == 3)
  }

  @Test func filesAreWrittenAsGensimWritesThem() throws {
    let vectors = try WordVectors(path: VectorFixture.path("gensim.bin"))
    for format in WordVectors.Format.allCases {
      let path = VectorFixture.temporary()
      try vectors.write(to: path, format: format)
      let again = try WordVectors(path: path)
      #expect(
        again.words == vectors.words && again.values.map(\.bitPattern) == vectors.values.map(\.bitPattern))
    }
  }

  @Test func textsWithoutCountsAndWordsWithSpacesAreRead() throws {
    let path = try VectorFixture.write(Array("the 1 2.5\n. . -1e-3 4\nthe 7 8\n".utf8))
    let vectors = try WordVectors(path: path)
    #expect(
      vectors.words == ["the", ". ."] && vectors.values == [1, 2.5, -1e-3, 4] && vectors.duplicates == 1)
    #expect(
      VectorFixture.message { try vectors.write(to: VectorFixture.temporary()) }.contains("has white space"))
  }

  @Test func damagedFilesAreErrors() throws {
    let cases: [(String, String)] = [
      ("", "an empty file"), ("2 2\na 1 2\n", "the file ends after 1 of 2 words"),
      ("1 2\na 1 2\nb 1 2\n", "line 3: more words than the 1"),
      ("2 2\na 1 2\nb 1 x\n", "line 3: 'x' is no finite number"),
      ("2 2\na 1 2\nb 1\n", "line 3: 2 fields, not a word and 2 numbers"),
      ("a 1 2\nb nan 2\n", "line 2: 'nan' is no finite number"), ("0 5\n", "0 words of 5 elements"),
      ("9223372036854775807 9223372036854775807\nabc", "more than the"),
      ("99999999 1\nabcdefgh", "more than the"), ("word\n", "fields, not a word and its vector"),
    ]
    for (text, part) in cases {
      let path = try VectorFixture.write(Array(text.utf8))
      let said = VectorFixture.message { _ = try WordVectors(path: path) }
      #expect(said.contains(part) && said.contains(path), "\(text): \(said)")
    }
    let whole = try VectorFixture.bytes("gensim.bin")
    for length in 0..<whole.count {
      let path = try VectorFixture.write(Array(whole[..<length]))
      #expect(throws: LatheError.self) { _ = try WordVectors(path: path, format: .binary) }
      try FileManager.default.removeItem(atPath: path)
    }
    // Whatever bytes a file has, it is read or refused.
    var state: UInt64 = 7
    for file in ["gensim.bin", "gensim.txt"] {
      for _ in 0..<200 {
        var bytes = try VectorFixture.bytes(file)
        for _ in 0..<3 {
          state = state &* 6_364_136_223_846_793_005 &+ 1
          bytes[Int(state >> 33) % bytes.count] = UInt8(truncatingIfNeeded: state >> 20)
        }
        let path = try VectorFixture.write(bytes)
        _ = try? WordVectors(path: path)
        try FileManager.default.removeItem(atPath: path)
      }
    }
  }

  @Test func neighboursAreThoseOfGensim() throws {
    let vectors = try WordVectors(path: VectorFixture.path("gensim.bin"))
    for (key, found) in [
      ("similar", try vectors.mostSimilar(to: "king", count: 4)),
      ("analogy", try vectors.analogy("man", "king", "woman", count: 3)),
    ] {
      let expected = try VectorFixture.rows(key)
      #expect(found.map(\.word) == expected.map { $0[0] as? String })
      for (own, row) in zip(found, expected) { #expect(abs(own.score - (row[1] as? Double ?? .nan)) < 1e-5) }
    }
    #expect(
      VectorFixture.message { _ = try vectors.mostSimilar(to: "nobody") }.contains("'nobody' is not among"))
  }

  @Test func scoresOfPairsAreSpearmans() throws {
    let vectors = try WordVectors(path: VectorFixture.path("gensim.bin"))
    let rows = try VectorFixture.rows("pairs")
    var pairs = rows.map { ($0[0] as? String ?? "", $0[1] as? String ?? "", $0[2] as? Double ?? .nan) }
    pairs.append(("nobody", "king", 3))
    let score = vectors.evaluate(pairs: pairs.map { (first: $0.0, second: $0.1, score: $0.2) })
    #expect(abs((score.spearman ?? .nan) - (try VectorFixture.content().spearman)) < 1e-9)
    #expect(score.pairs == rows.count && score.unknown == 1)
    let path = try VectorFixture.write(
      Array("word1\tword2\tscore\n# a note\nking\tqueen\t9\nman\tx\t1.5\n".utf8))
    #expect(try WordVectors.pairs(path: path).map(\.score) == [9, 1.5])
    let wrong = try VectorFixture.write(Array("king,queen,9\nman,x,much\n".utf8))
    #expect(
      VectorFixture.message { _ = try WordVectors.pairs(path: wrong) }.contains("line 2: not two words"))
    let questions = try VectorFixture.write(
      Array(": family\nman king woman queen\nman king woman nobody\n".utf8))
    let analogies = vectors.evaluate(analogies: try WordVectors.analogies(path: questions))
    #expect(analogies.questions == 1 && analogies.unknown == 1)
    let solved = try vectors.analogy("man", "king", "woman").first?.word == "queen"
    #expect(analogies.right == (solved ? 1 : 0))
  }

  @Test func bucketsAreThoseOfFastText() throws {
    for row in try VectorFixture.content().grams {
      let own = WordVectorOptions.Subwords(minLength: row.min, maxLength: row.max, buckets: 1000)
        .buckets(of: row.word)
      #expect(own.sorted() == row.buckets.sorted(), "\(row.word) \(row.min)...\(row.max)")
    }
  }
}
