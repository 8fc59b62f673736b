import Foundation
import LatheCore
import LatheText
import Testing

/// Tokenisers of other files than `tokenizer.json`.
@Suite("Files of tokenisers")
struct TokenizerFileTests {
  private func folder(_ files: [String: String]) throws -> String {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for (name, text) in files { try text.write(toFile: "\(path)/\(name)", atomically: true, encoding: .utf8) }
    return path
  }

  @Test("vocab.txt")
  func vocabularyText() throws {
    let path = try folder(["vocab.txt": "[PAD]\n[UNK]\n[CLS]\n[SEP]\nlow\n##er\r\nthe\n"])
    defer { try? FileManager.default.removeItem(atPath: path) }
    let found = try Tokenizer(path: path).encode("The LOWER [SEP] x")
    #expect(found.ids == [2, 6, 4, 5, 3, 1, 3])
    try "a\n[UNK]\na\n".write(toFile: "\(path)/vocab.txt", atomically: true, encoding: .utf8)
    let message = TextFixture.message { _ = try Tokenizer(path: "\(path)/vocab.txt") }
    #expect(message.hasSuffix("vocab.txt: line 3: the token 'a' stands in line 1 already"))
  }

  @Test("vocab.json with merges.txt")
  func pairs() throws {
    let vocabulary = "{\"a\": 0, \"b\": 1, \"\u{120}\": 2, \"ab\": 3, \"\u{120}ab\": 4, \"<|endoftext|>\": 5}"
    let merges = "#version: 0.2\na b\n\u{120} ab\n"
    let path = try folder(["vocab.json": vocabulary, "merges.txt": merges])
    defer { try? FileManager.default.removeItem(atPath: path) }
    let tokenizer = try Tokenizer(path: path)
    let found = try tokenizer.encode("ab ab<|endoftext|>b")
    #expect(found.ids == [3, 4, 5, 1] && found.offsets == [0..<2, 2..<5, 5..<18, 18..<19])
    try "a b c\n".write(toFile: "\(path)/merges.txt", atomically: true, encoding: .utf8)
    let message = TextFixture.message { _ = try Tokenizer(path: path) }
    #expect(message.hasSuffix("merges.txt: line 1 is not two tokens with a space between"))
  }

  @Test("Folders and files without a tokeniser")
  func missing() throws {
    let path = try folder(["vocab.txt.gz": "x", "bad.txt": "[UNK]\n"])
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(TextFixture.message { _ = try Tokenizer(path: path) }.contains("no tokeniser in this folder"))
    #expect(TextFixture.message { _ = try Tokenizer(path: "\(path)/none.json") }.contains("no such file"))
    #expect(
      TextFixture.message { _ = try Tokenizer(path: "\(path)/bad.txt") }.contains(
        "the token [CLS] is missing"))
  }

  @Test("Vocabularies of other files")
  func stored() throws {
    let pairs = StoredVocabulary(
      model: "gpt2", preTokenizer: "smollm", tokens: ["<|end|>", "a", "b", "ab", "1"],
      kinds: [3, 1, 1, 1, 1],
      merges: ["a b"])
    let tokenizer = try Tokenizer(pairs, source: "m.gguf")
    #expect(try tokenizer.encode("abab11<|end|>a").ids == [3, 3, 4, 4, 0, 1])
    let tokens =
      ["<unk>", "<s>", "</s>"] + (0..<256).map { String(format: "<0x%02X>", $0) } + [
        "\u{2581}", "a", "b", "ab", "\u{2581}ab",
      ]
    let scored = StoredVocabulary(
      model: "llama", tokens: tokens,
      kinds: [2, 3, 3] + Array(repeating: 6, count: 256) + Array(repeating: 1, count: 5),
      scores: Array(repeating: 0, count: 259) + [-1, -2, -3, -4, -5], beginning: 1, unknown: 0)
    let llama = try Tokenizer(scored, source: "m.gguf")
    let found = try llama.encode("ab aé")
    #expect(found.ids == [1, 263, 259, 260, 3 + 0xC3, 3 + 0xA9])
    #expect(try llama.decode(found.ids) == "ab aé")
    let bert = StoredVocabulary(
      model: "bert", tokens: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "\u{2581}low", "er"], beginning: 2, end: 3)
    #expect(try Tokenizer(bert, source: "m.gguf").encode("lower").ids == [2, 4, 5, 3])
  }

  @Test("First and last tokens as files say, or else as the model has them")
  func ends() throws {
    func ids(_ model: String, _ name: String, _ first: Bool? = nil, _ last: Bool? = nil) throws -> [Int32] {
      let stored = StoredVocabulary(
        model: model, preTokenizer: name, tokens: ["<s>", "</s>", "a", "<unk>", "\u{2581}", "\u{2581}a"],
        kinds: [3, 3, 1, 2, 1, 1], scores: [0, 0, -1, 0, -2, -1.5], beginning: 0, end: 1, unknown: 3,
        addsBeginning: first, addsEnd: last)
      return try Tokenizer(stored, source: "m.gguf").encode("a").ids
    }
    #expect(try ids("gpt2", "gpt-2") == [2] && ids("gpt2", "gpt-2", true, true) == [0, 2, 1])
    #expect(try ids("gpt2", "llama-bpe") == [0, 2] && ids("gpt2", "llama-bpe", false) == [2])
    #expect(try ids("llama", "") == [0, 5] && ids("llama", "", false, true) == [5, 1])
    #expect(try ids("t5", "") == [5, 1] && ids("t5", "", true, false) == [0, 5])
    let none = StoredVocabulary(model: "gpt2", tokens: ["a"], addsBeginning: true)
    #expect(
      TextFixture.message { _ = try Tokenizer(none, source: "m.gguf") }.contains(
        "the first token is to be added, but none is named"))
  }

  @Test("The names of expressions in GGUF files cut words as their models do")
  func expressions() throws {
    // One token for each byte, so that the words show where their tokens' places begin anew.
    let letters =
      (33...126).map { String(UnicodeScalar(UInt8($0))) } + ["\u{120}", "\u{10A}", "\u{C3}", "\u{A9}"]
    let text = "It's 12345 (ok) éA\n\nHTMLPage it'll"
    let cuts = [
      "gpt-2": ["It", "'s", " 12345", " (", "ok", ")", " éA", "\n", "\n", "HTMLPage", " it", "'ll"],
      "smollm": [
        "It", "'s", " ", "1", "2", "3", "4", "5", " (", "ok", ")", " éA", "\n", "\n", "HTMLPage", " it",
        "'ll",
      ],
      "default": [
        "It", "'", "s", " ", "123", "45", " ", "(", "ok", ")", " éA", "\n", "\n", "HTMLPage", " it", "'",
        "ll",
      ],
      "llama-bpe": ["It", "'s", " ", "123", "45", " (", "ok", ")", " éA", "\n\n", "HTMLPage", " it", "'ll"],
      "qwen2": [
        "It", "'s", " ", "1", "2", "3", "4", "5", " (", "ok", ")", " éA", "\n\n", "HTMLPage", " it", "'ll",
      ],
      "tekken": [
        "It", "'s", " ", "1", "2", "3", "4", "5", " (", "ok", ")", " é", "A", "\n\n", "HTMLPage", " it",
        "'ll",
      ],
      "gpt-4o": ["It's", " ", "123", "45", " (", "ok", ")", " é", "A", "\n\n", "HTMLPage", " it'll"],
    ]
    for (name, expected) in cuts {
      let stored = StoredVocabulary(model: "gpt2", preTokenizer: name, tokens: letters)
      let encoding = try Tokenizer(stored, source: "m.gguf").encode(text)
      var words: [Range<Int>] = []
      var last: Int?
      for (range, word) in zip(encoding.offsets, encoding.wordIDs) {
        if word != last { words.append(range) }
        words[words.count - 1] = words[words.count - 1].lowerBound..<range.upperBound
        last = word
      }
      let bytes = Array(text.utf8)
      #expect(words.map { String(decoding: bytes[$0], as: UTF8.self) } == expected, "\(name)")
    }
  }

  @Test("Unigram of other files, with a map of characters")
  func unigram() throws {
    let row = try #require(try TextFixture.rows("tokenizers").first { $0["name"]?.string == "precompiled" })
    let map = row["tokenizer"]?["normalizer"]?["normalizers"]?.array?.first?["precompiled_charsmap"]?.string
    let bytes = try #require(Data(base64Encoded: map ?? ""))
    let pieces = row["tokenizer"]?["model"]?["vocab"]?.array ?? []
    let stored = StoredVocabulary(
      model: "t5", tokens: pieces.compactMap { $0.array?[0].string },
      scores: pieces.compactMap { $0.array?[1].double }.map { Float($0) }, unknown: 0, addsEnd: false,
      characterMap: Array(bytes))
    let text = "the lower \u{FB01}x  \u{BD} cafe\u{301} \u{304B}\u{3099}"
    let ids = try TextFixture.tokenizer("precompiled").encode(text).ids
    let tokenizer = try Tokenizer(stored, source: "m.gguf")
    #expect(try tokenizer.encode(text).ids == ids && tokenizer.encode("  \(text) ").ids == ids)
    #expect(
      TextFixture.message { _ = try Tokenizer(StoredVocabulary(model: "t5", tokens: ["a"]), source: "m") }
        .contains("a vocabulary for Unigram without scores"))
  }

  @Test("Other lengths are written with a tokeniser")
  func lengths() throws {
    let path = try folder(["vocab.txt": "[PAD]\n[UNK]\n[CLS]\n[SEP]\nlow\n##er\n"])
    defer { try? FileManager.default.removeItem(atPath: path) }
    let plain = try Tokenizer(path: path)
    let truncation = Truncation(maximum: 5, strategy: .onlyFirst, stride: 1, side: .left)
    for padding in [Padding(length: 7, multiple: 4, side: .left, id: 0), Padding()] {
      try plain.with(truncation: truncation, padding: padding).write(to: "\(path)/tokenizer.json")
      let read = try Tokenizer(path: "\(path)/tokenizer.json")
      #expect(read.truncation == truncation && read.padding == padding)
    }
    try plain.with(truncation: nil, padding: nil).write(to: "\(path)/tokenizer.json")
    let read = try Tokenizer(path: "\(path)/tokenizer.json")
    #expect(read.truncation == nil && read.padding == nil)
  }
}
