/// Keys of JSON text, of which decoders keep one where a key comes twice.
package enum JSONKeys {
  /// The first key that comes twice in one object; nil where none does.
  ///
  /// - Parameter bytes: JSON text that a decoder has accepted.
  package static func repeated(in bytes: some Sequence<UInt8>) -> String? {
    /// Keys of each object that is open; nil of an array.
    var open: [Set<[UInt8]>?] = []
    var text: [UInt8] = []
    var isInString = false
    var isEscaped = false
    for byte in bytes {
      if isInString {
        if !isEscaped && byte == UInt8(ascii: "\"") {
          isInString = false
          continue
        }
        isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
        text.append(byte)
        continue
      }
      switch byte {
      case UInt8(ascii: "\""):
        isInString = true
        text.removeAll(keepingCapacity: true)
      case UInt8(ascii: "{"): open.append([])
      case UInt8(ascii: "["): open.append(nil)
      case UInt8(ascii: "}"), UInt8(ascii: "]"): _ = open.popLast()
      case UInt8(ascii: ":"):
        guard let last = open.indices.last else { return nil }
        let key = plain(text)
        if open[last]?.insert(key).inserted == false { return String(decoding: key, as: UTF8.self) }
      default: break
      }
    }
    return nil
  }

  /// A key without escapes: the same key can be written in several ways.
  private static func plain(_ text: [UInt8]) -> [UInt8] {
    guard text.contains(UInt8(ascii: "\\")) else { return text }
    var units: [UInt16] = []
    var rest = String(decoding: text, as: UTF8.self).utf16[...]
    let marks: [Character: UInt16] = ["n": 0x0A, "t": 0x09, "r": 0x0D, "b": 0x08, "f": 0x0C]
    while let unit = rest.popFirst() {
      guard unit == UInt16(UInt8(ascii: "\\")), let mark = rest.popFirst() else {
        units.append(unit)
        continue
      }
      let character = Unicode.Scalar(mark).map(Character.init) ?? " "
      if character == "u" {
        units.append(UInt16(String(decoding: rest.prefix(4), as: UTF16.self), radix: 16) ?? 0xFFFD)
        rest = rest.dropFirst(4)
      } else {
        units.append(marks[character] ?? mark)
      }
    }
    return Array(String(decoding: units, as: UTF16.self).utf8)
  }
}
