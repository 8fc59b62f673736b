/// Reads a protocol buffer message field by field (the wire format of protobuf's encoding guide).
///
/// No length is trusted: whatever leads behind the message's end is a fault at its offset.
struct ProtobufFields {
  /// What is wrong, and at which byte of the outermost message.
  struct Fault: Error {
    var message: String
    var offset: Int
  }

  /// A field's content.
  enum Value {
    case varint(UInt64)
    case fixed64(UInt64)
    case fixed32(UInt32)
    /// Text, bytes, a message inside or packed numbers.
    case bytes(ArraySlice<UInt8>)
  }

  private let bytes: ArraySlice<UInt8>
  private var position: Int

  /// The fields of a message, or of one inside it: the indices of the slice count from the outermost.
  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  /// The next field's number and content; nil behind the last.
  mutating func next() throws(Fault) -> (field: Int, value: Value)? {
    guard position < bytes.endIndex else { return nil }
    let start = position
    let key = try varint()
    guard key >> 3 >= 1, key >> 3 < 1 << 29 else {
      throw Fault(message: "field number \(key >> 3)", offset: start)
    }
    let field = Int(key >> 3)
    switch key & 7 {
    case 0: return (field, .varint(try varint()))
    case 1: return (field, .fixed64(try fixed(UInt64.self)))
    case 5: return (field, .fixed32(try fixed(UInt32.self)))
    case 2:
      let size = try varint()
      let left = bytes.endIndex - position
      guard size <= UInt64(left) else {
        throw Fault(message: "field \(field) of \(size) bytes where \(left) are left", offset: start)
      }
      position += Int(size)
      return (field, .bytes(bytes[position - Int(size)..<position]))
    default: throw Fault(message: "wire type \(key & 7) of field \(field)", offset: start)
    }
  }

  /// A number of up to 64 bits, seven a byte.
  mutating func varint() throws(Fault) -> UInt64 {
    let start = position
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard position < bytes.endIndex else { throw Fault(message: "a number without an end", offset: start) }
      let byte = bytes[position]
      position += 1
      guard shift < 63 || byte <= 1 else {
        throw Fault(message: "a number of more than 64 bits", offset: start)
      }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw Fault(message: "a number of more than 64 bits", offset: start)
  }

  /// Whether all bytes are read.
  var isAtEnd: Bool { position == bytes.endIndex }

  /// A number of fixed size, the least byte first.
  mutating func fixed<Number: FixedWidthInteger>(_ type: Number.Type) throws(Fault) -> Number {
    let size = Number.bitWidth / 8
    guard bytes.endIndex - position >= size else {
      throw Fault(message: "\(bytes.endIndex - position) bytes left of a number of \(size)", offset: position)
    }
    defer { position += size }
    return bytes[position..<position + size].reversed().reduce(0) { $0 << 8 | Number($1) }
  }
}
