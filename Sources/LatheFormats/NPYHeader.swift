/// The header of NumPy's format: a Python dictionary of exactly `descr`, `fortran_order` and `shape`.
struct NPYHeader {
  /// What is wrong with the header, and at which of its bytes.
  struct Fault: Error {
    var message: String
    var offset: Int
  }

  private(set) var descriptor = ""
  private(set) var isFortran = false
  private(set) var shape: [Int] = []
  private let text: [UInt8]
  private var position = 0

  init(_ text: [UInt8]) throws(Fault) {
    self.text = text
    var keys = Set<String>()
    try expect("{")
    while !take("}") {
      let start = position
      let key = try string()
      guard keys.insert(key).inserted else {
        throw Fault(message: "the key '\(key)' comes twice", offset: start)
      }
      try expect(":")
      switch key {
      case "descr":
        skipSpace()
        if position < text.count, text[position] == UInt8(ascii: "[") {
          throw fault("records of several fields are not supported; save each field as an array of its own")
        }
        descriptor = try string()
      case "fortran_order": isFortran = try boolean()
      case "shape": shape = try tuple()
      default: throw Fault(message: "unknown key '\(key)' in the header", offset: start)
      }
      if !take(",") {
        try expect("}")
        break
      }
    }
    guard keys.count == 3 else { throw fault("the header lacks descr, fortran_order or shape") }
    skipSpace()
    guard position == text.count else { throw fault("text behind the header's end") }
  }

  private func fault(_ message: String) -> Fault { Fault(message: message, offset: position) }

  private mutating func skipSpace() {
    while position < text.count, [0x20, 0x09, 0x0A, 0x0D].contains(text[position]) { position += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard position < text.count, text[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(Fault) {
    guard take(character) else { throw fault("expected '\(character)' in the header") }
  }

  private mutating func string() throws(Fault) -> String {
    skipSpace()
    // Python 2 marks texts as Unicode: u'<f4'.
    if position + 1 < text.count, text[position] == UInt8(ascii: "u"),
      [UInt8(ascii: "'"), UInt8(ascii: "\"")].contains(text[position + 1])
    {
      position += 1
    }
    guard position < text.count, [UInt8(ascii: "'"), UInt8(ascii: "\"")].contains(text[position]) else {
      throw fault("expected a text in quotes in the header")
    }
    let quote = text[position]
    let start = position + 1
    guard let end = text[start...].firstIndex(of: quote) else { throw fault("a text without an end") }
    position = end + 1
    guard let result = String(validating: text[start..<end], as: UTF8.self) else {
      throw Fault(message: "text that is not UTF-8", offset: start)
    }
    return result
  }

  private mutating func word() -> String {
    skipSpace()
    let start = position
    while position < text.count, UnicodeScalar(text[position]).properties.isAlphabetic { position += 1 }
    return String(decoding: text[start..<position], as: UTF8.self)
  }

  private mutating func boolean() throws(Fault) -> Bool {
    switch word() {
    case "True": return true
    case "False": return false
    default: throw fault("expected True or False in the header")
    }
  }

  private mutating func tuple() throws(Fault) -> [Int] {
    try expect("(")
    var values: [Int] = []
    while !take(")") {
      skipSpace()
      let start = position
      while position < text.count, (0x30...0x39).contains(text[position]) { position += 1 }
      guard let value = Int(String(decoding: text[start..<position], as: UTF8.self)) else {
        throw Fault(message: "expected a size that is a whole number, not negative", offset: start)
      }
      // Python 2 marks long integers: 10L.
      if position < text.count, text[position] == UInt8(ascii: "L") { position += 1 }
      values.append(value)
      if !take(",") {
        try expect(")")
        break
      }
    }
    return values
  }
}
