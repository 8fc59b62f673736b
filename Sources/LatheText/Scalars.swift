import CUnicode

/// What the tokenisers ask about Unicode scalars, by their numbers.
enum Scalars {
  /// What the table says of a scalar besides its general category.
  private enum Flag {
    static let whitespace: UInt16 = 0x20
    static let word: UInt16 = 0x40
    static let formed: UInt16 = 0x80
    static let punctuation: UInt16 = 0x100
    static let control: UInt16 = 0x200
    static let nonspacingMark: UInt16 = 0x400
    static let accent: UInt16 = 0x800
    static let number: UInt16 = 0x1000
  }

  /// Marks, decimal numbers and connectors, which belong to words.
  private static let wordCategories: UInt32 = 0b111 << 5 | 1 << 8 | 1 << 11

  /// The general category as a bit.
  @inline(__always) static func category(_ scalar: UInt32) -> UInt32 {
    1 << UInt32(lathe_scalar_class(scalar) & 0x1F)
  }

  @inline(__always) static func isWhitespace(_ scalar: UInt32) -> Bool {
    scalar < 0x80
      ? scalar == 0x20 || (scalar >= 9 && scalar <= 13) : lathe_scalar_class(scalar) & Flag.whitespace != 0
  }

  @inline(__always) static func isASCIIPunctuation(_ scalar: UInt32) -> Bool {
    (scalar >= 33 && scalar <= 47) || (scalar >= 58 && scalar <= 64) || (scalar >= 91 && scalar <= 96)
      || (scalar >= 123 && scalar <= 126)
  }

  /// What BERT takes for punctuation: that of Unicode and all signs of ASCII.
  @inline(__always) static func isPunctuation(_ scalar: UInt32) -> Bool {
    scalar < 0x80 ? isASCIIPunctuation(scalar) : lathe_scalar_class(scalar) & Flag.punctuation != 0
  }

  /// What BERT takes away: control characters, formats, private use.
  @inline(__always) static func isControl(_ scalar: UInt32) -> Bool {
    lathe_scalar_class(scalar) & Flag.control != 0
  }

  @inline(__always) static func isNumber(_ scalar: UInt32) -> Bool {
    lathe_scalar_class(scalar) & Flag.number != 0
  }

  @inline(__always) static func isAccent(_ scalar: UInt32) -> Bool {
    lathe_scalar_class(scalar) & Flag.accent != 0
  }

  @inline(__always) static func isNonspacingMark(_ scalar: UInt32) -> Bool {
    lathe_scalar_class(scalar) & Flag.nonspacingMark != 0
  }

  /// What a word of a regular expression is made of: letters, marks, decimal numbers, connectors, joiners.
  @inline(__always) static func isWord(_ scalar: UInt32) -> Bool {
    let entry = lathe_scalar_class(scalar)
    return entry & Flag.word != 0 || 1 << UInt32(entry & 0x1F) & wordCategories != 0
  }

  /// Whether no normalisation form changes a scalar or joins it with another.
  @inline(__always) static func isInert(_ scalar: UInt32) -> Bool {
    scalar < 0x80 || lathe_scalar_class(scalar) & Flag.formed == 0
  }
}

/// The scalars of UTF-8 that is known to be valid.
enum UTF8Bytes {
  /// The scalar that begins at a place, and its bytes.
  @inline(__always) static func scalar(_ bytes: UnsafePointer<UInt8>, _ index: Int) -> (UInt32, Int) {
    let first = UInt32(bytes[index])
    if first < 0x80 { return (first, 1) }
    let second = UInt32(bytes[index + 1] & 0x3F)
    if first < 0xE0 { return ((first & 0x1F) << 6 | second, 2) }
    let third = UInt32(bytes[index + 2] & 0x3F)
    if first < 0xF0 { return ((first & 0x0F) << 12 | second << 6 | third, 3) }
    return ((first & 0x07) << 18 | second << 12 | third << 6 | UInt32(bytes[index + 3] & 0x3F), 4)
  }

  /// The bytes of the scalar that a byte begins.
  @inline(__always) static func length(_ first: UInt8) -> Int {
    first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
  }

  /// Whether a byte goes on with a scalar.
  @inline(__always) static func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }

  /// The scalar that ends before a place, and its bytes.
  @inline(__always) static func last(_ bytes: UnsafePointer<UInt8>, before end: Int) -> (UInt32, Int) {
    var start = end - 1
    while start > 0 && isContinuation(bytes[start]) { start -= 1 }
    return scalar(bytes, start)
  }

  /// Writes a scalar.
  ///
  /// - Returns: Its bytes.
  @inline(__always) static func write(_ scalar: UInt32, to bytes: UnsafeMutablePointer<UInt8>) -> Int {
    if scalar < 0x80 {
      bytes[0] = UInt8(truncatingIfNeeded: scalar)
      return 1
    }
    if scalar < 0x800 {
      bytes[0] = UInt8(truncatingIfNeeded: 0xC0 | scalar >> 6)
      bytes[1] = UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F)
      return 2
    }
    if scalar < 0x10000 {
      bytes[0] = UInt8(truncatingIfNeeded: 0xE0 | scalar >> 12)
      bytes[1] = UInt8(truncatingIfNeeded: 0x80 | (scalar >> 6) & 0x3F)
      bytes[2] = UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F)
      return 3
    }
    bytes[0] = UInt8(truncatingIfNeeded: 0xF0 | scalar >> 18)
    bytes[1] = UInt8(truncatingIfNeeded: 0x80 | (scalar >> 12) & 0x3F)
    bytes[2] = UInt8(truncatingIfNeeded: 0x80 | (scalar >> 6) & 0x3F)
    bytes[3] = UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F)
    return 4
  }

  /// Whether all bytes are ASCII.
  static func isASCII(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    var index = 0
    let raw = UnsafeRawPointer(bytes)
    while index + 32 <= count {
      let vector = raw.loadUnaligned(fromByteOffset: index, as: SIMD4<UInt64>.self)
      if (vector[0] | vector[1] | vector[2] | vector[3]) & 0x8080_8080_8080_8080 != 0 { return false }
      index += 32
    }
    while index < count {
      if bytes[index] >= 0x80 { return false }
      index += 1
    }
    return true
  }
}
