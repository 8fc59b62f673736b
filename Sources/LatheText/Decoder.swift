/// A step that makes text of tokens.
indirect enum Decoder: Sendable {
  case byteLevel
  case wordPiece(prefix: String, cleansUp: Bool)
  case metaspace(replacement: Unicode.Scalar, prepends: Bool)
  case bpe(suffix: String)
  case byteFallback
  case fuse
  case strip(Unicode.Scalar, start: Int, end: Int)
  case replace(Pattern, String)
  case ctc(padding: String, delimiter: String, cleansUp: Bool)
  case sequence([Decoder])

  /// What tokens become; together they are the text.
  func apply(_ tokens: [String]) throws -> [String] {
    switch self {
    case .sequence(let steps): return try steps.reduce(tokens) { try $1.apply($0) }
    case .fuse: return [tokens.joined()]
    case .byteLevel:
      let bytes = tokens.flatMap { ByteLetters.decode($0) ?? Array($0.utf8) }
      return [String(decoding: bytes, as: UTF8.self)]
    case .byteFallback: return Self.joinBytes(tokens)
    case .wordPiece(let prefix, let cleansUp):
      return tokens.enumerated().map { index, token in
        var text = token
        if index > 0 {
          let isContinuing = token.utf8.starts(with: prefix.utf8)
          text =
            isContinuing
            ? String(decoding: token.utf8.dropFirst(prefix.utf8.count), as: UTF8.self) : " " + token
        }
        return cleansUp ? Self.cleaned(text) : text
      }
    case .metaspace(let replacement, let prepends):
      return tokens.enumerated().map { index, token in
        var scalars = String.UnicodeScalarView()
        for scalar in token.unicodeScalars {
          if scalar != replacement {
            scalars.append(scalar)
          } else if index > 0 || !prepends {
            scalars.append(" ")
          }
        }
        return String(scalars)
      }
    case .bpe(let suffix):
      return tokens.enumerated().map { index, token in
        Self.replacing(token, suffix, by: index == tokens.count - 1 ? "" : " ")
      }
    case .strip(let content, let start, let end):
      return tokens.map { token in
        var scalars = Array(token.unicodeScalars)
        let leading = scalars.prefix(start).prefix { $0 == content }.count
        let trailing = scalars.suffix(end).reversed().prefix { $0 == content }.count
        scalars.removeFirst(leading)
        scalars.removeLast(min(trailing, scalars.count))
        return String(String.UnicodeScalarView(scalars))
      }
    case .replace(let pattern, let content):
      return try tokens.map { try Self.replacing($0, pattern, by: content) }
    case .ctc(let padding, let delimiter, let cleansUp):
      var last: String?
      return tokens.compactMap { token in
        defer { last = token }
        guard token != last else { return nil }
        var text = Self.replacing(token, padding, by: "")
        if cleansUp { text = Self.replacing(Self.cleaned(text), delimiter, by: " ") }
        return text.isEmpty ? nil : text
      }
    }
  }

  /// Tokens that stand for bytes become the text that they spell, or one replacement character each.
  private static func joinBytes(_ tokens: [String]) -> [String] {
    var result: [String] = []
    var bytes: [UInt8] = []
    func flush() {
      guard !bytes.isEmpty else { return }
      if let text = String(validating: bytes, as: UTF8.self) {
        result.append(text)
      } else {
        result += repeatElement("\u{FFFD}", count: bytes.count)
      }
      bytes = []
    }
    for token in tokens {
      if let byte = byte(of: token) {
        bytes.append(byte)
      } else {
        flush()
        result.append(token)
      }
    }
    flush()
    return result
  }

  /// The byte of a token `<0x..>`; nil for others.
  static func byte(of token: String) -> UInt8? {
    guard token.utf8.count == 6, token.hasPrefix("<0x"), token.hasSuffix(">") else { return nil }
    return UInt8(token.dropFirst(3).prefix(2), radix: 16)
  }

  /// English text without the spaces that tokens put before its punctuation.
  private static func cleaned(_ text: String) -> String {
    guard text.utf8.contains(0x20) else { return text }
    let changes = [
      (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
      (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ]
    return changes.reduce(text) { replacing($0, $1.0, by: $1.1) }
  }

  /// A text with one part replaced wherever it stands, looking at scalars.
  private static func replacing(_ text: String, _ part: String, by content: String) -> String {
    let (bytes, part) = (Array(text.utf8), Array(part.utf8))
    guard let first = part.first, bytes.count >= part.count else { return text }
    var result: [UInt8] = []
    var place = 0
    while place < bytes.count {
      if bytes[place] == first, bytes[place...].starts(with: part) {
        result += Array(content.utf8)
        place += part.count
      } else {
        result.append(bytes[place])
        place += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  private static func replacing(_ text: String, _ pattern: Pattern, by content: String) throws -> String {
    let bytes = Array(text.utf8)
    var result: [UInt8] = []
    var last = 0
    for range in try pattern.ranges(in: bytes) {
      result += bytes[last..<range.lowerBound]
      result += Array(content.utf8)
      last = range.upperBound
    }
    return String(decoding: result + bytes[last...], as: UTF8.self)
  }
}
