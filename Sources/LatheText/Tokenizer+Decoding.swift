import LatheCore

extension Tokenizer {
  /// The text of tokens.
  ///
  /// - Parameters:
  ///   - ids: The tokens' numbers; those of no token are passed over.
  ///   - skipsSpecialTokens: Whether tokens that are marked as special are left out.
  public func decode(_ ids: some Sequence<Int32>, skipsSpecialTokens: Bool = true) throws -> String {
    let tokens = ids.compactMap { id in
      skipsSpecialTokens && addedTokens[id]?.isSpecial == true ? nil : token(of: id)
    }
    guard let decoder else { return tokens.joined(separator: " ") }
    return try decoder.apply(tokens).joined()
  }
}

/// Makes text of tokens one by one, as soon as they spell whole characters.
///
/// What a token adds may depend on those before it, so a few of them are decoded again with each new one.
public struct StreamingDecoder: Sendable {
  private let tokenizer: Tokenizer
  private let skipsSpecialTokens: Bool
  /// Tokens that are decoded again, and how many of them have been shown.
  private var pending: [Int32] = []
  private var shown = 0
  /// What has been shown of the pending tokens.
  private var shownText = ""

  /// A decoder at the beginning of a text.
  public init(_ tokenizer: Tokenizer, skipsSpecialTokens: Bool = true) {
    self.tokenizer = tokenizer
    self.skipsSpecialTokens = skipsSpecialTokens
  }

  /// What a token adds to the text; empty where its last character is not complete.
  public mutating func append(_ id: Int32) throws -> String {
    if skipsSpecialTokens && tokenizer.addedTokens[id]?.isSpecial == true { return "" }
    pending.append(id)
    let text = try tokenizer.decode(pending, skipsSpecialTokens: skipsSpecialTokens)
    // A replacement character at the end may become another with the next token; but not after that many.
    if text.unicodeScalars.last == "\u{FFFD}" && pending.count - shown < 16 { return "" }
    let added = Self.suffix(of: text, behind: shownText)
    if pending.count > 1 {
      pending.removeFirst(shown)
      shownText = try tokenizer.decode(pending, skipsSpecialTokens: skipsSpecialTokens)
    } else {
      shownText = text
    }
    shown = pending.count
    return added
  }

  /// What is left at the end: a character that was never completed.
  public mutating func finish() throws -> String {
    guard pending.count > shown else { return "" }
    let text = try tokenizer.decode(pending, skipsSpecialTokens: skipsSpecialTokens)
    shown = pending.count
    return Self.suffix(of: text, behind: shownText)
  }

  private static func suffix(of text: String, behind shown: String) -> String {
    let (bytes, prefix) = (Array(text.utf8), Array(shown.utf8))
    let common = zip(bytes, prefix).prefix { $0 == $1 }.count
    guard common < prefix.count else { return String(decoding: bytes[prefix.count...], as: UTF8.self) }
    return bytes.count > prefix.count ? String(decoding: bytes[prefix.count...], as: UTF8.self) : ""
  }
}
