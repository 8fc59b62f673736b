import Foundation
import LatheCore
import LatheText

/// The readers of text: tokenisers, their vocabularies and expressions, templates of conversations, grammars.
enum TextReader: String {
  case tokenizer, words, merges, stored, pattern, template, gbnf, schema

  private static let tokens = [
    "{", "}", "[", "]", "\"", ":", ",", "a", "ab", "1", "é", "\": ", "true", " ", "\n",
  ]
  private static let constraint = TokenConstraint(
    tokens: tokens.map { Array($0.utf8) } + [[0xC3], [0xA9], [0xF0, 0x9F]], endTokens: [])

  /// Reads one input: what is wrong with it must be a `LatheError`.
  func read(_ bytes: [UInt8]) throws {
    switch self {
    case .tokenizer: try use(Tokenizer(json: bytes, source: "input"))
    case .words: try use(Tokenizer(vocabularyText: Self.file(bytes, 0)))
    case .merges:
      // Both files, with a zero between them.
      let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
      try use(
        Tokenizer(
          vocabulary: Self.file(Array(parts[0]), 0),
          merges: Self.file(parts.count > 1 ? Array(parts[1]) : [], 1)))
    case .stored: try use(Tokenizer(Self.vocabulary(bytes), source: "input"))
    case .pattern:
      let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
      let pattern = try Pattern(expression: String(decoding: parts[0], as: UTF8.self))
      let text =
        parts.count > 1
        ? Array(String(decoding: parts[1], as: UTF8.self).utf8) : Array("The fox's 12 é\n".utf8)
      let ranges = try pattern.ranges(in: text)
      guard zip(ranges, ranges.dropFirst()).allSatisfy({ $0.upperBound <= $1.lowerBound }),
        ranges.allSatisfy({ $0.lowerBound >= 0 && $0.upperBound <= text.count })
      else { fatalError("matches \(ranges) of \(text.count) bytes") }
    case .template:
      var template = try ChatTemplate(String(decoding: bytes, as: UTF8.self))
      template.outputLimit = 1 << 16
      let talk = [
        ChatTemplate.Message(role: "system", content: "s"),
        ChatTemplate.Message(role: "user", content: " hi é\n"),
      ]
      _ = try template.render(talk, variables: ["bos_token": .string("<s>"), "n": .integer(3)], seconds: 0)
    case .gbnf: try walk(Grammar(String(decoding: bytes, as: UTF8.self)), seed: bytes)
    case .schema: try walk(Grammar(schema: String(decoding: bytes, as: UTF8.self)), seed: bytes)
    }
  }

  /// Encodes and decodes.
  private func use(_ tokenizer: Tokenizer) throws {
    let ids = try tokenizer.encode("The lower fox\u{301} é 好 1.5 <mask>\n", pair: "a [SEP] b").ids
    _ = try tokenizer.decode(ids)
    for id in ids.prefix(64) { _ = try tokenizer.bytes(of: id) }
  }

  /// Files in memory without a name.
  private static let files: [Int32] = (0..<2).map { _ in
    var name = Array("/dev/shm/lathe-fuzz-XXXXXX".utf8CString)
    let file = mkstemp(&name)
    unlink(name)
    return file
  }

  /// The path of a file of these bytes.
  static func file(_ bytes: [UInt8], _ number: Int) -> String {
    let file = files[number]
    guard ftruncate(file, 0) == 0,
      bytes.withUnsafeBytes({ pwrite(file, $0.baseAddress, $0.count, 0) }) == bytes.count
    else { fatalError("the input's file cannot be written") }
    return "/proc/self/fd/\(file)"
  }

  /// The lists of a GGUF file: a line of settings, then a token a line with kind and score, then the merges behind an empty
  /// line.
  private static func vocabulary(_ bytes: [UInt8]) -> StoredVocabulary {
    let lines = bytes.split(separator: 10, omittingEmptySubsequences: false).map {
      String(decoding: $0, as: UTF8.self)
    }
    let settings = (lines.first ?? "").split(separator: " ", omittingEmptySubsequences: false).map(
      String.init)
    func number(_ place: Int) -> Int? { settings.indices.contains(place) ? Int(settings[place]) : nil }
    let rows = lines.dropFirst().prefix { !$0.isEmpty }.map { $0.split(separator: "\t").map(String.init) }
    return StoredVocabulary(
      model: settings.first ?? "", preTokenizer: settings.count > 1 ? settings[1] : "default",
      tokens: rows.map { $0.first ?? "" }, kinds: rows.map { $0.count > 1 ? Int32($0[1]) ?? 1 : 1 },
      merges: Array(lines.dropFirst(rows.count + 2)),
      scores: rows.map { $0.count > 2 ? Float($0[2]) ?? 0 : 0 },
      beginning: number(2), end: number(3), unknown: number(4), separator: number(5), padding: number(6),
      classification: number(7), mask: number(8), addsBeginning: number(9).map { $0 > 0 },
      addsEnd: number(10).map { $0 > 0 },
      characterMap: Array((lines.last ?? "").utf8.prefix(max(number(11) ?? 0, 0))))
  }

  /// Goes on with tokens that a mask allows; the state must take each of them.
  private func walk(_ grammar: Grammar, seed: [UInt8]) throws {
    var state = grammar.start
    for byte in seed.prefix(24) {
      let ids = try Self.constraint.mask(for: state).ids
      guard !ids.isEmpty else { return }
      guard try Self.constraint.accept(ids[Int(byte) % ids.count], in: &state) else {
        fatalError("a token that the mask allows is refused")
      }
    }
  }
}
