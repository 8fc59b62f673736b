/// Bytes as letters, digits and two signs.
enum Base64 {
  private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// The text of bytes.
  static func encode(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let part = bytes[start..<min(start + 3, bytes.count)]
      var value: UInt32 = 0
      for byte in part { value = value << 8 | UInt32(byte) }
      value <<= UInt32(8 * (3 - part.count))
      for place in 0..<4 {
        text.append(
          place > part.count ? UInt8(ascii: "=") : letters[Int(value >> UInt32(18 - 6 * place) & 63)])
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The bytes of a text; nil where it is none.
  static func decode(_ text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    var value: UInt32 = 0
    var bits = 0
    var hasEnded = false
    for letter in text.utf8 {
      let digit: UInt32
      switch letter {
      case 65...90: digit = UInt32(letter) - 65
      case 97...122: digit = UInt32(letter) - 71
      case 48...57: digit = UInt32(letter) + 4
      case UInt8(ascii: "+"): digit = 62
      case UInt8(ascii: "/"): digit = 63
      case UInt8(ascii: "="):
        hasEnded = true
        continue
      default: return nil
      }
      guard !hasEnded else { return nil }
      value = value << 6 | digit
      bits += 6
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: value >> UInt32(bits)))
        value &= 1 << UInt32(bits) - 1
      }
    }
    return bytes
  }
}
