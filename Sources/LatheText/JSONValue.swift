import LatheCore

/// JSON text read strictly: bounded nesting, no key twice, valid UTF-8, numbers as they stand.
package enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([Member])

  /// A key with its value.
  package struct Member: Sendable, Equatable {
    package var key: String
    package var value: JSONValue

    package init(_ key: String, _ value: JSONValue) {
      self.key = key
      self.value = value
    }
  }

  /// A member of an object by its key, nil where there is none; a new one comes at the end.
  package subscript(key: String) -> JSONValue? {
    get {
      guard case .object(let members) = self else { return nil }
      return members.first { $0.key == key }?.value
    }
    set {
      guard case .object(var members) = self, let newValue else { return }
      if let place = members.firstIndex(where: { $0.key == key }) {
        members[place].value = newValue
      } else {
        members.append(Member(key, newValue))
      }
      self = .object(members)
    }
  }

  package var string: String? { if case .string(let text) = self { text } else { nil } }
  package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  package var integer: Int? { if case .integer(let value) = self { value } else { nil } }
  package var array: [JSONValue]? { if case .array(let values) = self { values } else { nil } }
  package var members: [Member]? { if case .object(let members) = self { members } else { nil } }
  package var isNull: Bool { self == .null }
  package var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// What kind of value it is, for messages.
  package var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a truth value"
    case .integer, .number: "a number"
    case .string: "a text"
    case .array: "a list"
    case .object: "an object"
    }
  }

  /// Reads a whole text.
  ///
  /// - Parameter source: What holds the text, for messages.
  /// - Throws: `LatheError.format` with the byte at which reading failed.
  package static func parse(_ bytes: [UInt8], source: String) throws -> JSONValue {
    try bytes.withUnsafeBufferPointer { buffer in
      var parser = JSONParser(buffer, source)
      return try parser.parse()
    }
  }
}

/// Reads JSON text byte by byte.
private struct JSONParser {
  private let bytes: UnsafeBufferPointer<UInt8>
  private let source: String
  private var place = 0
  private var depth = 0

  init(_ bytes: UnsafeBufferPointer<UInt8>, _ source: String) {
    self.bytes = bytes
    self.source = source
  }

  private func failure(_ what: String) -> LatheError {
    LatheError(.format, "\(source): \(what) at byte \(place)")
  }

  mutating func parse() throws -> JSONValue {
    let value = try value()
    skipSpace()
    guard place == bytes.count else { throw failure("something behind the JSON text") }
    return value
  }

  @inline(__always) private mutating func skipSpace() {
    while place < bytes.count {
      let byte = bytes[place]
      guard byte == 32 || byte == 10 || byte == 13 || byte == 9 else { return }
      place += 1
    }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    skipSpace()
    guard place < bytes.count, bytes[place] == byte else { return false }
    place += 1
    return true
  }

  private mutating func value() throws -> JSONValue {
    skipSpace()
    guard place < bytes.count else { throw failure("the JSON text ends early") }
    switch bytes[place] {
    case UInt8(ascii: "{"): return try object()
    case UInt8(ascii: "["): return try array()
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func word(_ text: StaticString, _ value: JSONValue) throws -> JSONValue {
    for index in 0..<text.utf8CodeUnitCount {
      guard place + index < bytes.count, bytes[place + index] == text.utf8Start[index] else {
        throw failure("no JSON value")
      }
    }
    place += text.utf8CodeUnitCount
    return value
  }

  private mutating func enter() throws {
    depth += 1
    guard depth <= JSONNesting.limit else {
      throw failure("more than \(JSONNesting.limit) JSON arrays and objects inside each other")
    }
    place += 1
  }

  private mutating func object() throws -> JSONValue {
    try enter()
    defer { depth -= 1 }
    var members: [JSONValue.Member] = []
    if take(UInt8(ascii: "}")) { return .object(members) }
    repeat {
      skipSpace()
      guard place < bytes.count, bytes[place] == UInt8(ascii: "\"") else { throw failure("no key") }
      let key = try string()
      guard take(UInt8(ascii: ":")) else { throw failure("no colon behind the key '\(key)'") }
      members.append(JSONValue.Member(key, try value()))
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "}")) else { throw failure("an object without an end") }
    try checkKeys(members)
    return .object(members)
  }

  private func checkKeys(_ members: [JSONValue.Member]) throws {
    var known = ByteTable(capacity: members.count)
    for member in members where !known.insert(member.key, 0) {
      throw failure("the key '\(member.key)' twice in the object that ends")
    }
  }

  private mutating func array() throws -> JSONValue {
    try enter()
    defer { depth -= 1 }
    var values: [JSONValue] = []
    if take(UInt8(ascii: "]")) { return .array(values) }
    repeat { values.append(try value()) } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "]")) else { throw failure("a list without an end") }
    return .array(values)
  }

  private mutating func number() throws -> JSONValue {
    let start = place
    var isWhole = true
    if place < bytes.count, bytes[place] == UInt8(ascii: "-") { place += 1 }
    let first = place
    while place < bytes.count, bytes[place] >= 48, bytes[place] <= 57 { place += 1 }
    guard place > first, place == first + 1 || bytes[first] != 48 else { throw failure("no JSON value") }
    if place < bytes.count, bytes[place] == UInt8(ascii: ".") {
      isWhole = false
      place += 1
      let fraction = place
      while place < bytes.count, bytes[place] >= 48, bytes[place] <= 57 { place += 1 }
      guard place > fraction else { throw failure("a number without digits behind its point") }
    }
    if place < bytes.count, bytes[place] | 32 == UInt8(ascii: "e") {
      isWhole = false
      place += 1
      if place < bytes.count, bytes[place] == 43 || bytes[place] == 45 { place += 1 }
      let exponent = place
      while place < bytes.count, bytes[place] >= 48, bytes[place] <= 57 { place += 1 }
      guard place > exponent else { throw failure("a number without digits in its exponent") }
    }
    let text = String(decoding: bytes[start..<place], as: UTF8.self)
    if isWhole, let value = Int(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else { throw failure("the number \(text), out of range") }
    return .number(value)
  }

  private mutating func string() throws -> String {
    place += 1
    let start = place
    while place < bytes.count, bytes[place] != 0x22, bytes[place] != 0x5C, bytes[place] >= 0x20 { place += 1 }
    guard place < bytes.count else { throw failure("a text without an end") }
    if bytes[place] == 0x22 {
      let result = String(validating: bytes[start..<place], as: UTF8.self)
      guard let result else { throw failure("invalid UTF-8 in the text that ends") }
      place += 1
      return result
    }
    var text = Array(bytes[start..<place])
    while true {
      guard place < bytes.count else { throw failure("a text without an end") }
      let byte = bytes[place]
      if byte == 0x22 { break }
      if byte < 0x20 { throw failure("a control character in a text") }
      place += 1
      if byte == 0x5C { try escape(&text) } else { text.append(byte) }
    }
    guard let result = String(validating: text, as: UTF8.self) else {
      throw failure("invalid UTF-8 in the text that ends")
    }
    place += 1
    return result
  }

  private mutating func escape(_ text: inout [UInt8]) throws {
    guard place < bytes.count else { throw failure("a text without an end") }
    let byte = bytes[place]
    place += 1
    switch byte {
    case UInt8(ascii: "n"): text.append(10)
    case UInt8(ascii: "t"): text.append(9)
    case UInt8(ascii: "r"): text.append(13)
    case UInt8(ascii: "b"): text.append(8)
    case UInt8(ascii: "f"): text.append(12)
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "u"):
      var value = try unit()
      if (0xD800..<0xDC00).contains(value) {
        guard place + 1 < bytes.count, bytes[place] == 0x5C, bytes[place + 1] == UInt8(ascii: "u") else {
          throw failure("half a surrogate pair")
        }
        place += 2
        let low = try unit()
        guard (0xDC00..<0xE000).contains(low) else { throw failure("half a surrogate pair") }
        value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(value) else { throw failure("half a surrogate pair") }
      text.append(contentsOf: String(scalar).utf8)
    default: throw failure("an unknown escape")
    }
  }

  private mutating func unit() throws -> UInt32 {
    guard place + 4 <= bytes.count,
      let value = UInt32(String(decoding: bytes[place..<place + 4], as: UTF8.self), radix: 16),
      bytes[place] != 43, bytes[place] != 45
    else { throw failure("an escape without four digits") }
    place += 4
    return value
  }
}
