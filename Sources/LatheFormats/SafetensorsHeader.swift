import LatheCore

/// One entry of a safetensors header.
struct SafetensorsEntry {
  var name: String
  var dtype: String
  var shape: [Int]
  var begin: Int
  var end: Int
}

/// A strict reader of the header's JSON: one object of tensor entries and `__metadata__`.
///
/// Foundation's decoder lets a repeated key pass, which here would make two tensors of one name.
struct SafetensorsHeader: HeaderScanner {
  private(set) var entries: [SafetensorsEntry] = []
  private(set) var metadata: [String: String] = [:]
  /// Where the texts of the metadata end in the header, behind them their quotation marks.
  private(set) var metadataEnds: [String: Int] = [:]
  let text: [UInt8]
  var position = 0

  init(_ text: [UInt8]) throws(HeaderFault) {
    self.text = text
    guard text.first == UInt8(ascii: "{") else {
      throw HeaderFault(message: "the header is not an object", offset: 0)
    }
    var names = Set<String>()
    try object { reader, key throws(HeaderFault) in
      guard names.insert(key).inserted else { throw reader.fault("the name '\(key)' comes twice") }
      if key == "__metadata__" {
        try reader.object { reader, key throws(HeaderFault) in
          guard reader.metadata[key] == nil else { throw reader.fault("the name '\(key)' comes twice") }
          reader.metadata[key] = try reader.string()
          reader.metadataEnds[key] = reader.position - 1
        }
      } else {
        let entry = try reader.entry(key)
        reader.entries.append(entry)
      }
    }
    try expectEnd()
  }

  private mutating func entry(_ name: String) throws(HeaderFault) -> SafetensorsEntry {
    var dtype: String?
    var shape: [Int]?
    var offsets: [Int]?
    let start = position
    try object { reader, key throws(HeaderFault) in
      switch key {
      case "dtype" where dtype == nil: dtype = try reader.string()
      case "shape" where shape == nil: shape = try reader.numbers()
      case "data_offsets" where offsets == nil: offsets = try reader.numbers()
      default: throw reader.fault("unexpected or repeated key '\(key)' of tensor '\(name)'")
      }
    }
    guard let dtype, let shape, let offsets, offsets.count == 2 else {
      throw HeaderFault(message: "tensor '\(name)' lacks dtype, shape or two data_offsets", offset: start)
    }
    return SafetensorsEntry(name: name, dtype: dtype, shape: shape, begin: offsets[0], end: offsets[1])
  }

  private mutating func object(
    _ member: (inout SafetensorsHeader, String) throws(HeaderFault) -> Void
  ) throws(HeaderFault) {
    try expect("{")
    if take("}") { return }
    repeat {
      let key = try string()
      try expect(":")
      try member(&self, key)
    } while take(",")
    try expect("}")
  }

  private mutating func numbers() throws(HeaderFault) -> [Int] {
    try expect("[")
    var values: [Int] = []
    if take("]") { return values }
    repeat { values.append(try size()) } while take(",")
    try expect("]")
    return values
  }

  private mutating func string() throws(HeaderFault) -> String {
    try expect("\"")
    var bytes: [UInt8] = []
    while position < text.count {
      let byte = text[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let result = String(validating: bytes, as: UTF8.self) else {
          throw fault("text that is not UTF-8")
        }
        return result
      case UInt8(ascii: "\\"): bytes += try escape()
      case 0..<0x20: throw fault("a control character in a string")
      default: bytes.append(byte)
      }
    }
    throw fault("a string without an end")
  }

  private mutating func escape() throws(HeaderFault) -> [UInt8] {
    guard position < text.count else { throw fault("a string without an end") }
    let byte = text[position]
    position += 1
    switch byte {
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "u"):
      var code = try unit()
      if (0xD800...0xDBFF).contains(code), position + 1 < text.count, text[position] == UInt8(ascii: "\\") {
        position += 2
        let low = try unit()
        guard (0xDC00...0xDFFF).contains(low) else { throw fault("half a surrogate pair") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw fault("half a surrogate pair") }
      return Array(String(Character(scalar)).utf8)
    default: throw fault("an unknown escape")
    }
  }

  private mutating func unit() throws(HeaderFault) -> UInt32 {
    guard position + 4 <= text.count,
      let value = UInt32(String(decoding: text[position..<position + 4], as: UTF8.self), radix: 16)
    else { throw fault("expected four hexadecimal digits") }
    position += 4
    return value
  }
}
