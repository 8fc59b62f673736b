import LatheCore

/// A step that changes text before it is cut into words.
indirect enum Normalizer: Sendable {
  case bert(BertNormalizer)
  case form(NormalizationForm)
  case lowercase
  case stripAccents
  case strip(left: Bool, right: Bool)
  case replace(Pattern, [UInt32])
  case prepend([UInt32])
  case precompiled(PrecompiledMap)
  case byteLevel
  case sequence([Normalizer])

  /// Changes a text.
  func apply(_ work: NormalizerWork) throws {
    switch self {
    case .sequence(let steps): for step in steps { try step.apply(work) }
    case .bert(let bert): bert.apply(work)
    case .form(let form):
      guard !work.isInert else { return }
      work.transform { form.changes(of: $0, into: $1) }
    case .lowercase:
      if UTF8Bytes.isASCII(work.text.bytes, work.text.count) {
        ASCIIMaps.lowercase.withUnsafeBufferPointer { map in
          if let map = map.baseAddress { work.text.mapASCII(map) }
        }
        return
      }
      work.transform(Self.lowercase)
    case .stripAccents:
      guard !UTF8Bytes.isASCII(work.text.bytes, work.text.count) else { return }
      work.filter { !Scalars.isAccent($0) }
    case .strip(let left, let right): strip(work, left: left, right: right)
    case .replace(let pattern, let content): try work.replace(pattern, content)
    case .prepend(let content): work.prepend(content, range: nil)
    case .precompiled(let map): map.apply(work)
    case .byteLevel: work.mapBytes(0..<work.text.count)
    }
  }

  /// The lower case of each scalar for itself.
  static func lowercase(_ source: ScalarText, _ result: ScalarChanges) {
    result.clear()
    for index in 0..<source.count {
      let scalar = source.scalars.pointer[index]
      if scalar < 0x80 {
        result.append(scalar >= 65 && scalar <= 90 ? scalar + 32 : scalar, 0)
      } else if let parts = UnicodeMappings.lower.value(scalar) {
        for (place, part) in parts.enumerated() { result.append(part, place == 0 ? 0 : 1) }
      } else {
        result.append(scalar, 0)
      }
    }
  }

  private func strip(_ work: NormalizerWork, left: Bool, right: Bool) {
    let (bytes, count) = (work.text.bytes, work.text.count)
    var start = 0
    while left && start < count {
      let (scalar, length) = UTF8Bytes.scalar(bytes, start)
      guard Scalars.isWhitespace(scalar) else { break }
      start += length
    }
    var end = count
    while right && end > start {
      let (scalar, length) = UTF8Bytes.last(bytes, before: end)
      guard Scalars.isWhitespace(scalar) else { break }
      end -= length
    }
    if start > 0 || end < count { work.keep(start..<end) }
  }
}

/// What BERT does to text: cleaning, spaces around Chinese, no accents, lower case.
struct BertNormalizer: Sendable {
  var cleansText = true
  var separatesChinese = true
  var stripsAccents = true
  var lowercases = true

  /// Changes a text.
  func apply(_ work: NormalizerWork) {
    if isPlain(work.text) {
      guard lowercases || cleansText else { return }
      let map =
        lowercases
        ? cleansText ? ASCIIMaps.cleanLowercase : ASCIIMaps.lowercase : ASCIIMaps.clean
      map.withUnsafeBufferPointer { map in if let map = map.baseAddress { work.text.mapASCII(map) } }
      return
    }
    work.transform { source, result in
      result.clear()
      source.filter { !cleansText || !Self.isRemoved($0) }
      for index in 0..<source.count {
        var scalar = source.scalars.pointer[index]
        if cleansText && (scalar != 0x20 && Scalars.isWhitespace(scalar)) { scalar = 0x20 }
        if separatesChinese && Self.isChinese(scalar) {
          result.append(0x20, 0)
          result.append(scalar, 1)
          result.append(0x20, 1)
        } else {
          result.append(scalar, 0)
        }
      }
    }
    if stripsAccents {
      if !work.isInert { work.transform { NormalizationForm.nfd.changes(of: $0, into: $1) } }
      work.filter { !Scalars.isNonspacingMark($0) }
    }
    if lowercases { work.transform(Normalizer.lowercase) }
  }

  /// Whether a text is ASCII from which nothing has to be removed.
  private func isPlain(_ text: AlignedText) -> Bool {
    guard UTF8Bytes.isASCII(text.bytes, text.count) else { return false }
    guard cleansText else { return true }
    var smallest: UInt8 = 0
    for index in 0..<text.count { smallest |= ASCIIMaps.removed(text.bytes[index]) }
    return smallest == 0
  }

  private static func isRemoved(_ scalar: UInt32) -> Bool {
    if scalar < 0x80 { return ASCIIMaps.removed(UInt8(scalar)) != 0 }
    return scalar == 0xFFFD || Scalars.isControl(scalar)
  }

  private static func isChinese(_ scalar: UInt32) -> Bool {
    guard scalar >= 0x3400 else { return false }
    switch scalar {
    case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F,
      0x2B920...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
      return true
    default: return false
    }
  }
}

/// Maps of ASCII bytes.
enum ASCIIMaps {
  static let lowercase = map { $0 >= 65 && $0 <= 90 ? $0 + 32 : $0 }
  static let clean = map { $0 == 9 || $0 == 10 || $0 == 13 ? 32 : $0 }
  static let cleanLowercase = clean.map { lowercase[Int($0)] }

  private static func map(_ change: (UInt8) -> UInt8) -> [UInt8] { (0...255).map { change(UInt8($0)) } }

  /// Not 0 for a control character other than tabulator and line ends.
  @inline(__always) static func removed(_ byte: UInt8) -> UInt8 {
    (byte < 32 && byte != 9 && byte != 10 && byte != 13) || byte == 127 ? 1 : 0
  }
}
