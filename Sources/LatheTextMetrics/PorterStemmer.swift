/// The stemmer of English words of Porter (1980), with the changes that NLTK made to it.
public enum PorterStemmer {
  /// The stem of a word.
  ///
  /// - Parameter word: In lower case, ASCII; other characters count as consonants.
  public static func stem(_ word: String) -> String {
    String(decoding: stem([UInt8](word.utf8)), as: UTF8.self)
  }

  private static let irregular: [String: String] = [
    "sky": "sky", "skies": "sky", "dying": "die", "lying": "lie", "tying": "tie", "news": "news",
    "innings": "inning", "inning": "inning", "outings": "outing", "outing": "outing", "cannings": "canning",
    "canning": "canning", "howe": "howe", "proceed": "proceed", "exceed": "exceed", "succeed": "succeed",
  ]

  static func stem(_ bytes: [UInt8]) -> [UInt8] {
    if let known = irregular[String(decoding: bytes, as: UTF8.self)] { return [UInt8](known.utf8) }
    guard bytes.count > 2 else { return bytes }
    var word = StemmedWord(bytes)
    plurals(&word)
    pastAndGerund(&word)
    if word.ends("y"), word.count > 2, word.isConsonant(word.count - 2) { word.replace(1, "i") }
    longSuffixes(&word)
    word.apply(thirdRules) { $0 > 0 }
    fourthSuffixes(&word)
    lastLetters(&word)
    return word.bytes
  }

  private static func plurals(_ word: inout StemmedWord) {
    if word.ends("ies") {
      word.replace(3, word.count == 4 ? "ie" : "i")
    } else if word.ends("sses") {
      word.replace(2, "")
    } else if word.ends("s") && !word.ends("ss") {
      word.replace(1, "")
    }
  }

  private static func pastAndGerund(_ word: inout StemmedWord) {
    if word.ends("ied") {
      word.replace(3, word.count == 4 ? "ie" : "i")
      return
    }
    if word.ends("eed") {
      if word.measure(dropping: 3) > 0 { word.replace(3, "ee") }
      return
    }
    if word.ends("ed") && word.hasVowel(dropping: 2) {
      word.replace(2, "")
    } else if word.ends("ing") && word.hasVowel(dropping: 3) {
      word.replace(3, "")
    } else {
      return
    }
    if word.ends("at") || word.ends("bl") || word.ends("iz") {
      word.replace(0, "e")
    } else if word.endsInDoubleConsonant {
      if !(word.ends("l") || word.ends("s") || word.ends("z")) { word.replace(1, "") }
    } else if word.measure(dropping: 0) == 1 && word.endsShort(dropping: 0) {
      word.replace(0, "e")
    }
  }

  private static func longSuffixes(_ word: inout StemmedWord) {
    while word.ends("alli") && word.measure(dropping: 4) > 0 { word.replace(2, "") }
    for (suffix, replacement) in secondRules where word.ends(suffix) {
      if word.measure(dropping: suffix.utf8CodeUnitCount) > 0 {
        word.replace(suffix.utf8CodeUnitCount, replacement)
      }
      return
    }
    // The l belongs to the stem, so that short ones like geo are long enough.
    if word.ends("logi") && word.measure(dropping: 3) > 0 { word.replace(1, "") }
  }

  private static func fourthSuffixes(_ word: inout StemmedWord) {
    for suffix in fourthRules where word.ends(suffix) {
      let length = suffix.utf8CodeUnitCount
      if word.measure(dropping: length) > 1 { word.replace(length, "") }
      return
    }
    if word.ends("ion") {
      if word.measure(dropping: 3) > 1, word.ends("sion") || word.ends("tion") { word.replace(3, "") }
      return
    }
    for suffix in lateFourthRules where word.ends(suffix) {
      let length = suffix.utf8CodeUnitCount
      if word.measure(dropping: length) > 1 { word.replace(length, "") }
      return
    }
  }

  private static func lastLetters(_ word: inout StemmedWord) {
    if word.ends("e") {
      let measure = word.measure(dropping: 1)
      if measure > 1 || measure == 1 && !word.endsShort(dropping: 1) { word.replace(1, "") }
    }
    if word.ends("ll") && word.measure(dropping: 1) > 1 { word.replace(1, "") }
  }

  private static let secondRules: [(StaticString, StaticString)] = [
    ("ational", "ate"), ("tional", "tion"), ("enci", "ence"), ("anci", "ance"), ("izer", "ize"),
    ("bli", "ble"),
    ("alli", "al"), ("entli", "ent"), ("eli", "e"), ("ousli", "ous"), ("ization", "ize"), ("ation", "ate"),
    ("ator", "ate"), ("alism", "al"), ("iveness", "ive"), ("fulness", "ful"), ("ousness", "ous"),
    ("aliti", "al"), ("iviti", "ive"), ("biliti", "ble"), ("fulli", "ful"),
  ]
  private static let thirdRules: [(StaticString, StaticString)] = [
    ("icate", "ic"), ("ative", ""), ("alize", "al"), ("iciti", "ic"), ("ical", "ic"), ("ful", ""),
    ("ness", ""),
  ]
  private static let fourthRules: [StaticString] = [
    "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent",
  ]
  private static let lateFourthRules: [StaticString] = ["ou", "ism", "ate", "iti", "ous", "ive", "ize"]
}
