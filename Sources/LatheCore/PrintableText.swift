/// Text that comes from outside, as a terminal may be given it: control characters, which could move its cursor or change
/// its title, and marks that turn the direction of writing become escapes such as `\n` and `\u{1B}`.
///
/// - Parameter keepingLines: Whether line ends and tabs stay.
package func printable(_ text: String, keepingLines: Bool = false) -> String {
  func isPlain(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A: keepingLines
    case 0..<0x20, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069: false
    default: true
    }
  }
  if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) || text.unicodeScalars.allSatisfy(isPlain) {
    return text
  }
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case _ where isPlain(scalar): result.unicodeScalars.append(scalar)
    case "\n": result += "\\n"
    case "\r": result += "\\r"
    case "\t": result += "\\t"
    default: result += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
    }
  }
  return result
}
