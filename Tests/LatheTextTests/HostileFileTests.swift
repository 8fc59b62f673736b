import Foundation
import LatheCore
import LatheText
import Testing

/// Files and texts that mean no good.
@Suite("Hostile tokenisers")
struct HostileFileTests {
  private func message(_ text: String) -> String {
    TextFixture.message { _ = try Tokenizer(json: Array(text.utf8), source: "t.json") }
  }

  private func file(_ model: String, _ more: String = "") -> String {
    "{\"version\": \"1.0\", \(more) \"model\": \(model)}"
  }

  @Test("Every beginning of a file is refused")
  func truncated() throws {
    let row = try #require(try TextFixture.rows("tokenizers").first { $0["name"]?.string == "added tokens" })
    let bytes = TextFixture.text(row["tokenizer"] ?? .null)
    for count in stride(from: 0, to: bytes.count - 1, by: 37) {
      #expect(throws: LatheError.self) { try Tokenizer(json: Array(bytes[..<count]), source: "t.json") }
    }
  }

  @Test("Bytes changed at random are read or refused")
  func changed() throws {
    let row = try #require(try TextFixture.rows("tokenizers").first { $0["name"]?.string == "byte fallback" })
    let bytes = TextFixture.text(row["tokenizer"] ?? .null)
    var random = SystemRandomNumberGenerator()
    for _ in 0..<300 {
      var copy = bytes
      for _ in 0..<3 {
        copy[Int.random(in: copy.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      guard let tokenizer = try? Tokenizer(json: copy, source: "t.json") else { continue }
      _ = try? tokenizer.encode("The lower fox é")
    }
  }

  @Test("A million brackets")
  func nesting() {
    for bracket in ["[", "{\"a\":"] {
      let text = String(repeating: bracket, count: 1_000_000)
      #expect(message(text).contains("more than 128 JSON arrays and objects inside each other at byte"))
    }
  }

  @Test(
    "What is wrong is named",
    arguments: [
      (
        "{\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": [\"a b\"]}",
        "merge 1 ('a' and 'b'): 'b' is not in the vocabulary"
      ),
      ("{\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": [\"a\"]}", "merge 1 is not two tokens"),
      ("{\"type\": \"BPE\", \"vocab\": {\"a\": 0, \"a\": 1}, \"merges\": []}", "the key 'a' twice"),
      (
        "{\"type\": \"BPE\", \"vocab\": {\"a\": 0, \"b\": 0}, \"merges\": []}",
        "the tokens 'a' and 'b' have the same number 0"
      ),
      ("{\"type\": \"BPE\", \"vocab\": {\"a\": -1}, \"merges\": []}", "has the number -1"),
      ("{\"type\": \"BPE\", \"vocab\": {\"a\": 99999999999}, \"merges\": []}", "has the number 99999999999"),
      (
        "{\"type\": \"BPE\", \"vocab\": {\"a\": \"0\"}, \"merges\": []}",
        "the number of the token 'a' is a text"
      ),
      (
        "{\"type\": \"BPE\", \"dropout\": 0.1, \"vocab\": {}, \"merges\": []}",
        "dropping merges by chance is not supported"
      ),
      ("{\"type\": \"Tiles\"}", "t.json: model: the type 'Tiles' is not supported"),
      (
        "{\"type\": \"WordPiece\", \"vocab\": {\"a\": 0}}",
        "the unknown token '[UNK]' is not in the vocabulary"
      ),
      (
        "{\"type\": \"Unigram\", \"unk_id\": 3, \"vocab\": [[\"a\", -1.0]]}",
        "unk_id is 3, but there are 1 piece"
      ),
      (
        "{\"type\": \"Unigram\", \"vocab\": [[\"a\", -1.0], [\"a\", -2.0]]}",
        "the token 'a' comes twice, as 0 and 1"
      ),
      ("{\"type\": \"Unigram\", \"vocab\": [[\"a\", \"b\"]]}", "piece 0 is not a text with its score"),
      ("[]", "is a list"),
    ])
  func models(_ model: String, _ expected: String) {
    let found = message(model == "[]" ? model : file(model))
    #expect(found.contains(expected) || (model == "[]" && found.contains("expected an object")), "\(found)")
  }

  @Test("Components that are not supported are named with their place")
  func components() {
    let model = "{\"type\": \"WordLevel\", \"vocab\": {\"a\": 0}, \"unk_token\": \"a\"}"
    let cases = [
      (
        "\"normalizer\": {\"type\": \"Sequence\", \"normalizers\": [{\"type\": \"NFC\"}, {\"type\": \"Nmt\"}]},",
        "t.json: normalizer: normalizers[1]: the type 'Nmt' is not supported"
      ),
      (
        "\"pre_tokenizer\": {\"type\": \"UnicodeScripts\"},",
        "pre_tokenizer: the type 'UnicodeScripts' is not supported"
      ),
      (
        "\"pre_tokenizer\": {\"type\": \"Split\", \"pattern\": {\"Regex\": \"a(?<n>b)\"}, \"behavior\": \"Isolated\"},",
        "this kind of group at position 2 is not supported"
      ),
      ("\"decoder\": {\"type\": \"Other\"},", "decoder: the type 'Other' is not supported"),
      (
        "\"post_processor\": {\"type\": \"TemplateProcessing\", \"single\": [{\"SpecialToken\": {\"id\": \"x\", \"type_id\": 0}}], "
          + "\"pair\": [], \"special_tokens\": {}},", "the token 'x' is not among special_tokens"
      ),
      (
        "\"added_tokens\": [{\"id\": 7, \"content\": \"<x>\"}],",
        "the added token '<x>' has the number 7, but the next free number is 1"
      ),
      (
        "\"normalizer\": {\"type\": \"Precompiled\", \"precompiled_charsmap\": \"////AAAA\"},",
        "precompiled_charsmap says"
      ),
      ("\"version\": \"2.0\",", "twice"),
    ]
    for (more, expected) in cases {
      #expect(message(file(model, more)).contains(expected), "\(message(file(model, more)))")
    }
  }

  @Test("Holes in a vocabulary are no tokens")
  func holes() throws {
    let text = file(
      "{\"type\": \"BPE\", \"vocab\": {\"a\": 2, \"b\": 5, \"ab\": 9}, \"merges\": [[\"a\", \"b\"]]}")
    let tokenizer = try Tokenizer(json: Array(text.utf8), source: "t.json")
    #expect(try tokenizer.encode("abba").ids == [9, 5, 2])
    #expect(
      tokenizer.token(of: 3) == nil && tokenizer.token(of: -1) == nil && tokenizer.token(of: 1000) == nil)
    #expect(try tokenizer.decode([9, 3, 5, -4, 77]) == "ab b")
  }

  @Test(
    "Words of 100,000 characters",
    arguments: ["bert", "llama-3", "byte fallback", "unigram with bytes", "suffixes", "split inverted"])
  func longWords(_ name: String) throws {
    let tokenizer = try TextFixture.tokenizer(name).with(truncation: nil, padding: nil)
    let start = ContinuousClock.now
    for part in ["a", "lower", "é", "好", " ", "\u{301}", "!", "\n", "1"] {
      _ = try tokenizer.encode(String(repeating: part, count: 100_000 / part.unicodeScalars.count))
    }
    // Quadratic work would take minutes.
    #expect(ContinuousClock.now - start < .seconds(20))
  }

  @Test("Stored vocabularies that lie")
  func stored() {
    func message(_ vocabulary: StoredVocabulary) -> String {
      TextFixture.message { _ = try Tokenizer(vocabulary, source: "m.gguf") }
    }
    #expect(message(StoredVocabulary(model: "gpt2", tokens: [])).contains("without tokens"))
    #expect(
      message(StoredVocabulary(model: "gpt2", tokens: ["a"], kinds: [1, 1])).contains("2 kinds for 1 tokens"))
    #expect(
      message(StoredVocabulary(model: "llama", tokens: ["a"], scores: [1, 2])).contains(
        "2 scores for 1 tokens"))
    #expect(
      message(StoredVocabulary(model: "gpt2", tokens: ["a"], end: 4)).contains(
        "the last token has the number 4"))
    #expect(message(StoredVocabulary(model: "rwkv", tokens: ["a"])).contains("'rwkv' is not supported"))
    #expect(
      message(StoredVocabulary(model: "gpt2", preTokenizer: "zz", tokens: ["a"])).contains(
        "'zz' is not supported"))
    #expect(message(StoredVocabulary(model: "gpt2", tokens: ["a", "a"])).contains("comes twice"))
    #expect(
      message(StoredVocabulary(model: "gpt2", tokens: ["a"], merges: ["a q"])).contains(
        "'q' is not in the vocabulary"))
  }

  @Test(
    "JSON that is none",
    arguments: ["", "nul", "01", "1.", "\"\\x\"", "\"\\ud800\"", "\"a", "{\"a\" 1}", "[1,]", "{} x", "1e999"])
  func json(_ text: String) {
    #expect(throws: LatheError.self) { try JSONValue.parse(Array(text.utf8), source: "j") }
  }
}
