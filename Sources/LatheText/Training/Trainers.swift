import LatheCore

/// What all trainers check and share.
enum Training {
  /// - Throws: `LatheError.invalidArgument` for sizes that hold nothing or everything.
  static func check(size: Int, special: [String]) throws {
    guard size > special.count, size <= Vocabulary.largestID else {
      throw LatheError(
        .invalidArgument,
        "a vocabulary of \(counted(size, "tokens")); choose more than the \(special.count) special ones and at most "
          + "\(Vocabulary.largestID)")
    }
    guard Set(special).count == special.count, !special.contains("") else {
      throw LatheError(.invalidArgument, "a special token is empty or comes twice")
    }
  }

  /// A vocabulary as it is written.
  static func vocabulary(_ tokens: [String]) -> JSONValue {
    .object(tokens.enumerated().map { JSONValue.Member($1, .integer($0)) })
  }

  static func added(_ special: [String]) -> [JSONValue] {
    special.enumerated().map { TokenizerJSON.added(AddedToken($1, isSpecial: true), $0) }
  }

  static func tokenizer(_ json: JSONValue) throws -> Tokenizer {
    try Tokenizer(TokenizerParts(json, source: "the trained tokeniser"))
  }

  /// The scalars of words, the most frequent first.
  static func alphabet(_ words: WordCounts) -> [(scalar: String, count: Int)] {
    var found: [Unicode.Scalar: Int] = [:]
    for (word, count) in zip(words.words, words.counts) {
      for scalar in String(decoding: word, as: UTF8.self).unicodeScalars {
        found[scalar, default: 0] += count
      }
    }
    return found.sorted { ($0.value, $1.key) > ($1.value, $0.key) }.map { (String($0.key), $0.value) }
  }
}

/// Learns a byte-pair tokeniser over bytes, as GPT-2's.
public struct BPETrainer: Sendable {
  /// The tokens in the vocabulary, special ones and 256 bytes included.
  public var vocabularySize: Int
  /// A pair that comes less often does not join.
  public var minimumFrequency = 2
  /// Tokens that are found before text is cut; they get the first numbers.
  public var specialTokens = ["<|endoftext|>"]

  /// A trainer for a vocabulary of a size.
  public init(vocabularySize: Int) { self.vocabularySize = vocabularySize }

  /// Learns from texts.
  ///
  /// - Throws: `LatheError.invalidArgument` for sizes that are not possible and texts without words.
  public func train(_ texts: some Sequence<String>) throws -> Tokenizer {
    try Training.check(size: vocabularySize, special: specialTokens)
    let split = try PreTokenizer.byteLevel(
      addsPrefixSpace: false, pattern: Pattern(expression: ComponentReader.wordExpression))
    let words = try WordCounts(texts, normalizer: nil, preTokenizer: split, leavesBytes: true)
    let letters = ByteLetters.scalars.sorted().compactMap { Unicode.Scalar($0).map { String($0) } }
    let first = Int32(specialTokens.count)
    var places = [Int32](repeating: 0, count: 256)
    for (place, scalar) in ByteLetters.scalars.sorted().enumerated() {
      if let byte = ByteLetters.scalars.firstIndex(of: scalar) { places[byte] = first + Int32(place) }
    }
    var learner = PairLearner(
      tokens: specialTokens + letters, words: words.words.map { $0.map { places[Int($0)] } },
      counts: words.counts, prefix: "")
    learner.learn(size: vocabularySize, minimum: minimumFrequency)
    return try Training.tokenizer(
      TokenizerJSON.bytePairs(
        vocabulary: Training.vocabulary(learner.tokens),
        merges: learner.merges.map { .array([.string($0.0), .string($0.1)]) },
        added: Training.added(specialTokens),
        preTokenizer: TokenizerJSON.byteLevel(addsPrefixSpace: false, usesPattern: true)))
  }
}

/// Learns a WordPiece tokeniser, as BERT's.
public struct WordPieceTrainer: Sendable {
  /// The tokens in the vocabulary, special ones included.
  public var vocabularySize: Int
  /// A pair that comes less often does not join.
  public var minimumFrequency = 2
  /// The most different characters that are kept.
  public var alphabetLimit = 4000
  /// Whether text is written in lower case and without accents first.
  public var lowercases = true

  private static let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

  /// A trainer for a vocabulary of a size.
  public init(vocabularySize: Int) { self.vocabularySize = vocabularySize }

  /// Learns from texts.
  ///
  /// - Throws: `LatheError.invalidArgument` for sizes that are not possible and texts without words.
  public func train(_ texts: some Sequence<String>) throws -> Tokenizer {
    try Training.check(size: vocabularySize, special: Self.special)
    let normalizer = Normalizer.bert(BertNormalizer(stripsAccents: lowercases, lowercases: lowercases))
    let words = try WordCounts(texts, normalizer: normalizer, preTokenizer: .bert, leavesBytes: false)
    var tokens = Self.special
    var ids: [String: Int32] = [:]
    func id(_ text: String) -> Int32 {
      if let known = ids[text] { return known }
      let id = Int32(tokens.count)
      tokens.append(text)
      ids[text] = id
      return id
    }
    let kept = Set(Training.alphabet(words).prefix(alphabetLimit).map(\.scalar))
    var cut: [[Int32]] = []
    for word in words.words {
      let scalars = String(decoding: word, as: UTF8.self).unicodeScalars.map { String($0) }
      cut.append(
        scalars.enumerated().compactMap { index, text in
          kept.contains(text) ? id(index == 0 ? text : "##" + text) : nil
        })
    }
    guard tokens.count <= vocabularySize else {
      throw LatheError(
        .invalidArgument,
        "a vocabulary of \(vocabularySize) tokens has no room for the \(tokens.count) single characters of the texts; "
          + "choose more, or a smaller alphabetLimit")
    }
    var learner = PairLearner(tokens: tokens, words: cut, counts: words.counts, prefix: "##")
    learner.learn(size: vocabularySize, minimum: minimumFrequency)
    let vocabulary = Training.vocabulary(learner.tokens).members ?? []
    return try Training.tokenizer(
      TokenizerJSON.bert(
        vocabulary: vocabulary, added: Training.added(Self.special), start: ("[CLS]", 2), end: ("[SEP]", 3),
        lowercases: lowercases))
  }
}
