import LatheCore

/// A range of bytes that no token crosses.
struct Piece: BitwiseCopyable, Sendable {
  var start: Int32
  var end: Int32
}

/// What becomes of the places where a text is cut.
enum SplitBehavior: String, Sendable {
  case removed = "Removed"
  case isolated = "Isolated"
  case mergedWithPrevious = "MergedWithPrevious"
  case mergedWithNext = "MergedWithNext"
  case contiguous = "Contiguous"
}

/// A step that cuts text into words.
indirect enum PreTokenizer: Sendable {
  /// When a Metaspace puts a mark in front.
  enum PrependScheme: String, Sendable { case always, first, never }

  case bert
  case byteLevel(addsPrefixSpace: Bool, pattern: Pattern?)
  case split(Pattern, SplitBehavior, isInverted: Bool)
  case whitespaceSplit
  case metaspace(replacement: UInt32, PrependScheme, splits: Bool)
  case punctuation(SplitBehavior)
  case digits(isIndividual: Bool)
  case delimiter(UInt32)
  case sequence([PreTokenizer])

  /// Whether the last step writes bytes as letters, which a model of bytes need not see.
  var endsWithBytes: Bool {
    switch self {
    case .byteLevel: true
    case .sequence(let steps): steps.last?.endsWithBytes ?? false
    default: false
    }
  }

  /// Cuts pieces further.
  ///
  /// - Parameter leavesBytes: Whether the last step leaves bytes as they are.
  func apply(_ work: SplitWork, leavesBytes: Bool) throws {
    switch self {
    case .sequence(let steps):
      for (index, step) in steps.enumerated() {
        try step.apply(work, leavesBytes: leavesBytes && index == steps.count - 1)
      }
    case .bert: work.splitWords()
    case .byteLevel(let addsPrefixSpace, let pattern):
      if addsPrefixSpace { work.prependSpaces() }
      if let pattern { try work.split(pattern, .isolated, isInverted: false) }
      if !leavesBytes { work.mapBytes() }
    case .split(let pattern, let behavior, let isInverted):
      try work.split(pattern, behavior, isInverted: isInverted)
    case .whitespaceSplit: work.split(.removed) { Scalars.isWhitespace($0) }
    case .punctuation(let behavior): work.split(behavior) { Scalars.isPunctuation($0) }
    case .digits(let isIndividual):
      work.split(isIndividual ? .isolated : .contiguous) { Scalars.isNumber($0) }
    case .delimiter(let scalar): work.split(.removed) { $0 == scalar }
    case .metaspace(let replacement, let scheme, let splits):
      work.markSpaces(replacement, scheme)
      if splits { work.split(.mergedWithNext) { $0 == replacement } }
    }
  }
}

/// Pieces of a text while steps cut them.
final class SplitWork {
  let normalizing: NormalizerWork
  private(set) var pieces = GrowingBuffer<Piece>()
  private var next = GrowingBuffer<Piece>()
  private let matches = GrowingBuffer<Match>()
  private let parts = GrowingBuffer<Part>()

  /// A part of a piece: what a pattern matched, or what lies between.
  private struct Part: BitwiseCopyable {
    var start: Int32
    var end: Int32
    var isMatch: Bool
  }

  private var text: AlignedText { normalizing.text }

  init(_ normalizing: NormalizerWork) { self.normalizing = normalizing }

  private func finishStep() {
    swap(&pieces, &next)
    next.clear()
  }

  /// Cuts by what BERT does: at white space, which goes, and around punctuation.
  func splitWords() {
    let bytes = text.bytes
    for index in 0..<pieces.count {
      let piece = pieces.pointer[index]
      var start = Int(piece.start)
      var place = start
      let end = Int(piece.end)
      while place < end {
        let byte = bytes[place]
        var kind = Self.asciiKinds[Int(byte)]
        var length = 1
        if kind == 3 {
          let (scalar, count) = UTF8Bytes.scalar(bytes, place)
          length = count
          kind = Scalars.isWhitespace(scalar) ? 1 : Scalars.isPunctuation(scalar) ? 2 : 0
        }
        if kind != 0 {
          if start < place { next.append(Piece(start: Int32(start), end: Int32(place))) }
          if kind == 2 { next.append(Piece(start: Int32(place), end: Int32(place + length))) }
          start = place + length
        }
        place += length
      }
      if start < end { next.append(Piece(start: Int32(start), end: Int32(end))) }
    }
    finishStep()
  }

  /// Of each byte: 0 a word's, 1 white space, 2 punctuation, 3 outside ASCII.
  private static let asciiKinds: InlineArray<256, UInt8> = InlineArray { index in
    let scalar = UInt32(index)
    return index >= 0x80 ? 3 : Scalars.isWhitespace(scalar) ? 1 : Scalars.isASCIIPunctuation(scalar) ? 2 : 0
  }

  /// Cuts at scalars that a condition holds for, each for itself.
  func split(_ behavior: SplitBehavior, _ isMatch: (UInt32) -> Bool) {
    for index in 0..<pieces.count {
      let piece = pieces.pointer[index]
      parts.clear()
      var last = piece.start
      var place = Int(piece.start)
      while place < Int(piece.end) {
        let (scalar, length) = UTF8Bytes.scalar(text.bytes, place)
        if isMatch(scalar) {
          let start = Int32(place)
          if last < start { parts.append(Part(start: last, end: start, isMatch: false)) }
          last = start + Int32(length)
          parts.append(Part(start: start, end: last, isMatch: true))
        }
        place += length
      }
      if last < piece.end { parts.append(Part(start: last, end: piece.end, isMatch: false)) }
      join(behavior)
    }
    finishStep()
  }

  /// Cuts at the matches of a pattern, or at what lies between them.
  func split(_ pattern: Pattern, _ behavior: SplitBehavior, isInverted: Bool) throws {
    for index in 0..<pieces.count {
      let piece = pieces.pointer[index]
      try pattern.matches(text.bytes, Int(piece.start)..<Int(piece.end), into: matches)
      if behavior == .isolated {
        isolate(piece)
        continue
      }
      parts.clear()
      var last = piece.start
      for number in 0..<matches.count {
        let match = matches.pointer[number]
        if last < match.start { parts.append(Part(start: last, end: match.start, isMatch: isInverted)) }
        parts.append(Part(start: match.start, end: match.end, isMatch: !isInverted))
        last = match.end
      }
      if last < piece.end { parts.append(Part(start: last, end: piece.end, isMatch: isInverted)) }
      join(behavior)
    }
    finishStep()
  }

  private func isolate(_ piece: Piece) {
    var last = piece.start
    next.reserve(2 * matches.count + 1)
    for number in 0..<matches.count {
      let match = matches.pointer[number]
      if last < match.start { next.append(Piece(start: last, end: match.start)) }
      if match.start < match.end { next.append(Piece(start: match.start, end: match.end)) }
      last = match.end
    }
    if last < piece.end { next.append(Piece(start: last, end: piece.end)) }
  }

  /// Makes pieces of parts.
  private func join(_ behavior: SplitBehavior) {
    let start = next.count
    func add(_ part: Part) { next.append(Piece(start: part.start, end: part.end)) }
    var wasMatch = false
    switch behavior {
    case .isolated: for index in 0..<parts.count { add(parts.pointer[index]) }
    case .removed:
      for index in 0..<parts.count where !parts.pointer[index].isMatch { add(parts.pointer[index]) }
    case .contiguous, .mergedWithPrevious:
      for index in 0..<parts.count {
        let part = parts.pointer[index]
        let joins = behavior == .contiguous ? part.isMatch == wasMatch : part.isMatch && !wasMatch
        if joins && next.count > start { next.pointer[next.count - 1].end = part.end } else { add(part) }
        wasMatch = part.isMatch
      }
    case .mergedWithNext:
      for index in (0..<parts.count).reversed() {
        let part = parts.pointer[index]
        if part.isMatch && !wasMatch && next.count > start {
          next.pointer[next.count - 1].start = part.start
        } else {
          add(part)
        }
        wasMatch = part.isMatch
      }
      var added = UnsafeMutableBufferPointer(start: next.pointer + start, count: next.count - start)
      added.reverse()
    }
    // Nothing is no piece.
    var kept = start
    for index in start..<next.count where next.pointer[index].start < next.pointer[index].end {
      next.pointer[kept] = next.pointer[index]
      kept += 1
    }
    next.count = kept
  }

  /// Puts a space in front of pieces that begin with none.
  func prependSpaces() {
    var isNeeded = false
    for index in 0..<pieces.count where !beginsWithWhitespace(pieces.pointer[index]) { isNeeded = true }
    guard isNeeded else { return }
    normalizing.rebuild(pieces) { builder, piece in
      if !beginsWithWhitespace(piece) { builder.append(0x20, text.place(Int(piece.start))) }
      builder.append(text, Int(piece.start)..<Int(piece.end))
    }
  }

  private func beginsWithWhitespace(_ piece: Piece) -> Bool {
    Scalars.isWhitespace(UTF8Bytes.scalar(text.bytes, Int(piece.start)).0)
  }

  /// Writes bytes as the letters that stand for them.
  func mapBytes() {
    normalizing.rebuild(pieces) { builder, piece in
      for index in Int(piece.start)..<Int(piece.end) {
        let place = text.place(index)
        for byte in ByteLetters.utf8[Int(text.bytes[index])] { builder.append(byte, place) }
      }
    }
  }

  /// Writes spaces as a mark, and puts one in front.
  func markSpaces(_ replacement: UInt32, _ scheme: PreTokenizer.PrependScheme) {
    var mark: [UInt8] = [0, 0, 0, 0]
    mark.removeLast(
      4
        - mark.withUnsafeMutableBufferPointer {
          $0.baseAddress.map { UTF8Bytes.write(replacement, to: $0) } ?? 0
        })
    normalizing.rebuild(pieces) { builder, piece in
      let first = Int(piece.start)
      let place = text.place(first)
      let isMarked = text.bytes[first] == 0x20 || UTF8Bytes.scalar(text.bytes, first).0 == replacement
      if !isMarked && (scheme == .always || (scheme == .first && place.0 == 0)) {
        for byte in mark { builder.append(byte, place) }
      }
      for index in first..<Int(piece.end) {
        let place = text.place(index)
        if text.bytes[index] == 0x20 {
          for byte in mark { builder.append(byte, place) }
        } else {
          builder.append(text.bytes[index], place)
        }
      }
    }
  }

  /// Begins with pieces of the text.
  func begin(_ range: Range<Int>) {
    pieces.clear()
    if !range.isEmpty { pieces.append(Piece(start: Int32(range.lowerBound), end: Int32(range.upperBound))) }
  }
}
