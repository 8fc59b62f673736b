import LatheCore

/// Reads the flat objects of JSON Lines, byte by byte.
struct JSONScanner {
  /// What a value is, and where it stands.
  struct Value {
    enum Kind: UInt8 { case null, bool, integer, number, string, escapedString }
    let kind: Kind
    /// The text between its quotes, where it has them.
    let start: Int
    let count: Int
  }

  /// What is wrong, and where.
  struct Fault: Error {
    let place: Int
    let what: String
  }

  private let bytes: UnsafePointer<UInt8>
  private let end: Int
  private(set) var place: Int

  init(_ bytes: UnsafePointer<UInt8>, _ range: Range<Int>) {
    self.bytes = bytes
    place = range.lowerBound
    end = range.upperBound
  }

  private var next: UInt8 { place < end ? bytes[place] : 0 }

  private func fault(_ what: String) -> Fault { Fault(place: place, what: what) }

  private mutating func skipSpaces() {
    while place < end, bytes[place] == 0x20 || bytes[place] == 0x09 || bytes[place] == 0x0D { place += 1 }
  }

  /// Reads an object and hands out its keys and values.
  mutating func object(_ take: (Value, Value) throws -> Void) throws {
    skipSpaces()
    guard next == UInt8(ascii: "{") else { throw fault("no JSON object; each line must be one") }
    place += 1
    skipSpaces()
    if next == UInt8(ascii: "}") {
      place += 1
    } else {
      while true {
        skipSpaces()
        guard next == UInt8(ascii: "\"") else { throw fault("a key in quotes is expected") }
        let key = try string()
        skipSpaces()
        guard next == UInt8(ascii: ":") else { throw fault("a colon is expected behind a key") }
        place += 1
        skipSpaces()
        try take(key, value())
        skipSpaces()
        let byte = next
        place += 1
        if byte == UInt8(ascii: "}") { break }
        guard byte == UInt8(ascii: ",") else {
          place -= 1
          throw fault("a comma or a closing brace is expected")
        }
      }
    }
    skipSpaces()
    guard place == end else { throw fault("text behind the object") }
  }

  private mutating func value() throws -> Value {
    switch next {
    case UInt8(ascii: "\""): return try string()
    case UInt8(ascii: "t"): return try word("true", .bool)
    case UInt8(ascii: "f"): return try word("false", .bool)
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      throw fault("a list or an object as a value; a table's cells hold single values")
    default: return try number()
    }
  }

  private mutating func word(_ word: StaticString, _ kind: Value.Kind) throws -> Value {
    let start = place
    for index in 0..<word.utf8CodeUnitCount {
      guard next == word.utf8Start[index] else { throw fault("no JSON value") }
      place += 1
    }
    return Value(kind: kind, start: start, count: place - start)
  }

  private mutating func number() throws -> Value {
    let start = place
    var isWhole = true
    if next == UInt8(ascii: "-") { place += 1 }
    let first = next
    let digits = place
    guard takeDigits() > 0 else { throw fault("no JSON value") }
    guard first != UInt8(ascii: "0") || place - digits == 1 else {
      throw fault("a number that begins with 0")
    }
    if next == UInt8(ascii: ".") {
      isWhole = false
      place += 1
      guard takeDigits() > 0 else { throw fault("digits are expected behind a point") }
    }
    if next | 0x20 == UInt8(ascii: "e") {
      isWhole = false
      place += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { place += 1 }
      guard takeDigits() > 0 else { throw fault("digits are expected in an exponent") }
    }
    return Value(kind: isWhole ? .integer : .number, start: start, count: place - start)
  }

  private mutating func takeDigits() -> Int {
    let start = place
    while next >= 0x30 && next <= 0x39 { place += 1 }
    return place - start
  }

  private mutating func string() throws -> Value {
    place += 1
    let start = place
    var isEscaped = false
    while place < end {
      let byte = bytes[place]
      if byte == UInt8(ascii: "\"") {
        place += 1
        return Value(kind: isEscaped ? .escapedString : .string, start: start, count: place - 1 - start)
      }
      guard byte >= 0x20 else { throw fault("a control character in a text; write it as an escape") }
      if byte == UInt8(ascii: "\\") {
        isEscaped = true
        place += 1
      }
      place += 1
    }
    place = start
    throw fault("a text that begins here has no end")
  }

  /// The bytes of a text whose escapes are undone.
  static func unescaped(_ bytes: UnsafePointer<UInt8>, _ value: Value) throws -> [UInt8] {
    var result: [UInt8] = []
    var place = value.start
    let end = value.start + value.count
    func fault() -> Fault { Fault(place: place, what: "an escape that JSON has not") }
    func unit() throws -> UInt32 {
      guard place + 4 <= end else { throw fault() }
      var number: UInt32 = 0
      for _ in 0..<4 {
        guard let digit = Character(Unicode.Scalar(bytes[place])).hexDigitValue else { throw fault() }
        number = number << 4 | UInt32(digit)
        place += 1
      }
      return number
    }
    while place < end {
      guard bytes[place] == UInt8(ascii: "\\") else {
        result.append(bytes[place])
        place += 1
        continue
      }
      place += 2
      switch bytes[place - 1] {
      case UInt8(ascii: "n"): result.append(0x0A)
      case UInt8(ascii: "t"): result.append(0x09)
      case UInt8(ascii: "r"): result.append(0x0D)
      case UInt8(ascii: "b"): result.append(0x08)
      case UInt8(ascii: "f"): result.append(0x0C)
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(bytes[place - 1])
      case UInt8(ascii: "u"):
        var scalar = try unit()
        if scalar >= 0xD800 && scalar <= 0xDBFF {
          guard place + 6 <= end, bytes[place] == UInt8(ascii: "\\"), bytes[place + 1] == UInt8(ascii: "u")
          else {
            throw fault()
          }
          place += 2
          let second = try unit()
          guard second >= 0xDC00 && second <= 0xDFFF else { throw fault() }
          scalar = 0x10000 + (scalar - 0xD800) << 10 + (second - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(scalar) else { throw fault() }
        result.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
      default: throw fault()
      }
    }
    return result
  }
}
