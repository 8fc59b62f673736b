/// Writes Thrift's compact protocol.
struct ThriftWriter {
  private(set) var bytes: [UInt8] = []
  private var numbers = [0]

  private mutating func unsigned(_ value: UInt64) {
    var value = value
    while value >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
      value >>= 7
    }
    bytes.append(UInt8(value))
  }

  private mutating func signed(_ value: Int) {
    let value = Int64(value)
    unsigned(UInt64(bitPattern: value << 1 ^ value >> 63))
  }

  private mutating func head(_ number: Int, _ kind: ThriftReader.Kind) {
    let step = number - numbers[numbers.count - 1]
    // Fields come in the order of their numbers, which are small here.
    bytes.append(UInt8(step << 4) | kind.rawValue)
    numbers[numbers.count - 1] = number
  }

  mutating func int32(_ number: Int, _ value: Int) {
    head(number, .int32)
    signed(value)
  }

  mutating func int64(_ number: Int, _ value: Int) {
    head(number, .int64)
    signed(value)
  }

  mutating func bool(_ number: Int, _ value: Bool) { head(number, value ? .yes : .no) }

  mutating func text(_ number: Int, _ value: String) {
    head(number, .binary)
    item(value)
  }

  mutating func structure(_ number: Int, _ body: (inout ThriftWriter) -> Void) {
    head(number, .structure)
    item(body)
  }

  /// A list, whose items `body` writes.
  mutating func list(
    _ number: Int, _ kind: ThriftReader.Kind, count: Int, _ body: (inout ThriftWriter) -> Void
  ) {
    head(number, .list)
    if count < 15 {
      bytes.append(UInt8(count << 4) | kind.rawValue)
    } else {
      bytes.append(0xF0 | kind.rawValue)
      unsigned(UInt64(count))
    }
    body(&self)
  }

  /// A structure without a number: the whole, or an item of a list.
  mutating func item(_ body: (inout ThriftWriter) -> Void) {
    numbers.append(0)
    body(&self)
    numbers.removeLast()
    bytes.append(0)
  }

  mutating func item(_ value: Int) { signed(value) }

  mutating func item(_ value: String) {
    unsigned(UInt64(value.utf8.count))
    bytes += value.utf8
  }
}
