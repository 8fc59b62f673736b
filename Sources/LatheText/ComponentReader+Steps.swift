import LatheCore

extension ComponentReader {
  /// GPT-2's expression for words.
  static let wordExpression =
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

  /// Reads a normaliser.
  func normalizer() throws -> Normalizer {
    switch try type() {
    case "BertNormalizer":
      let lowercases = try bool("lowercase", default: true)
      return .bert(
        BertNormalizer(
          cleansText: try bool("clean_text", default: true),
          separatesChinese: try bool("handle_chinese_chars", default: true),
          stripsAccents: try bool("strip_accents", default: lowercases), lowercases: lowercases))
    case "NFC": return .form(.nfc)
    case "NFD": return .form(.nfd)
    case "NFKC": return .form(.nfkc)
    case "NFKD": return .form(.nfkd)
    case "Lowercase": return .lowercase
    case "StripAccents": return .stripAccents
    case "Strip":
      return .strip(
        left: try bool("strip_left", default: true), right: try bool("strip_right", default: true))
    case "Replace":
      return .replace(try pattern("pattern"), try string("content").unicodeScalars.map(\.value))
    case "Prepend": return .prepend(try string("prepend").unicodeScalars.map(\.value))
    case "Precompiled":
      return try placed { .precompiled(try PrecompiledMap(base64: try string("precompiled_charsmap"))) }
    case "ByteLevel": return .byteLevel
    case "Sequence": return .sequence(try steps("normalizers") { try $0.normalizer() })
    case let name: throw unsupported("the type '\(name)'")
    }
  }

  /// Reads a pre-tokeniser.
  func preTokenizer() throws -> PreTokenizer {
    switch try type() {
    case "BertPreTokenizer": return .bert
    case "ByteLevel":
      let usesPattern = try bool("use_regex", default: true)
      return .byteLevel(
        addsPrefixSpace: try bool("add_prefix_space", default: true),
        pattern: usesPattern ? try Pattern(expression: Self.wordExpression) : nil)
    case "Whitespace":
      return .split(try Pattern.words(), .removed, isInverted: true)
    case "WhitespaceSplit": return .whitespaceSplit
    case "Metaspace": return try metaspace()
    case "Punctuation": return .punctuation(try choice("behavior", default: .isolated))
    case "Digits": return .digits(isIndividual: try bool("individual_digits", default: false))
    case "CharDelimiterSplit": return .delimiter(try required("delimiter").scalar().value)
    case "Split":
      return .split(
        try pattern("pattern"), try choice("behavior", default: nil),
        isInverted: try bool("invert", default: false))
    case "Sequence": return .sequence(try steps("pretokenizers") { try $0.preTokenizer() })
    case let name: throw unsupported("the type '\(name)'")
    }
  }

  /// Older files say whether a mark is put in front, newer ones when.
  private func prependScheme() throws -> PreTokenizer.PrependScheme {
    if json["prepend_scheme"] == nil, let addsSpace = try optional("add_prefix_space")?.bool() {
      return addsSpace ? .always : .never
    }
    return try choice("prepend_scheme", default: .always)
  }

  private func metaspace() throws -> PreTokenizer {
    .metaspace(
      replacement: try required("replacement").scalar().value, try prependScheme(),
      splits: try bool("split", default: true))
  }

  /// Reads a post-processor.
  func postProcessor() throws -> PostProcessor {
    switch try type() {
    case "TemplateProcessing": return try template()
    case "BertProcessing": return .bert(end: try special("sep"), start: try special("cls"))
    case "RobertaProcessing":
      return .roberta(
        end: try special("sep"), start: try special("cls"), trims: try bool("trim_offsets", default: true),
        addsPrefixSpace: try bool("add_prefix_space", default: true))
    case "ByteLevel":
      return .byteLevel(
        trims: try bool("trim_offsets", default: true),
        addsPrefixSpace: try bool("add_prefix_space", default: true))
    case "Sequence": return .sequence(try steps("processors") { try $0.postProcessor() })
    case let name: throw unsupported("the type '\(name)'")
    }
  }

  private func template() throws -> PostProcessor {
    var special: [String: [Int32]] = [:]
    for member in try required("special_tokens").json.members ?? [] {
      let reader = ComponentReader(member.value, "\(place): special_tokens: '\(member.key)'")
      special[member.key] = try reader.required("ids").items().map { Int32(try $0.integer()) }
    }
    func parts(_ key: String) throws -> [PostProcessor.Part] {
      try required(key).items().map { item in
        if let sequence = try item.optional("Sequence") {
          let name = try sequence.string("id")
          guard name == "A" || name == "B" else {
            throw sequence.wrong("the text '\(name)' is neither A nor B")
          }
          return .sequence(name == "A" ? 0 : 1, type: Int32(try sequence.required("type_id").integer()))
        }
        guard let token = try item.optional("SpecialToken") else {
          throw item.wrong("neither a Sequence nor a SpecialToken")
        }
        let name = try token.string("id")
        guard special[name] != nil else {
          throw token.wrong("the token '\(name)' is not among special_tokens")
        }
        return .special(name, type: Int32(try token.required("type_id").integer()))
      }
    }
    return .template(single: try parts("single"), pair: try parts("pair"), special: special)
  }

  /// Reads a decoder.
  func decoder() throws -> Decoder {
    switch try type() {
    case "ByteLevel": return .byteLevel
    case "WordPiece":
      return .wordPiece(prefix: try string("prefix"), cleansUp: try bool("cleanup", default: true))
    case "Metaspace":
      return .metaspace(
        replacement: try required("replacement").scalar(), prepends: try prependScheme() != .never)
    case "BPEDecoder": return .bpe(suffix: try string("suffix"))
    case "ByteFallback": return .byteFallback
    case "Fuse": return .fuse
    case "Strip":
      return .strip(
        try required("content").scalar(), start: try required("start").integer(),
        end: try required("stop").integer())
    case "Replace": return .replace(try pattern("pattern"), try string("content"))
    case "CTC":
      return .ctc(
        padding: try string("pad_token"), delimiter: try string("word_delimiter_token"),
        cleansUp: try bool("cleanup", default: true))
    case "Sequence": return .sequence(try steps("decoders") { try $0.decoder() })
    case let name: throw unsupported("the type '\(name)'")
    }
  }

  /// Reads how encodings are shortened.
  func truncation() throws -> Truncation {
    Truncation(
      maximum: try required("max_length").integer(), strategy: try choice("strategy", default: .longestFirst),
      stride: try optional("stride")?.integer() ?? 0, side: try choice("direction", default: .right))
  }

  /// Reads how encodings are filled up.
  func padding() throws -> Padding {
    let strategy = try required("strategy")
    var length: Int?
    if strategy.json.string != "BatchLongest" { length = try strategy.required("Fixed").integer() }
    return Padding(
      length: length, multiple: try optional("pad_to_multiple_of")?.integer(),
      side: try choice("direction", default: .right), id: Int32(try required("pad_id").integer()),
      typeID: Int32(try required("pad_type_id").integer()), token: try string("pad_token"))
  }
}
