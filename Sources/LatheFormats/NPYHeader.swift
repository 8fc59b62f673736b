/// The header of NumPy's format: a Python dictionary of exactly `descr`, `fortran_order` and `shape`.
struct NPYHeader: HeaderScanner {
  private(set) var descriptor = ""
  private(set) var isFortran = false
  private(set) var shape: [Int] = []
  let text: [UInt8]
  var position = 0

  init(_ text: [UInt8]) throws(HeaderFault) {
    self.text = text
    var keys = Set<String>()
    try expect("{")
    while !take("}") {
      let start = position
      let key = try string()
      guard keys.insert(key).inserted else {
        throw HeaderFault(message: "the key '\(key)' comes twice", offset: start)
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
      default: throw HeaderFault(message: "unknown key '\(key)' in the header", offset: start)
      }
      if !take(",") {
        try expect("}")
        break
      }
    }
    guard keys.count == 3 else { throw fault("the header lacks descr, fortran_order or shape") }
    try expectEnd()
  }

  private mutating func string() throws(HeaderFault) -> String {
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
      throw HeaderFault(message: "text that is not UTF-8", offset: start)
    }
    return result
  }

  private mutating func word() -> String {
    skipSpace()
    let start = position
    while position < text.count, UnicodeScalar(text[position]).properties.isAlphabetic { position += 1 }
    return String(decoding: text[start..<position], as: UTF8.self)
  }

  private mutating func boolean() throws(HeaderFault) -> Bool {
    switch word() {
    case "True": return true
    case "False": return false
    default: throw fault("expected True or False in the header")
    }
  }

  private mutating func tuple() throws(HeaderFault) -> [Int] {
    try expect("(")
    var values: [Int] = []
    while !take(")") {
      let value = try size()
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
