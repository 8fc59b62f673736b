import LatheCore
import LatheText
import Testing

/// Tokens that a grammar allows.
@Suite("Constraints of tokens")
struct TokenConstraintTests {
  @Test("Masks hold just the tokens that a text can go on with")
  func masks() throws {
    // Parts of é (C3 A9) and 好 (E5 A5 BD) are tokens of their own; token 7 has no bytes, 8 ends a text.
    let tokens: [[UInt8]?] = [
      [0xC3], [0xA9], [0xE5, 0xA5], [0xBD, 0x21], Array("é".utf8), Array("!".utf8), Array("!!".utf8), [], nil,
      [0xC3, 0xA9, 0xE5], Array("!".utf8),
    ]
    let constraint = TokenConstraint(tokens: tokens, endTokens: [8])
    let grammar = try Grammar("root ::= [é好]+ \"!\"")
    var state = grammar.start
    #expect(try constraint.mask(for: state).ids == [0, 2, 4, 9])
    #expect(try constraint.accept(0, in: &state))
    #expect(try constraint.mask(for: state).ids == [1])
    #expect(try !constraint.accept(3, in: &state) && !constraint.accept(8, in: &state))
    #expect(try constraint.accept(1, in: &state))
    #expect(try constraint.mask(for: state).ids == [0, 2, 4, 5, 9, 10])
    #expect(try constraint.accept(2, in: &state))
    #expect(try constraint.mask(for: state).ids == [3])
    #expect(try constraint.accept(3, in: &state) && state.isComplete)
    #expect(try constraint.mask(for: state).ids == [8])
    #expect(try constraint.accept(8, in: &state) && !constraint.accept(99, in: &state))
    var scores: [Float] = Array(repeating: 1, count: 12)
    let mask = try constraint.mask(for: state)
    scores.withUnsafeMutableBufferPointer { mask.restrict($0) }
    #expect(scores.enumerated().allSatisfy { $1 == ($0 == 8 ? 1 : -.infinity) })
  }

  @Test("Masks agree with tokens tried one by one")
  func agreement() throws {
    let tokenizer = try TextFixture.tokenizer("llama-3")
    let constraint = try TokenConstraint(tokenizer, endTokens: [0])
    let schema = """
      {"type": "object", "properties": {"name": {"type": "string", "maxLength": 5}, "n": {"type": "integer", "maximum": 30},
      "list": {"type": "array", "items": {"enum": ["a", "é", null, 1.5]}}}, "required": ["n"], "additionalProperties": true}
      """
    for grammar in [Grammar.json, try Grammar(schema: schema)] {
      var random = SplitMix(7)
      for _ in 0..<6 {
        var state = grammar.start
        for _ in 0..<40 {
          let mask = try constraint.mask(for: state)
          let ids = mask.ids
          guard !ids.isEmpty else { break }
          for id in 0..<Int32(tokenizer.vocabularySize) {
            var copy = state
            let isAllowed = try constraint.accept(id, in: &copy)
            #expect(isAllowed == mask.contains(id), "\(id)")
          }
          let id = ids[Int(random.next() % UInt64(ids.count))]
          if id == 0 { break }
          #expect(try constraint.accept(id, in: &state))
        }
      }
    }
  }

  @Test("The bytes of tokens spell what decoding makes of them")
  func bytes() throws {
    for name in ["llama-3", "byte fallback", "bert", "unigram with bytes", "suffixes"] {
      let tokenizer = try TextFixture.tokenizer(name).with(truncation: nil, padding: nil)
      let ids = try tokenizer.encode("The lower fox é 好 1.5!", addsSpecialTokens: false).ids
      let bytes = try ids.map { try tokenizer.bytes(of: $0) ?? [] }
      let decoded = Array(try tokenizer.decode(ids).utf8)
      #expect(bytes.flatMap { $0 }.suffix(decoded.count) == decoded[...], "\(name)")
      // What is in front of that is the space that decoding takes from the first token.
      #expect(bytes.flatMap { $0 }.dropLast(decoded.count).allSatisfy { $0 == 0x20 }, "\(name)")
      #expect(
        try tokenizer.bytes(of: -1) == nil && tokenizer.bytes(of: Int32(tokenizer.vocabularySize)) == nil)
      for (id, token) in tokenizer.addedTokens where token.isSpecial {
        #expect(try tokenizer.bytes(of: id) == nil)
      }
    }
  }

  @Test("Full tables are replaced, and states go on with them")
  func renewal() throws {
    let grammar = try Grammar("root ::= (\"a\" | \"b\"){0,40000}")
    let constraint = TokenConstraint(
      tokens: [Array("a".utf8), Array("bb".utf8), Array("c".utf8)], endTokens: [])
    var state = grammar.start
    let first = state
    for _ in 0..<8 { #expect(try state.accept(String(repeating: "ab", count: 2_500))) }
    #expect(try constraint.mask(for: state).isEmpty && state.isComplete)
    #expect(try constraint.mask(for: first).ids == [0, 1])
  }
}

/// Numbers at random that are the same in every run.
struct SplitMix {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}
