import LatheCore

extension Tokenizer {
  /// Makes a tokeniser of a stored vocabulary.
  ///
  /// - Parameter source: What holds the vocabulary, for messages.
  /// - Throws: `LatheError` for lists that do not fit each other, and for models that are not supported.
  public convenience init(_ stored: StoredVocabulary, source: String) throws {
    try stored.check(source)
    let json: JSONValue
    switch stored.model {
    case "gpt2": json = try stored.bytePairs(source)
    case "llama": json = stored.scoredPairs()
    case "bert": json = try stored.wordPieces(source)
    case "t5": json = try stored.unigram(source)
    default:
      throw LatheError(.unsupported, "\(source): the tokeniser model '\(stored.model)' is not supported")
    }
    try self.init(TokenizerParts(json, source: source))
  }
}

extension StoredVocabulary {
  /// Tokens that are found before text is cut.
  private var added: [JSONValue] {
    tokens.indices.compactMap { id in
      switch kind(id) {
      case .control, .unknown: TokenizerJSON.added(AddedToken(tokens[id], isSpecial: true), id)
      case .userDefined: TokenizerJSON.added(AddedToken(tokens[id]), id)
      default: nil
      }
    }
  }

  private var vocabulary: JSONValue {
    .object(tokens.enumerated().map { JSONValue.Member($1, .integer($0)) })
  }

  private var template: JSONValue {
    let (start, end) = (addedBeginning, addedEnd)
    guard start != nil || end != nil else { return .null }
    return TokenizerJSON.template(start: start.map { (tokens[$0], $0) }, end: end.map { (tokens[$0], $0) })
  }

  fileprivate func bytePairs(_ source: String) throws -> JSONValue {
    let words = try words(source)
    return TokenizerJSON.file(
      added: added, normalizer: words.normalizer, preTokenizer: words.splitter, postProcessor: template,
      decoder: TokenizerJSON.byteLevel(addsPrefixSpace: true, usesPattern: true),
      model: TokenizerJSON.pairModel(
        vocabulary, merges.map { .string($0) }, ignoresMerges: words.ignoresMerges))
  }

  private static func replace(_ part: String, _ content: String) -> JSONValue {
    TokenizerJSON.component(
      "Replace", ("pattern", TokenizerJSON.object(("String", .string(part)))), ("content", .string(content)))
  }

  /// Pairs whose order follows from the scores of what they make.
  fileprivate func scoredPairs() -> JSONValue {
    var ids = ByteTable(capacity: tokens.count)
    for (id, token) in tokens.enumerated() { ids.insert(token, Int32(id)) }
    var found: [(score: Float, first: String, second: String)] = []
    for (id, token) in tokens.enumerated() where kind(id) == .normal {
      let scalars = token.unicodeScalars
      for place in scalars.indices.dropFirst() {
        let (first, second) = (String(scalars[..<place]), String(scalars[place...]))
        guard ids.value(first) >= 0, ids.value(second) >= 0 else { continue }
        found.append((scores.isEmpty ? -Float(id) : scores[id], first, second))
      }
    }
    let order = found.indices.sorted { a, b in
      let (x, y) = (found[a], found[b])
      if x.score != y.score { return x.score > y.score }
      let (m, n) = (x.first.unicodeScalars.count, y.first.unicodeScalars.count)
      return m == n ? a < b : m > n
    }
    let pairs = order.map { JSONValue.array([.string(found[$0].first), .string(found[$0].second)]) }
    let prefix = TokenizerJSON.component("Prepend", ("prepend", .string("\u{2581}")))
    let spaces = Self.replace(" ", "\u{2581}")
    let strip = TokenizerJSON.component(
      "Strip", ("content", .string(" ")), ("start", .integer(1)), ("stop", .integer(0)))
    let decoders = [
      Self.replace("\u{2581}", " "), TokenizerJSON.component("ByteFallback"), TokenizerJSON.component("Fuse"),
    ]
    return TokenizerJSON.file(
      added: added,
      normalizer: TokenizerJSON.sequence("normalizers", addsPrefixSpace ? [prefix, spaces] : [spaces]),
      postProcessor: template,
      decoder: TokenizerJSON.sequence("decoders", addsPrefixSpace ? decoders + [strip] : decoders),
      model: TokenizerJSON.component(
        "BPE", ("dropout", .null), ("unk_token", unknown.map { .string(tokens[$0]) } ?? .null),
        ("fuse_unk", .bool(true)), ("byte_fallback", .bool(true)), ("ignore_merges", .bool(false)),
        ("vocab", vocabulary), ("merges", .array(pairs))))
  }

  /// WordPiece, of which the file marks the beginnings of words and not what continues them.
  fileprivate func wordPieces(_ source: String) throws -> JSONValue {
    let start = classification ?? beginning ?? tokens.firstIndex(of: "[CLS]")
    let stop = separator ?? end ?? tokens.firstIndex(of: "[SEP]")
    guard let start, let stop else {
      throw LatheError(.format, "\(source): a vocabulary for BERT without its first or last token")
    }
    let pieces = tokens.enumerated().map { id, token -> String in
      guard kind(id) == .normal else { return token }
      if token.hasPrefix("\u{2581}") { return String(token.unicodeScalars.dropFirst()) }
      // Special tokens are not always marked as such.
      return token.hasPrefix("[") && token.hasSuffix("]") ? token : "##" + token
    }
    return TokenizerJSON.bert(
      vocabulary: pieces.enumerated().map { JSONValue.Member($1, .integer($0)) }, added: added,
      start: (tokens[start], start), end: (tokens[stop], stop), lowercases: lowercases,
      unknown: unknown.map { tokens[$0] } ?? "[UNK]")
  }

  /// Pieces with their scores, as T5 and XLM-RoBERTa have them.
  fileprivate func unigram(_ source: String) throws -> JSONValue {
    guard scores.count == tokens.count else {
      throw LatheError(.format, "\(source): a vocabulary for Unigram without scores")
    }
    var normalizers: [JSONValue] = []
    if !characterMap.isEmpty {
      normalizers.append(
        TokenizerJSON.component("Precompiled", ("precompiled_charsmap", .string(Base64.encode(characterMap))))
      )
    }
    if removesExtraSpaces {
      normalizers.append(
        TokenizerJSON.component("Strip", ("strip_left", .bool(true)), ("strip_right", .bool(true))))
      let several = TokenizerJSON.object(("Regex", .string(" {2,}")))
      normalizers.append(TokenizerJSON.component("Replace", ("pattern", several), ("content", .string(" "))))
    }
    let marks = [
      ("replacement", JSONValue.string("\u{2581}")),
      ("prepend_scheme", JSONValue.string(addsPrefixSpace ? "always" : "never")), ("split", .bool(true)),
    ]
    let metaspace = JSONValue.object(
      [JSONValue.Member("type", .string("Metaspace"))] + marks.map { JSONValue.Member($0.0, $0.1) })
    let pieces = zip(tokens, scores).map { JSONValue.array([.string($0), .number(Double($1))]) }
    return TokenizerJSON.file(
      added: added,
      normalizer: normalizers.isEmpty ? .null : TokenizerJSON.sequence("normalizers", normalizers),
      preTokenizer: metaspace, postProcessor: template, decoder: metaspace,
      model: TokenizerJSON.component(
        "Unigram", ("unk_id", unknown.map { .integer($0) } ?? .null), ("vocab", .array(pieces)),
        ("byte_fallback", .bool((0..<tokens.count).contains { kind($0) == .byte }))))
  }
}
