import LatheCore

/// A place in a template, counted from 1.
struct TemplatePosition: Sendable, Equatable {
  var line: Int
  var column: Int

  /// A mistake of the template at this place.
  func failure(_ what: String) -> LatheError { failure(.format, what) }

  /// An error at this place.
  func failure(_ kind: LatheError.Kind, _ what: String) -> LatheError {
    LatheError(kind, "chat template: line \(line), column \(column): \(what)")
  }
}

/// A word of a template.
struct TemplateToken: Sendable {
  /// What kind of word it is.
  enum Kind: Sendable, Equatable {
    /// Text outside of tags.
    case text(String)
    case beginPrint, endPrint, beginBlock, endBlock
    case name(String)
    case string(String)
    case integer(Int)
    case number(Double)
    case symbol(String)
    case end
  }

  var kind: Kind
  var position: TemplatePosition
}

/// Cuts a template into words, with the white space that tags take away.
struct TemplateLexer {
  private let text: [UInt8]
  private var place = 0
  private var line = 1
  /// Counts scalars.
  private var column = 1
  private var tokens: [TemplateToken] = []
  /// What the tag before takes from the text behind it.
  private var trim = Trim.nothing

  private enum Trim { case nothing, newline, whitespace }

  private init(_ source: String) {
    var bytes: [UInt8] = []
    for byte in source.utf8 {
      if byte == 10, bytes.last == 13 { bytes.removeLast() }
      bytes.append(byte)
    }
    if bytes.last == 10 { bytes.removeLast() }
    text = bytes
  }

  /// All words of a template.
  static func tokens(_ source: String) throws -> [TemplateToken] {
    var lexer = TemplateLexer(source)
    try lexer.run()
    return lexer.tokens
  }

  private var position: TemplatePosition { TemplatePosition(line: line, column: column) }

  private func starts(_ expected: StaticString, at offset: Int = 0) -> Bool {
    let start = place + offset
    guard start + expected.utf8CodeUnitCount <= text.count else { return false }
    for index in 0..<expected.utf8CodeUnitCount where text[start + index] != expected.utf8Start[index] {
      return false
    }
    return true
  }

  private mutating func advance(_ count: Int) {
    for _ in 0..<count where place < text.count {
      place += 1
      if text[place - 1] == 10 {
        line += 1
        column = 1
      } else if place == text.count || !UTF8Bytes.isContinuation(text[place]) {
        column += 1
      }
    }
  }

  private mutating func add(_ kind: TemplateToken.Kind, _ position: TemplatePosition) {
    tokens.append(TemplateToken(kind: kind, position: position))
  }

  private mutating func run() throws {
    while place < text.count {
      plainText()
      guard place < text.count else { break }
      let start = position
      if starts("{#") {
        try comment(start)
      } else {
        let isBlock = starts("{%")
        advance(2)
        if place < text.count, text[place] == UInt8(ascii: "-") || text[place] == UInt8(ascii: "+") {
          advance(1)
        }
        if isBlock, try raw(start) { continue }
        add(isBlock ? .beginBlock : .beginPrint, start)
        try tag(isBlock: isBlock, start)
      }
    }
    add(.end, position)
  }

  /// Text up to the next tag.
  private mutating func plainText() {
    switch trim {
    case .nothing: break
    case .newline: if place < text.count, text[place] == 10 { advance(1) }
    case .whitespace: while place < text.count, Self.isSpace(text[place]) { advance(1) }
    }
    trim = .nothing
    let start = place
    let startPosition = position
    while place < text.count, !(starts("{{") || starts("{%") || starts("{#")) { advance(1) }
    var end = place
    if place < text.count {
      let isPrint = starts("{{")
      if starts("-", at: 2) {
        while end > start, Self.isSpace(text[end - 1]) { end -= 1 }
      } else if !isPrint, !starts("+", at: 2) {
        // Blanks in front of a block that begins its line belong to the block.
        var blank = end
        while blank > start, text[blank - 1] == 32 || text[blank - 1] == 9 { blank -= 1 }
        let isLineStart = blank > start ? text[blank - 1] == 10 : start == 0 || text[start - 1] == 10
        if isLineStart { end = blank }
      }
    }
    if end > start { add(.text(String(decoding: text[start..<end], as: UTF8.self)), startPosition) }
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (byte >= 9 && byte <= 13) }

  private mutating func comment(_ start: TemplatePosition) throws {
    while place < text.count, !starts("#}") { advance(1) }
    guard place < text.count else { throw start.failure("a comment without an end") }
    trim = text[place - 1] == UInt8(ascii: "-") ? .whitespace : .newline
    advance(2)
  }

  /// Takes text between `raw` and `endraw` as it is.
  private mutating func raw(_ start: TemplatePosition) throws -> Bool {
    func skipSpace(_ from: Int) -> Int {
      var index = from
      while index < text.count, Self.isSpace(text[index]) { index += 1 }
      return index
    }
    func tagEnd(_ word: String, _ from: Int) -> Int? {
      var index = skipSpace(from)
      guard text[index...].starts(with: word.utf8) else { return nil }
      index = skipSpace(index + word.utf8.count)
      if index < text.count, text[index] == UInt8(ascii: "-") { index += 1 }
      return text[index...].starts(with: "%}".utf8) ? index + 2 : nil
    }
    guard let first = tagEnd("raw", place) else { return false }
    var index = first
    while index < text.count {
      if text[index...].starts(with: "{%".utf8) {
        let inside = index + 2 + (index + 2 < text.count && text[index + 2] == UInt8(ascii: "-") ? 1 : 0)
        if let end = tagEnd("endraw", inside) {
          add(.text(String(decoding: text[first..<index], as: UTF8.self)), start)
          advance(end - place)
          trim = .newline
          return true
        }
      }
      index += 1
    }
    throw start.failure("raw text without an end")
  }

  /// The words of a tag up to its end.
  private mutating func tag(isBlock: Bool, _ start: TemplatePosition) throws {
    var brackets: [UInt8] = []
    while true {
      while place < text.count, Self.isSpace(text[place]) { advance(1) }
      guard place < text.count else { throw start.failure("a tag without an end") }
      let here = position
      let sign = text[place] == UInt8(ascii: "-") || (isBlock && text[place] == UInt8(ascii: "+")) ? 1 : 0
      if brackets.isEmpty, isBlock ? starts("%}", at: sign) : starts("}}", at: sign) {
        trim =
          sign == 1 && text[place] == UInt8(ascii: "-")
          ? .whitespace : isBlock && sign == 0 ? .newline : .nothing
        add(isBlock ? .endBlock : .endPrint, here)
        advance(2 + sign)
        return
      }
      let byte = text[place]
      switch byte {
      case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"): brackets.append(byte)
      case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"):
        guard brackets.popLast() != nil else { throw here.failure("a bracket that closes nothing") }
      default: break
      }
      try word(byte, here)
    }
  }

  private mutating func word(_ byte: UInt8, _ here: TemplatePosition) throws {
    let start = place
    if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") { return try string(byte, here) }
    if Self.isDigit(byte) { return try number(here) }
    if Self.isLetter(byte) {
      while place < text.count, Self.isLetter(text[place]) || Self.isDigit(text[place]) { advance(1) }
      return add(.name(String(decoding: text[start..<place], as: UTF8.self)), here)
    }
    for symbol in ["==", "!=", "<=", ">=", "//", "**"] where text[place...].starts(with: symbol.utf8) {
      advance(2)
      return add(.symbol(symbol), here)
    }
    guard "+-*/%~<>=.,:|()[]{}".utf8.contains(byte) else {
      throw here.failure("the character '\(String(decoding: [byte], as: UTF8.self))' in a tag")
    }
    advance(1)
    add(.symbol(String(decoding: [byte], as: UTF8.self)), here)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }
  private static func isLetter(_ byte: UInt8) -> Bool {
    (byte | 32 >= 97 && byte | 32 <= 122) || byte == 95 || byte >= 0x80
  }

  private mutating func number(_ here: TemplatePosition) throws {
    let start = place
    var isWhole = true
    while place < text.count {
      let isPoint =
        text[place] == UInt8(ascii: ".") && isWhole && place + 1 < text.count && Self.isDigit(text[place + 1])
      guard isPoint || Self.isDigit(text[place]) || text[place] == 95 else { break }
      if isPoint { isWhole = false }
      advance(1)
    }
    if place + 1 < text.count, text[place] | 32 == UInt8(ascii: "e") {
      let sign = text[place + 1] == UInt8(ascii: "-") || text[place + 1] == UInt8(ascii: "+") ? 1 : 0
      if place + 1 + sign < text.count, Self.isDigit(text[place + 1 + sign]) {
        isWhole = false
        advance(1 + sign)
        while place < text.count, Self.isDigit(text[place]) { advance(1) }
      }
    }
    let digits = String(decoding: text[start..<place].filter { $0 != 95 }, as: UTF8.self)
    if isWhole, let value = Int(digits) { return add(.integer(value), here) }
    guard !isWhole, let value = Double(digits) else {
      throw here.failure("the number \(digits), out of range")
    }
    add(.number(value), here)
  }

  private mutating func string(_ quote: UInt8, _ here: TemplatePosition) throws {
    advance(1)
    var result: [UInt8] = []
    while true {
      guard place < text.count else { throw here.failure("a text without an end") }
      let byte = text[place]
      advance(1)
      if byte == quote { break }
      guard byte == UInt8(ascii: "\\") else {
        result.append(byte)
        continue
      }
      guard place < text.count else { throw here.failure("a text without an end") }
      let escaped = text[place]
      advance(1)
      switch escaped {
      case UInt8(ascii: "n"): result.append(10)
      case UInt8(ascii: "t"): result.append(9)
      case UInt8(ascii: "r"): result.append(13)
      case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): result.append(escaped)
      case UInt8(ascii: "u"), UInt8(ascii: "x"):
        let digits = text[place...].prefix(escaped == UInt8(ascii: "u") ? 4 : 2)
        guard let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16),
          let scalar = Unicode.Scalar(value)
        else { throw here.failure("an escape without digits") }
        advance(digits.count)
        result += Array(String(scalar).utf8)
      // An unknown escape stays as it is.
      default: result += [UInt8(ascii: "\\"), escaped]
      }
    }
    add(.string(String(decoding: result, as: UTF8.self)), here)
  }
}
