/// How deep JSON text may be nested before a decoder is given it.
///
/// Foundation's decoder ends the process on text that opens more than 512 arrays or objects inside each other.
package enum JSONNesting {
  /// The most arrays and objects inside each other; nothing that Lathe reads has more than a few.
  package static let limit = 128

  /// Whether text opens at most `limit` arrays and objects inside each other; brackets in strings do not count.
  package static func isShallow(_ bytes: some Sequence<UInt8>) -> Bool {
    var depth = 0
    var isInString = false
    var isEscaped = false
    for byte in bytes {
      if isInString {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isInString = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isInString = true
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        depth += 1
        if depth > limit { return false }
      case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
      default: break
      }
    }
    return true
  }

  /// Accepts text that a decoder may be given.
  ///
  /// - Throws: `LatheError.format` that names what holds the text.
  package static func check(_ bytes: some Sequence<UInt8>, _ name: String) throws {
    guard isShallow(bytes) else {
      throw LatheError(
        .format,
        "\(name): more than \(limit) JSON arrays and objects inside each other; nothing here needs so many")
    }
  }
}
