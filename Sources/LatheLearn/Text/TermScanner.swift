/// What terms a text is divided into.
public enum TextAnalyzer: String, Sendable, Hashable, Codable {
  /// Words of two characters at least: letters, digits and underscores.
  case word
  /// Characters, white space of any length being one of them; also of languages without spaces.
  case character
  /// Characters within words, with a space at both ends of a word.
  case characterInWords
}

/// Divides texts into terms, which are bytes of a text made ready for that.
struct TermScanner {
  let analyzer: TextAnalyzer
  let lengths: ClosedRange<Int>
  let lowercases: Bool
  /// Words that are passed over.
  private let stopWords: TermTable
  /// The text made ready.
  private var bytes: [UInt8] = []
  /// Where its words or characters begin, and end.
  private var starts: [Int] = []
  private var ends: [Int] = []

  init(_ configuration: CountVectorizer.Configuration) {
    (analyzer, lengths) = (configuration.analyzer, configuration.lengths)
    lowercases = configuration.lowercases
    var stopWords = TermTable()
    for word in configuration.stopWords {
      Array(word.utf8).withUnsafeBufferPointer { _ = stopWords.insert($0) }
    }
    self.stopWords = stopWords
  }

  /// Calls `body` with each term.
  @inline(__always)
  mutating func scan(_ text: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
    bytes.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    switch analyzer {
    case .word:
      findWords(text)
      emit(0..<starts.count, body)
    case .character:
      findCharacters(text)
      emit(0..<starts.count, body)
    case .characterInWords:
      findCharacters(text)
      emitInWords(body)
    }
  }

  @inline(__always)
  private func emit(_ range: Range<Int>, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
    bytes.withUnsafeBufferPointer { bytes in
      for length in lengths where length <= range.count {
        for first in range.lowerBound...(range.upperBound - length) {
          body(UnsafeBufferPointer(rebasing: bytes[starts[first]..<ends[first + length - 1]]))
        }
      }
    }
  }

  /// Words are what stands between spaces; one that is shorter than a term is a term once.
  @inline(__always)
  private func emitInWords(_ body: (UnsafeBufferPointer<UInt8>) -> Void) {
    bytes.withUnsafeBufferPointer { bytes in
      var first = 0
      while first < starts.count - 1 {
        // Words share the spaces between them.
        var last = first + 1
        while last < starts.count - 1, bytes[starts[last]] != space { last += 1 }
        let count = last - first + 1
        if count > 2 {
          for length in lengths {
            if length >= count {
              body(UnsafeBufferPointer(rebasing: bytes[starts[first]..<ends[last]]))
              break
            }
            for start in first...(last + 1 - length) {
              body(UnsafeBufferPointer(rebasing: bytes[starts[start]..<ends[start + length - 1]]))
            }
          }
        }
        first = last
      }
    }
  }

  private let space: UInt8 = 0x20

  /// Words behind each other, a space between them.
  @inline(__always)
  private mutating func findWords(_ text: UnsafeBufferPointer<UInt8>) {
    var place = 0
    var start = bytes.count
    var characters = 0
    let table = TextTables.ascii
    table.withUnsafeBufferPointer { table in
      while place < text.count {
        let byte = text[place]
        if byte < 0x80 {
          place += 1
          let folded = table[Int(byte)]
          if folded != 0 {
            bytes.append(lowercases ? folded : byte)
            characters += 1
            continue
          }
        } else {
          let scalar = UTF8Scalars.next(text, &place)
          if TextTables.isWord(scalar) {
            characters += 1
            if !(lowercases && scalar.value == 0x130) {
              append(scalar, text, place)
              continue
            }
            // The dot of this letter stands alone in lower case, and is no part of words.
            bytes.append(0x69)
          }
        }
        end(&start, &characters)
      }
    }
    end(&start, &characters)
  }

  @inline(__always)
  private mutating func end(_ start: inout Int, _ characters: inout Int) {
    if characters >= 2, !isStopWord(from: start) {
      starts.append(start)
      ends.append(bytes.count)
      bytes.append(space)
      start = bytes.count
    } else if characters > 0 {
      bytes.removeSubrange(start...)
    }
    characters = 0
  }

  @inline(__always)
  private func isStopWord(from start: Int) -> Bool {
    guard stopWords.count > 0 else { return false }
    return bytes.withUnsafeBufferPointer {
      stopWords.find(UnsafeBufferPointer(rebasing: $0[start...])) != nil
    }
  }

  /// All characters; of those within words with a space at both ends.
  private mutating func findCharacters(_ text: UnsafeBufferPointer<UInt8>) {
    let inWords = analyzer == .characterInWords
    var place = 0
    if inWords { appendCharacter { $0.append(0x20) } }
    while place < text.count {
      let first = place
      let scalar = UTF8Scalars.next(text, &place)
      guard TextTables.isSpace(scalar) else {
        // A lowercase mapping may be of several characters, which are counted one by one.
        let before = bytes.count
        append(scalar, text, place)
        markCharacters(from: before)
        continue
      }
      var end = place
      var count = 1
      while end < text.count {
        var next = end
        let other = UTF8Scalars.next(text, &next)
        guard TextTables.isSpace(other) else { break }
        (end, count) = (next, count + 1)
      }
      place = end
      if inWords {
        if bytes.last != space { appendCharacter { $0.append(0x20) } }
      } else if count > 1 {
        appendCharacter { $0.append(0x20) }
      } else {
        appendCharacter { $0.append(contentsOf: text[first..<end]) }
      }
    }
    if inWords, bytes.last != space { appendCharacter { $0.append(0x20) } }
  }

  private mutating func appendCharacter(_ add: (inout [UInt8]) -> Void) {
    starts.append(bytes.count)
    add(&bytes)
    ends.append(bytes.count)
  }

  private mutating func markCharacters(from first: Int) {
    for place in first..<bytes.count where bytes[place] & 0xC0 != 0x80 {
      if place > first { ends.append(place) }
      starts.append(place)
    }
    ends.append(bytes.count)
  }

  private mutating func append(_ scalar: Unicode.Scalar, _ text: UnsafeBufferPointer<UInt8>, _ behind: Int) {
    if !lowercases {
      bytes.append(contentsOf: String(scalar).utf8)
    } else if scalar.value < 0x80 {
      bytes.append(UInt8(scalar.value) + ((0x41...0x5A).contains(scalar.value) ? 0x20 : 0))
    } else if scalar.value == 0x3A3 {
      // At the end of a word sigma has another shape.
      var (next, before) = (behind, behind - 2)
      let isFollowed = next < text.count && UTF8Scalars.next(text, &next).properties.isCased
      let isPreceded = before > 0 && UTF8Scalars.previous(text, &before).properties.isCased
      bytes.append(contentsOf: [0xCF, isPreceded && !isFollowed ? 0x82 : 0x83])
    } else {
      bytes.append(contentsOf: scalar.properties.lowercaseMapping.utf8)
    }
  }
}

/// Characters of bytes in UTF-8; what is none reads as U+FFFD.
enum UTF8Scalars {
  static func next(_ text: UnsafeBufferPointer<UInt8>, _ place: inout Int) -> Unicode.Scalar {
    let first = text[place]
    let count = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
    guard first < 0x80 || first >= 0xC0, place + count <= text.count else {
      place += 1
      return "\u{FFFD}"
    }
    var value = count == 1 ? UInt32(first) : UInt32(first) & (0x7F >> UInt32(count))
    for i in 1..<max(count, 1) { value = value << 6 | UInt32(text[place + i] & 0x3F) }
    place += count
    return Unicode.Scalar(value) ?? "\u{FFFD}"
  }

  /// The character that ends in front of a place.
  static func previous(_ text: UnsafeBufferPointer<UInt8>, _ place: inout Int) -> Unicode.Scalar {
    place -= 1
    while place > 0, text[place] & 0xC0 == 0x80 { place -= 1 }
    var next = place
    return Self.next(text, &next)
  }
}

/// Which characters are parts of words.
enum TextTables {
  /// Of each byte below 128 the lowercase letter, the digit or the underscore that it is; else 0.
  static let ascii: [UInt8] = (0..<128).map { byte in
    switch UInt8(byte) {
    case 0x41...0x5A: UInt8(byte) + 0x20
    case 0x61...0x7A, 0x30...0x39, 0x5F: UInt8(byte)
    default: 0
    }
  }

  private static let plane: [Bool] = (0..<0x10000).map { value in
    Unicode.Scalar(UInt32(value)).map(find) ?? false
  }

  static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x10000 ? plane[Int(scalar.value)] : find(scalar)
  }

  /// White space as Python's `\s`.
  static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.value < 0x80 {
      return scalar.value == 0x20 || (9...13).contains(scalar.value) || (0x1C...0x1F).contains(scalar.value)
    }
    return scalar.properties.isWhitespace
  }

  /// A letter, a number, or an underscore, as Python's `\w`.
  private static func find(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
      .letterNumber, .otherNumber:
      true
    default: scalar.value == 0x5F || scalar.properties.numericType != nil
    }
  }
}
