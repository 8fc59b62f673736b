/// A token of an encoded text.
public struct EncodedToken: Sendable, Equatable, BitwiseCopyable {
  /// Its number in the vocabulary.
  public var id: Int32
  /// Which of two texts it belongs to, as networks are told.
  public var typeID: Int32
  /// Where it begins in the original text, in the unit that was asked for.
  public var start: Int32
  /// Where it ends there.
  public var end: Int32
  /// The word that it is a part of; -1 where none is.
  public var word: Int32
  /// The text that it comes from: 0 or 1; -1 where it was added.
  public var sequence: Int8
  /// Whether it was added, as a beginning, end or padding.
  public var isAdded: Bool
  /// Whether a network shall look at it: all but padding.
  public var isAttended: Bool

  init(_ id: Int32, type: Int32) {
    self.id = id
    typeID = type
    start = 0
    end = 0
    word = -1
    sequence = -1
    isAdded = true
    isAttended = true
  }
}

/// A text, or a pair of texts, as tokens.
public struct Encoding: Sendable, Equatable {
  /// The tokens in order.
  public var tokens: [EncodedToken]
  /// What was cut off, in parts of the same form, where the encoding was truncated.
  public var overflowing: [Encoding]

  /// An encoding of tokens.
  public init(_ tokens: [EncodedToken] = [], overflowing: [Encoding] = []) {
    self.tokens = tokens
    self.overflowing = overflowing
  }

  /// How many tokens there are.
  public var count: Int { tokens.count }
  /// The tokens' numbers.
  public var ids: [Int32] { tokens.map(\.id) }
  /// Which of two texts each token belongs to, as networks are told.
  public var typeIDs: [Int32] { tokens.map(\.typeID) }
  /// Where each token stands in its original text; added ones have 0..<0.
  public var offsets: [Range<Int>] { tokens.map { Int($0.start)..<Int($0.end) } }
  /// The word of each token; nil for added ones.
  public var wordIDs: [Int?] { tokens.map { $0.word < 0 ? nil : Int($0.word) } }
  /// The text of each token, 0 or 1; nil for added ones.
  public var sequenceIDs: [Int?] { tokens.map { $0.sequence < 0 ? nil : Int($0.sequence) } }
  /// 1 for tokens that were added, 0 for those of the text.
  public var specialTokensMask: [Int32] { tokens.map { $0.isAdded ? 1 : 0 } }
  /// 0 for padding, 1 for what a network shall look at.
  public var attentionMask: [Int32] { tokens.map { $0.isAttended ? 1 : 0 } }

  /// The encoding with another behind it; parts that were cut off are combined each with each.
  func joined(with other: Encoding) -> Encoding {
    var parts: [Encoding] = []
    for mine in overflowing {
      parts.append(mine.joined(with: other))
      for theirs in other.overflowing { parts.append(mine.joined(with: theirs)) }
    }
    for theirs in other.overflowing {
      parts.append(Encoding(tokens).joined(with: theirs))
    }
    return Encoding(tokens + other.tokens, overflowing: parts)
  }

  /// Changes all tokens, those that were cut off included.
  mutating func changeAll(_ change: (inout [EncodedToken]) -> Void) {
    change(&tokens)
    for index in overflowing.indices { overflowing[index].changeAll(change) }
  }
}
