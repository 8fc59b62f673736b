import LatheCore
import Synchronization

/// Which tokens of a vocabulary are allowed.
public struct TokenMask: Sendable, Equatable {
  /// A bit for each token, the lowest of the first word for token 0.
  public private(set) var words: [UInt64]
  /// How many tokens the vocabulary has.
  public let count: Int

  init(words: [UInt64], count: Int) {
    self.words = words
    self.count = count
  }

  mutating func insert(_ id: Int32) {
    guard id >= 0, Int(id) < count else { return }
    words[Int(id) >> 6] |= 1 << UInt64(id & 63)
  }

  /// Whether a token is allowed.
  public func contains(_ id: Int32) -> Bool {
    id >= 0 && Int(id) < count && words[Int(id) >> 6] >> UInt64(id & 63) & 1 == 1
  }

  /// Whether no token is allowed.
  public var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

  /// The allowed tokens in ascending order.
  public var ids: [Int32] {
    var result: [Int32] = []
    for (index, word) in words.enumerated() {
      var left = word
      while left != 0 {
        result.append(Int32(index << 6 + left.trailingZeroBitCount))
        left &= left - 1
      }
    }
    return result
  }

  /// Gives tokens that are not allowed, and those beyond the vocabulary, the score of minus infinity.
  public func restrict(_ scores: UnsafeMutableBufferPointer<Float>) {
    for index in scores.indices where !contains(Int32(index)) { scores[index] = -.infinity }
  }
}

/// A vocabulary that a grammar chooses from: says which tokens can stand next in a text.
///
/// It is made once for a vocabulary and serves all grammars and texts. The tokens may begin and end inside of characters.
public struct TokenConstraint: Sendable {
  private static let numbers = Atomic<Int>(0)
  private let trie: TokenTrie
  private let tokens: [[UInt8]?]
  /// Tokens that end a text.
  public let endTokens: [Int32]
  /// Tells remembered masks of different vocabularies apart.
  private let number: Int

  /// A vocabulary of the bytes of each token.
  ///
  /// - Parameters:
  ///   - tokens: The bytes of each token by its number; nil for those that a text never has, such as special ones.
  ///   - endTokens: Tokens that end a text: they are allowed just where the grammar is complete.
  public init(tokens: [[UInt8]?], endTokens: [Int32]) {
    var tokens = tokens
    for id in endTokens where tokens.indices.contains(Int(id)) { tokens[Int(id)] = nil }
    self.tokens = tokens
    self.endTokens = endTokens
    trie = TokenTrie(tokens)
    number = Self.numbers.add(1, ordering: .relaxed).newValue
  }

  /// The vocabulary of a tokeniser, without special tokens.
  ///
  /// - Parameter endTokens: Tokens that end a text: they are allowed just where the grammar is complete.
  /// - Throws: `LatheError.unsupported` for a tokeniser whose tokens have no bytes of their own.
  public init(_ tokenizer: Tokenizer, endTokens: [Int32]) throws {
    self.init(
      tokens: try (0..<Int32(tokenizer.vocabularySize)).map { try tokenizer.bytes(of: $0) },
      endTokens: endTokens)
  }

  /// The tokens that can stand next.
  ///
  /// - Throws: `LatheError.unsupported` where the grammar can read what follows in so many ways that it would take too
  ///   much time or memory.
  public func mask(for state: GrammarState) throws -> TokenMask {
    var state = state
    try state.moveFromOldTables()
    let place = state.number
    var mask = try state.memory.tables.withLock { try $0.mask(place, trie, number) }
    if state.isComplete { for id in endTokens { mask.insert(id) } }
    return mask
  }

  /// Goes on with a token.
  ///
  /// - Returns: Whether it can stand there; where it cannot, the state stays as it was. A token that ends a text can
  ///   where the text is whole.
  public func accept(_ id: Int32, in state: inout GrammarState) throws -> Bool {
    if endTokens.contains(id) { return state.isComplete }
    guard tokens.indices.contains(Int(id)), let bytes = tokens[Int(id)], !bytes.isEmpty else { return false }
    return try state.accept(bytes)
  }
}
