import LatheCore
import LatheText
import Testing

/// Encodings equal to those of the library `tokenizers`.
@Suite("Tokenisers and their peer")
struct TokenizerFixtureTests {
  static let names = (try? TextFixture.rows("tokenizers").compactMap { $0["name"]?.string }) ?? []

  @Test("There are tokenisers to compare")
  func rows() { #expect(Self.names.count >= 29) }

  @Test("Numbers, places, words, types, masks and texts are equal", arguments: names)
  func encodings(_ name: String) throws {
    let row = try #require(try TextFixture.rows("tokenizers").first { $0["name"]?.string == name })
    let tokenizer = try TextFixture.tokenizer(name)
    for item in row["cases"]?.array ?? [] {
      let texts = (item["texts"]?.array ?? []).compactMap(\.string)
      let pair = texts.count > 1 ? texts[1] : nil
      if item["error"] != nil {
        #expect(throws: LatheError.self) { try tokenizer.encode(texts[0], pair: pair, unit: .scalars) }
        continue
      }
      let found = try tokenizer.encode(texts[0], pair: pair, unit: .scalars)
      let places = (item["offsets"]?.array ?? []).map { ($0.array ?? []).compactMap(\.integer) }
      #expect(found.ids.map(Int.init) == (item["ids"]?.array ?? []).compactMap(\.integer), "\(texts)")
      #expect(found.offsets.map { [$0.lowerBound, $0.upperBound] } == places, "\(texts)")
      #expect(found.wordIDs == (item["words"]?.array ?? []).map(\.integer), "\(texts)")
      #expect(found.typeIDs.map(Int.init) == (item["types"]?.array ?? []).compactMap(\.integer), "\(texts)")
      #expect(found.specialTokensMask.map(Int.init) == (item["special"]?.array ?? []).compactMap(\.integer))
      #expect(found.attentionMask.map(Int.init) == (item["attention"]?.array ?? []).compactMap(\.integer))
      #expect(try tokenizer.decode(found.ids) == item["text"]?.string, "\(texts)")
      #expect(try tokenizer.decode(found.ids, skipsSpecialTokens: false) == item["whole"]?.string, "\(texts)")
      let rest = (item["overflowing"]?.array ?? []).map { ($0.array ?? []).compactMap(\.integer) }
      #expect(found.overflowing.map { $0.ids.map(Int.init) } == rest, "\(texts)")
    }
  }

  @Test("A batch on several threads is what single texts are", arguments: ["bert", "gpt-2", "unigram"])
  func batch(_ name: String) throws {
    let tokenizer = try TextFixture.tokenizer(name)
    let texts = (0..<700).map { "The quick number \($0) is \(String(repeating: "low ", count: $0 % 7))é." }
    let together = try tokenizer.encode(batch: texts, threads: 3)
    #expect(together == (try texts.map { try tokenizer.encode($0) }))
  }

  @Test("Places in bytes begin and end with whole scalars")
  func bytes() throws {
    let text = "日本語 é"
    let found = try TextFixture.tokenizer("gpt-2").encode(text)
    let utf8 = Array(text.utf8)
    for range in found.offsets { #expect(String(validating: utf8[range], as: UTF8.self) != nil) }
  }
}

/// Text that appears while tokens are made.
@Suite("Streaming decoder")
struct StreamingDecoderTests {
  @Test(
    "The parts are the whole, and none has half a character",
    arguments: ["gpt-2", "llama-3", "byte fallback", "bert", "unigram", "suffixes"])
  func parts(_ name: String) throws {
    let tokenizer = try TextFixture.tokenizer(name)
    for text in ["The lower fox 日本語 👩‍👩‍👧‍👦 ok.", "नमस्ते", "  two  spaces", "a\u{FFFD}b"] {
      let ids = try tokenizer.encode(text, addsSpecialTokens: false).ids
      var decoder = StreamingDecoder(tokenizer)
      var shown: [String] = []
      for id in ids { shown.append(try decoder.append(id)) }
      shown.append(try decoder.finish())
      #expect(shown.joined() == (try tokenizer.decode(ids)))
      if !text.contains("\u{FFFD}") { #expect(!shown.contains { $0.contains("\u{FFFD}") }) }
    }
  }

  @Test("What is never completed is shown at the end")
  func unfinished() throws {
    let tokenizer = try TextFixture.tokenizer("gpt-2")
    let first = try #require(tokenizer.id(of: "æ"))
    var decoder = StreamingDecoder(tokenizer)
    #expect(try decoder.append(first) == "")
    #expect(try decoder.finish() == "\u{FFFD}")
  }
}
