/// The bytes of a protocol buffer message, written field by field.
package struct ProtobufMessage {
  package private(set) var bytes: [UInt8] = []

  /// A message without fields.
  package init() {}

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  private mutating func key(_ field: Int, _ wireType: UInt64) { varint(UInt64(field) << 3 | wireType) }

  /// A whole number.
  package mutating func int(_ field: Int, _ value: Int) {
    key(field, 0)
    varint(UInt64(bitPattern: Int64(value)))
  }

  /// A double.
  package mutating func double(_ field: Int, _ value: Double) {
    key(field, 1)
    bytes += ByteOrder.little(value.bitPattern)
  }

  /// A float.
  package mutating func float(_ field: Int, _ value: Float) {
    key(field, 5)
    bytes += ByteOrder.little(value.bitPattern)
  }

  /// Bytes.
  package mutating func bytes(_ field: Int, _ value: [UInt8]) {
    key(field, 2)
    varint(UInt64(value.count))
    bytes += value
  }

  /// Text.
  package mutating func string(_ field: Int, _ value: String) { bytes(field, Array(value.utf8)) }

  /// A list of doubles, packed.
  package mutating func doubles(_ field: Int, _ values: [Double]) {
    bytes(field, values.flatMap { ByteOrder.little($0.bitPattern) })
  }

  /// A message inside.
  package mutating func message(_ field: Int, _ body: (inout ProtobufMessage) -> Void) {
    var inner = ProtobufMessage()
    body(&inner)
    bytes(field, inner.bytes)
  }
}
