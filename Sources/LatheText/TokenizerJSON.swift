/// The components of `tokenizer.json` as they are written.
enum TokenizerJSON {
  static func component(_ type: String, _ members: (String, JSONValue)...) -> JSONValue {
    .object([JSONValue.Member("type", .string(type))] + members.map { JSONValue.Member($0.0, $0.1) })
  }

  static func object(_ members: (String, JSONValue)...) -> JSONValue {
    .object(members.map { JSONValue.Member($0.0, $0.1) })
  }

  static func added(_ token: AddedToken, _ id: Int) -> JSONValue {
    object(
      ("id", .integer(id)), ("content", .string(token.content)), ("single_word", .bool(token.isSingleWord)),
      ("lstrip", .bool(token.stripsLeft)), ("rstrip", .bool(token.stripsRight)),
      ("normalized", .bool(token.isNormalized)), ("special", .bool(token.isSpecial)))
  }

  static func byteLevel(addsPrefixSpace: Bool, usesPattern: Bool, trims: Bool = true) -> JSONValue {
    component(
      "ByteLevel", ("add_prefix_space", .bool(addsPrefixSpace)), ("trim_offsets", .bool(trims)),
      ("use_regex", .bool(usesPattern)))
  }

  static func split(_ expression: String) -> JSONValue {
    component(
      "Split", ("pattern", object(("Regex", .string(expression)))), ("behavior", .string("Isolated")),
      ("invert", .bool(false)))
  }

  static func sequence(_ key: String, _ parts: [JSONValue]) -> JSONValue {
    component("Sequence", (key, .array(parts)))
  }

  /// The whole of a file.
  static func file(
    added: [JSONValue], normalizer: JSONValue = .null, preTokenizer: JSONValue = .null,
    postProcessor: JSONValue = .null, decoder: JSONValue = .null, model: JSONValue
  ) -> JSONValue {
    object(
      ("version", .string("1.0")), ("truncation", .null), ("padding", .null), ("added_tokens", .array(added)),
      ("normalizer", normalizer), ("pre_tokenizer", preTokenizer), ("post_processor", postProcessor),
      ("decoder", decoder), ("model", model))
  }

  static func wordPieceModel(_ vocabulary: JSONValue, unknown: String = "[UNK]", prefix: String = "##")
    -> JSONValue
  {
    component(
      "WordPiece", ("unk_token", .string(unknown)), ("continuing_subword_prefix", .string(prefix)),
      ("max_input_chars_per_word", .integer(100)), ("vocab", vocabulary))
  }

  static func pairModel(_ vocabulary: JSONValue, _ merges: [JSONValue], ignoresMerges: Bool = false)
    -> JSONValue
  {
    component(
      "BPE", ("dropout", .null), ("unk_token", .null), ("continuing_subword_prefix", .null),
      ("end_of_word_suffix", .null), ("fuse_unk", .bool(false)), ("byte_fallback", .bool(false)),
      ("ignore_merges", .bool(ignoresMerges)), ("vocab", vocabulary), ("merges", .array(merges)))
  }

  static func bertNormalizer(lowercases: Bool) -> JSONValue {
    component(
      "BertNormalizer", ("clean_text", .bool(true)), ("handle_chinese_chars", .bool(true)),
      ("strip_accents", .null), ("lowercase", .bool(lowercases)))
  }

  /// A beginning and ends around one text or two.
  static func template(start: (String, Int)?, end: (String, Int)?) -> JSONValue {
    func special(_ token: (String, Int)?, _ type: Int) -> [JSONValue] {
      guard let token else { return [] }
      return [object(("SpecialToken", object(("id", .string(token.0)), ("type_id", .integer(type)))))]
    }
    func text(_ name: String, _ type: Int) -> [JSONValue] {
      [object(("Sequence", object(("id", .string(name)), ("type_id", .integer(type)))))]
    }
    let first = special(start, 0) + text("A", 0) + special(end, 0)
    let tokens = [start, end].compactMap { $0 }.map { token in
      JSONValue.Member(
        token.0,
        object(
          ("id", .string(token.0)), ("ids", .array([.integer(token.1)])),
          ("tokens", .array([.string(token.0)]))))
    }
    return component(
      "TemplateProcessing", ("single", .array(first)),
      ("pair", .array(first + text("B", 1) + special(end, 1))), ("special_tokens", .object(tokens)))
  }

  static func bert(
    vocabulary: [JSONValue.Member], added: [JSONValue], start: (String, Int), end: (String, Int),
    lowercases: Bool, unknown: String = "[UNK]"
  ) -> JSONValue {
    file(
      added: added, normalizer: bertNormalizer(lowercases: lowercases),
      preTokenizer: component("BertPreTokenizer"), postProcessor: template(start: start, end: end),
      decoder: component("WordPiece", ("prefix", .string("##")), ("cleanup", .bool(true))),
      model: wordPieceModel(.object(vocabulary), unknown: unknown))
  }

  static func bytePairs(
    vocabulary: JSONValue, merges: [JSONValue], added: [JSONValue], preTokenizer: JSONValue,
    postProcessor: JSONValue? = nil, ignoresMerges: Bool = false
  ) -> JSONValue {
    file(
      added: added, preTokenizer: preTokenizer,
      postProcessor: postProcessor ?? byteLevel(addsPrefixSpace: true, usesPattern: true, trims: false),
      decoder: byteLevel(addsPrefixSpace: true, usesPattern: true),
      model: pairModel(vocabulary, merges, ignoresMerges: ignoresMerges))
  }
}

extension JSONValue {
  /// Writes the value as text, nested parts on lines of their own.
  package func write(to bytes: inout [UInt8], indentation: Int?) {
    func line(_ level: Int) {
      guard indentation != nil else { return }
      bytes.append(10)
      bytes.append(contentsOf: repeatElement(0x20, count: 2 * level))
    }
    let inner = indentation.map { $0 + 1 }
    switch self {
    case .null: bytes += Array("null".utf8)
    case .bool(let value): bytes += Array((value ? "true" : "false").utf8)
    case .integer(let value): bytes += Array(String(value).utf8)
    case .number(let value): bytes += Array("\(value)".utf8)
    case .string(let text): Self.write(text, to: &bytes)
    case .array(let values):
      bytes.append(UInt8(ascii: "["))
      for (index, value) in values.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        line(inner ?? 0)
        value.write(to: &bytes, indentation: inner)
      }
      if !values.isEmpty { line(indentation ?? 0) }
      bytes.append(UInt8(ascii: "]"))
    case .object(let members):
      bytes.append(UInt8(ascii: "{"))
      for (index, member) in members.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        line(inner ?? 0)
        Self.write(member.key, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        if indentation != nil { bytes.append(0x20) }
        member.value.write(to: &bytes, indentation: inner)
      }
      if !members.isEmpty { line(indentation ?? 0) }
      bytes.append(UInt8(ascii: "}"))
    }
  }

  private static func write(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(0x22)
    for byte in text.utf8 {
      switch byte {
      case 0x22, 0x5C: bytes += [0x5C, byte]
      case 10: bytes += Array("\\n".utf8)
      case 13: bytes += Array("\\r".utf8)
      case 9: bytes += Array("\\t".utf8)
      case 0..<0x20: bytes += Array(("\\u00" + (byte < 16 ? "0" : "") + String(byte, radix: 16)).utf8)
      default: bytes.append(byte)
      }
    }
    bytes.append(0x22)
  }
}
