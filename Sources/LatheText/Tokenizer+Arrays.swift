import LatheCore

/// A vocabulary as files with weights carry it (GGUF): tokens with their kinds and scores, merges, and a few settings.
public struct StoredVocabulary: Sendable {
  /// What kind of token one is.
  public enum Kind: Int32, Sendable {
    /// A part of text.
    case normal = 1
    /// What stands for unknown text.
    case unknown = 2
    /// A mark such as the end of a text.
    case control = 3
    /// A text that is always one token.
    case userDefined = 4
    /// A place that nothing has.
    case unused = 5
    /// A byte.
    case byte = 6
  }

  /// The model: `gpt2` (pairs of bytes), `llama` (pairs by scores), `bert` (WordPiece).
  public var model: String
  /// The name of the expression that cuts words, for `gpt2`.
  public var preTokenizer: String
  /// The tokens by their numbers.
  public var tokens: [String]
  /// The kind of each token, as `Kind` numbers them; empty where all are normal.
  public var kinds: [Int32]
  /// The merges, two tokens with a space between.
  public var merges: [String]
  /// The score of each token, for `llama`.
  public var scores: [Float]
  /// The token in front of every text; nil where there is none.
  public var beginning: Int?
  /// The token behind every text; nil where there is none.
  public var end: Int?
  /// The token for unknown text.
  public var unknown: Int?
  /// Whether a space is put in front of every text, for `llama`.
  public var addsPrefixSpace: Bool

  /// A vocabulary of arrays.
  public init(
    model: String, preTokenizer: String = "default", tokens: [String], kinds: [Int32] = [],
    merges: [String] = [],
    scores: [Float] = [], beginning: Int? = nil, end: Int? = nil, unknown: Int? = nil,
    addsPrefixSpace: Bool = true
  ) {
    self.model = model
    self.preTokenizer = preTokenizer
    self.tokens = tokens
    self.kinds = kinds
    self.merges = merges
    self.scores = scores
    self.beginning = beginning
    self.end = end
    self.unknown = unknown
    self.addsPrefixSpace = addsPrefixSpace
  }
}

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
    default:
      throw LatheError(.unsupported, "\(source): the tokeniser model '\(stored.model)' is not supported")
    }
    try self.init(TokenizerParts(json, source: source))
  }
}

extension StoredVocabulary {
  fileprivate func check(_ source: String) throws {
    func wrong(_ what: String) -> LatheError { LatheError(.format, "\(source): \(what)") }
    guard !tokens.isEmpty else { throw wrong("a vocabulary without tokens") }
    guard kinds.isEmpty || kinds.count == tokens.count else {
      throw wrong("\(kinds.count) kinds for \(tokens.count) tokens")
    }
    guard scores.isEmpty || scores.count == tokens.count else {
      throw wrong("\(scores.count) scores for \(tokens.count) tokens")
    }
    for (name, id) in [("first", beginning), ("last", end), ("unknown", unknown)] {
      if let id, !tokens.indices.contains(id) {
        throw wrong(
          "the \(name) token has the number \(id), but there are \(counted(tokens.count, "tokens"))")
      }
    }
  }

  private func kind(_ id: Int) -> Kind? { kinds.isEmpty ? .normal : Kind(rawValue: kinds[id]) }

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
    guard beginning != nil || end != nil else { return .null }
    return TokenizerJSON.template(
      start: beginning.map { (tokens[$0], $0) }, end: end.map { (tokens[$0], $0) })
  }

  private static let llamaExpression =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

  fileprivate func bytePairs(_ source: String) throws -> JSONValue {
    let whole = TokenizerJSON.byteLevel(addsPrefixSpace: false, usesPattern: true)
    let digits = TokenizerJSON.component("Digits", ("individual_digits", .bool(true)))
    func cut(_ expression: String) -> JSONValue {
      TokenizerJSON.sequence(
        "pretokenizers",
        [
          TokenizerJSON.split(expression),
          TokenizerJSON.byteLevel(addsPrefixSpace: false, usesPattern: false),
        ])
    }
    let qwen = Self.llamaExpression.replacing(#"\p{N}{1,3}"#, with: #"\p{N}"#)
    let splitter: JSONValue
    var ignoresMerges = false
    var normalizer = JSONValue.null
    switch preTokenizer {
    case "default", "gpt-2": splitter = whole
    case "smollm", "starcoder", "refact", "command-r", "codeshell", "exaone":
      splitter = TokenizerJSON.sequence("pretokenizers", [digits, whole])
    case "llama3", "llama-v3", "llama-bpe":
      splitter = cut(Self.llamaExpression)
      ignoresMerges = true
    case "qwen2":
      splitter = cut(qwen)
      normalizer = TokenizerJSON.component("NFC")
    case "stablelm2": splitter = cut(qwen)
    default:
      throw LatheError(.unsupported, "\(source): the pre-tokeniser '\(preTokenizer)' is not supported")
    }
    return TokenizerJSON.file(
      added: added, normalizer: normalizer, preTokenizer: splitter, postProcessor: template,
      decoder: TokenizerJSON.byteLevel(addsPrefixSpace: true, usesPattern: true),
      model: TokenizerJSON.pairModel(vocabulary, merges.map { .string($0) }, ignoresMerges: ignoresMerges))
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
    func replace(_ part: String, _ content: String) -> JSONValue {
      TokenizerJSON.component(
        "Replace", ("pattern", TokenizerJSON.object(("String", .string(part)))), ("content", .string(content))
      )
    }
    let prefix = TokenizerJSON.component("Prepend", ("prepend", .string("\u{2581}")))
    let spaces = replace(" ", "\u{2581}")
    let strip = TokenizerJSON.component(
      "Strip", ("content", .string(" ")), ("start", .integer(1)), ("stop", .integer(0)))
    let decoders = [
      replace("\u{2581}", " "), TokenizerJSON.component("ByteFallback"), TokenizerJSON.component("Fuse"),
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
    guard let beginning, let end else {
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
      start: (tokens[beginning], beginning), end: (tokens[end], end), lowercases: true)
  }
}
