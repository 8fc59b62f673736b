/// How BLEU cuts a text into words; the names are sacrebleu's.
public enum BLEUTokenizer: String, Sendable, CaseIterable {
  /// Words are what white space separates.
  case none
  /// The rules of mteval-v13a, which WMT uses.
  case v13a = "13a"
  /// Punctuation and symbols of all of Unicode apart, as mteval-v14 has them.
  case intl
  /// Chinese characters apart, the rest as in `v13a`.
  case zh
  /// Each character a word.
  case char

  /// The words of a text.
  public func words(_ text: String) -> [String] {
    tokenize(Scalars(text)).map { word in
      var result = String.UnicodeScalarView()
      result.append(contentsOf: word.compactMap(Unicode.Scalar.init))
      return String(result)
    }
  }

  func tokenize(_ text: Scalars) -> [Scalars] {
    switch self {
    case .none: return text.words()
    case .char: return text.filter { !Scalars.isSpace($0) }.map { [$0] }
    case .v13a:
      var line = text.replacing("<skipped>", with: "").replacing("-\n", with: "").replacing("\n", with: " ")
      if line.contains(0x26) {
        line = line.replacing("&quot;", with: "\"").replacing("&amp;", with: "&")
          .replacing("&lt;", with: "<").replacing("&gt;", with: ">")
      }
      return Self.western([32] + line + [32]).words()
    case .zh:
      let start = text.firstIndex { !Scalars.isSpace($0) } ?? text.count
      return Self.western(Scalars(text[start...]).withoutTrailingSpace().spacing(Self.isChinese)).words()
    case .intl:
      let isPunctuation = Category.isPunctuation, isNumber = Category.isNumber
      return
        text
        .replacingPairs({ !isNumber($0) && isPunctuation($1) }, with: { [$0, 32, $1, 32] })
        .replacingPairs({ isPunctuation($0) && !isNumber($1) }, with: { [32, $0, 32, $1] })
        .spacing(Category.isSymbol).words()
    }
  }

  /// Signs apart, points and commas where no digit is beside them, dashes behind digits.
  ///
  /// - Parameter possessives: Whether `'s` is a word of its own.
  static func western(_ text: Scalars, possessives: Bool = false) -> Scalars {
    var spaced = text.spacing { (sign: UInt32) -> Bool in
      switch sign {
      case 0x7B...0x7E, 0x5B...0x60, 0x20...0x26, 0x28...0x2B, 0x3A...0x40, 0x2F: true
      default: false
      }
    }
    if possessives { spaced = spaced.replacing("'s ", with: " 's ") }
    return spaced.replacingPairs({ !isDigit($0) && isStop($1) }, with: { [$0, 32, $1, 32] })
      .replacingPairs({ isStop($0) && !isDigit($1) }, with: { [32, $0, 32, $1] })
      .replacingPairs({ isDigit($0) && $1 == 0x2D }, with: { [$0, 32, $1, 32] })
  }

  private static func isDigit(_ scalar: UInt32) -> Bool { scalar >= 48 && scalar <= 57 }
  private static func isStop(_ scalar: UInt32) -> Bool { scalar == 0x2C || scalar == 0x2E }

  /// What sacrebleu takes for Chinese.
  ///
  /// Its table writes the planes above the first with four digits, so that they are the ranges
  /// 2001-2A6D and 2F81-2FA1: figures are only equal with the same ranges.
  private static func isChinese(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x3400...0x4DB5, 0x4E00...0x9FBB, 0xF900...0xFA2D, 0xFA30...0xFA6A, 0xFA70...0xFAD9, 0x2001...0x2A6D,
      0x2F81...0x2FA1, 0xFF00...0xFFEF, 0x2E80...0x2EFF, 0x3000...0x303F, 0x31C0...0x31EF, 0x2F00...0x2FDF,
      0x2FF0...0x2FFF, 0x3100...0x312F, 0x31A0...0x31BF, 0xFE10...0xFE1F, 0xFE30...0xFE4F, 0x2600...0x27BF,
      0x3200...0x33FF:
      true
    default: false
    }
  }
}

/// Groups of general categories.
enum Category {
  static func isPunctuation(_ scalar: UInt32) -> Bool {
    switch Unicode.Scalar(scalar)?.properties.generalCategory {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
      .finalPunctuation, .otherPunctuation:
      true
    default: false
    }
  }

  static func isNumber(_ scalar: UInt32) -> Bool {
    switch Unicode.Scalar(scalar)?.properties.generalCategory {
    case .decimalNumber, .letterNumber, .otherNumber: true
    default: false
    }
  }

  static func isSymbol(_ scalar: UInt32) -> Bool {
    switch Unicode.Scalar(scalar)?.properties.generalCategory {
    case .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol: true
    default: false
    }
  }

  static func isLetter(_ scalar: UInt32) -> Bool {
    switch Unicode.Scalar(scalar)?.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }
}
