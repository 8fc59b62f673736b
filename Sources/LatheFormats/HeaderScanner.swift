/// What is wrong with a header, and at which of its bytes.
struct HeaderFault: Error {
  var message: String
  var offset: Int
}

/// A reader of a header's text from front to back, token by token, with spaces between them.
protocol HeaderScanner {
  /// The header's bytes.
  var text: [UInt8] { get }
  /// Where the next token is looked for.
  var position: Int { get set }
}

extension HeaderScanner {
  /// What is wrong here.
  func fault(_ message: String) -> HeaderFault { HeaderFault(message: message, offset: position) }

  /// Passes over spaces and line ends.
  mutating func skipSpace() {
    while position < text.count, [0x20, 0x09, 0x0A, 0x0D].contains(text[position]) { position += 1 }
  }

  /// Passes over a character where it comes next.
  mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard position < text.count, text[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  /// Passes over a character that must come next.
  mutating func expect(_ character: Unicode.Scalar) throws(HeaderFault) {
    guard take(character) else { throw fault("expected '\(character)' in the header") }
  }

  /// A whole number that is not negative.
  mutating func size() throws(HeaderFault) -> Int {
    skipSpace()
    let start = position
    while position < text.count, (0x30...0x39).contains(text[position]) { position += 1 }
    guard let value = Int(String(decoding: text[start..<position], as: UTF8.self)) else {
      throw HeaderFault(message: "expected a size or a place: a whole number, not negative", offset: start)
    }
    return value
  }

  /// Nothing but spaces may follow.
  mutating func expectEnd() throws(HeaderFault) {
    skipSpace()
    guard position == text.count else { throw fault("text behind the header's end") }
  }
}
