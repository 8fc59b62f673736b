import LatheCore
import LatheText

/// The readers of text: tokenisers, templates of conversations, grammars.
enum TextReader: String {
  case tokenizer, template, gbnf, schema

  private static let tokens = [
    "{", "}", "[", "]", "\"", ":", ",", "a", "ab", "1", "é", "\": ", "true", " ", "\n",
  ]
  private static let constraint = TokenConstraint(
    tokens: tokens.map { Array($0.utf8) } + [[0xC3], [0xA9], [0xF0, 0x9F]], endTokens: [])

  /// Reads one input: what is wrong with it must be a `LatheError`.
  func read(_ bytes: [UInt8]) throws {
    switch self {
    case .tokenizer:
      let tokenizer = try Tokenizer(json: bytes, source: "input")
      let ids = try tokenizer.encode("The lower fox\u{301} é 好 1.5 <mask>\n", pair: "a [SEP] b").ids
      _ = try tokenizer.decode(ids)
      for id in ids.prefix(64) { _ = try tokenizer.bytes(of: id) }
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
