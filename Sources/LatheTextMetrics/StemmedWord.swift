/// A word that is being stemmed.
struct StemmedWord {
  private(set) var bytes: [UInt8]
  /// Whether each letter is a consonant: no vowel, and no y behind a consonant.
  private var consonants: [Bool] = []

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    classify()
  }

  var count: Int { bytes.count }

  func isConsonant(_ place: Int) -> Bool { consonants[place] }

  func ends(_ suffix: StaticString) -> Bool {
    suffix.withUTF8Buffer { bytes.count >= $0.count && bytes[(bytes.count - $0.count)...].elementsEqual($0) }
  }

  /// Puts other letters in the place of the last ones.
  mutating func replace(_ length: Int, _ replacement: StaticString) {
    bytes.removeLast(length)
    replacement.withUTF8Buffer { bytes += $0 }
    classify()
  }

  /// Replaces the first suffix that fits, if what is before it is long enough.
  mutating func apply(_ rules: [(StaticString, StaticString)], _ isLong: (Int) -> Bool) {
    for (suffix, replacement) in rules where ends(suffix) {
      if isLong(measure(dropping: suffix.utf8CodeUnitCount)) {
        replace(suffix.utf8CodeUnitCount, replacement)
      }
      return
    }
  }

  /// How often vowels are followed by consonants in what is left without the last letters.
  func measure(dropping length: Int) -> Int {
    let end = count - length
    return end < 2 ? 0 : (1..<end).count { consonants[$0] && !consonants[$0 - 1] }
  }

  func hasVowel(dropping length: Int) -> Bool { consonants[..<(count - length)].contains(false) }

  var endsInDoubleConsonant: Bool {
    count >= 2 && bytes[count - 1] == bytes[count - 2] && consonants[count - 1]
  }

  /// Whether what is left ends consonant, vowel, consonant, the last not w, x or y; or is a vowel and a consonant.
  func endsShort(dropping length: Int) -> Bool {
    let end = count - length
    if end == 2 { return !consonants[0] && consonants[1] }
    guard end >= 3 else { return false }
    let last = bytes[end - 1]
    return consonants[end - 3] && !consonants[end - 2] && consonants[end - 1] && last != 119 && last != 120
      && last != 121
  }

  private mutating func classify() {
    consonants.removeAll(keepingCapacity: true)
    for (place, byte) in bytes.enumerated() {
      switch byte {
      case 97, 101, 105, 111, 117: consonants.append(false)
      case 121: consonants.append(place == 0 || !consonants[place - 1])
      default: consonants.append(true)
      }
    }
  }
}
