import LatheCore

/// A vocabulary as files with weights carry it (GGUF): tokens with their kinds and scores, merges, and a few settings.
///
/// Each property says which key of a GGUF file it is, without `tokenizer.ggml.` in front.
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

  /// The model (`model`): `gpt2` (pairs of bytes), `llama` (pairs by scores), `bert` (WordPiece), `t5` (Unigram).
  public var model: String
  /// The name of the expressions that cut words (`pre`), for `gpt2`.
  public var preTokenizer: String
  /// The tokens by their numbers (`tokens`).
  public var tokens: [String]
  /// The kind of each token (`token_type`), as `Kind` numbers them; empty where all are normal.
  public var kinds: [Int32]
  /// The merges, two tokens with a space between (`merges`).
  public var merges: [String]
  /// The score of each token (`scores`), for `llama` and `t5`.
  public var scores: [Float]
  /// The first token of texts (`bos_token_id`); for `bert` in its stead `classification`, where that is given.
  public var beginning: Int?
  /// The last token of texts (`eos_token_id`); for `bert` in its stead `separator`, where that is given.
  public var end: Int?
  /// The token for unknown text (`unknown_token_id`).
  public var unknown: Int?
  /// The token between texts (`seperator_token_id`, as the format spells it).
  public var separator: Int?
  /// The token that fills up (`padding_token_id`).
  public var padding: Int?
  /// The token whose state stands for the whole text (`cls_token_id`).
  public var classification: Int?
  /// The token for what is to be guessed (`mask_token_id`).
  public var mask: Int?
  /// Whether the first token is put in front of every text (`add_bos_token`); nil leaves it to the model.
  public var addsBeginning: Bool?
  /// Whether the last token is put behind every text (`add_eos_token`); nil leaves it to the model.
  public var addsEnd: Bool?
  /// Whether a space is put in front of every text (`add_space_prefix`), for `llama` and `t5`.
  public var addsPrefixSpace: Bool
  /// Whether several spaces become one, and those at the ends none (`remove_extra_whitespaces`), for `t5`.
  public var removesExtraSpaces: Bool
  /// The map of characters of SentencePiece (`precompiled_charsmap`), for `t5`.
  public var characterMap: [UInt8]
  /// Whether text is written in lower case and without accents first, for `bert`.
  public var lowercases: Bool
  /// How conversations become text (`tokenizer.chat_template`), for `ChatTemplate`.
  public var chatTemplate: String?

  /// A vocabulary of arrays.
  public init(
    model: String, preTokenizer: String = "default", tokens: [String], kinds: [Int32] = [],
    merges: [String] = [], scores: [Float] = [], beginning: Int? = nil, end: Int? = nil, unknown: Int? = nil,
    separator: Int? = nil, padding: Int? = nil, classification: Int? = nil, mask: Int? = nil,
    addsBeginning: Bool? = nil, addsEnd: Bool? = nil, addsPrefixSpace: Bool = true,
    removesExtraSpaces: Bool = true, characterMap: [UInt8] = [], lowercases: Bool = true,
    chatTemplate: String? = nil
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
    self.separator = separator
    self.padding = padding
    self.classification = classification
    self.mask = mask
    self.addsBeginning = addsBeginning
    self.addsEnd = addsEnd
    self.addsPrefixSpace = addsPrefixSpace
    self.removesExtraSpaces = removesExtraSpaces
    self.characterMap = characterMap
    self.lowercases = lowercases
    self.chatTemplate = chatTemplate
  }
}

extension StoredVocabulary {
  /// - Throws: `LatheError.format` for lists that do not fit each other, and for tokens that there are not.
  func check(_ source: String) throws {
    func wrong(_ what: String) -> LatheError { LatheError(.format, "\(source): \(what)") }
    guard !tokens.isEmpty else { throw wrong("a vocabulary without tokens") }
    guard kinds.isEmpty || kinds.count == tokens.count else {
      throw wrong("\(kinds.count) kinds for \(tokens.count) tokens")
    }
    guard scores.isEmpty || scores.count == tokens.count else {
      throw wrong("\(scores.count) scores for \(tokens.count) tokens")
    }
    if let place = scores.firstIndex(where: { !$0.isFinite }) {
      throw wrong("the score of the token \(place) is \(scores[place])")
    }
    let named = [
      ("first", beginning), ("last", end), ("unknown", unknown), ("separating", separator),
      ("padding", padding),
      ("classifying", classification), ("masking", mask),
    ]
    for (name, id) in named {
      if let id, !tokens.indices.contains(id) {
        throw wrong(
          "the \(name) token has the number \(id), but there are \(counted(tokens.count, "tokens"))")
      }
    }
    for (name, id, isAdded) in [("first", beginning, addsBeginning), ("last", end, addsEnd)]
    where isAdded == true && id == nil {
      throw wrong("the \(name) token is to be added, but none is named")
    }
  }

  /// What kind a token is; nil for a number that names none.
  func kind(_ id: Int) -> Kind? { kinds.isEmpty ? .normal : Kind(rawValue: kinds[id]) }

  /// The token in front of every text.
  var addedBeginning: Int? {
    (addsBeginning ?? (model == "llama" || usesLlamaExpression)) ? beginning : nil
  }

  /// The token behind every text.
  var addedEnd: Int? { (addsEnd ?? (model == "t5")) ? end : nil }
}
