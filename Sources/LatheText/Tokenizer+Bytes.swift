import LatheCore

extension Tokenizer {
  /// The bytes that a token adds in the middle of a text, which need not be whole characters.
  ///
  /// - Returns: nil for special tokens and for numbers without a token.
  /// - Throws: `LatheError.unsupported` where what a token adds depends on those around it.
  public func bytes(of id: Int32) throws -> [UInt8]? {
    guard addedTokens[id]?.isSpecial != true, let token = token(of: id) else { return nil }
    guard let decoder else { return Array((" " + token).utf8) }
    return try decoder.bytes(of: .text(token)).bytes
  }
}

extension Decoder {
  /// What a token has become: text, or bytes that need not be whole characters.
  enum Part {
    case text(String)
    case bytes([UInt8])

    var bytes: [UInt8] {
      switch self {
      case .text(let text): Array(text.utf8)
      case .bytes(let bytes): bytes
      }
    }
  }

  /// What a token adds between others.
  func bytes(of part: Part) throws -> Part {
    guard case .text(let token) = part else { return part }
    switch self {
    case .sequence(let steps):
      var (part, isFused) = (part, false)
      for step in steps {
        // The whole text, not each token, is stripped behind this step.
        if case .fuse = step { isFused = true }
        if case .strip = step, isFused { continue }
        part = try step.bytes(of: part)
      }
      return part
    case .byteLevel: return .bytes(ByteLetters.decode(token) ?? Array(token.utf8))
    case .byteFallback: return Self.byte(of: token).map { .bytes([$0]) } ?? part
    case .fuse: return part
    case .ctc:
      throw LatheError(
        .unsupported, "tokens for CTC have no bytes of their own, since repeated ones are left out")
    case .wordPiece, .metaspace:
      // The first of two is treated otherwise than those behind it.
      return .text(try apply(["", token])[1])
    case .bpe: return .text(try apply([token, ""])[0])
    case .strip, .replace: return .text(try apply([token])[0])
    }
  }
}
