import LatheCore

/// A range of bytes that a pattern matches.
struct Match: BitwiseCopyable, Sendable {
  var start: Int32
  var end: Int32
}

/// A regular expression, or a text that is looked for.
package final class Pattern: Sendable {
  private let program: PatternProgram
  private let source: String

  /// - Throws: `LatheError.unsupported` with the position of what is outside the subset.
  package init(expression source: String) throws {
    self.source = source
    program = try PatternProgram(PatternParser.parse(source), source: source)
  }

  /// Words, and runs of what is neither a word nor white space.
  static func words() throws -> Pattern {
    let word = ScalarSet.Item(hasWords: true)
    let sets = [ScalarSet([word]), ScalarSet([word, ScalarSet.Item(hasWhitespace: true)], isNegated: true)]
    return try Pattern(
      .alternation(sets.map { .repetition(.set($0), least: 1, most: nil, .greedy) }), "words")
  }

  private init(_ node: PatternNode, _ source: String) throws {
    self.source = source
    program = try PatternProgram(node, source: source)
  }

  /// A text that is looked for as it is.
  init(text: String) throws {
    source = text
    let scalars = text.unicodeScalars.map { PatternNode.set(ScalarSet($0.value)) }
    program = try PatternProgram(.sequence(scalars), source: text)
  }

  /// Where a text matches, in bytes.
  package func ranges(in bytes: [UInt8]) throws -> [Range<Int>] {
    let found = GrowingBuffer<Match>(capacity: 16)
    try bytes.withUnsafeBufferPointer { all in
      if let base = all.baseAddress { try matches(base, 0..<all.count, into: found) }
    }
    return (0..<found.count).map { Int(found.pointer[$0].start)..<Int(found.pointer[$0].end) }
  }

  /// Finds all matches in a range of bytes, which is the whole text to the expression.
  func matches(
    _ bytes: UnsafePointer<UInt8>, _ range: Range<Int>, into result: GrowingBuffer<Match>
  ) throws {
    result.clear()
    try program.instructions.withUnsafeBufferPointer { instructions in
      try program.table.withUnsafeBufferPointer { table in
        guard let instructions = instructions.baseAddress else { return }
        var machine = PatternMachine(
          bytes: bytes, first: range.lowerBound, end: range.upperBound, program: program,
          instructions: instructions, table: table.baseAddress)
        var place = range.lowerBound
        var lastEnd = -1
        while place <= range.upperBound {
          guard let match = try machine.search(from: place) else { break }
          // Nothing is no match directly behind a match.
          if match.start == match.end && match.end == lastEnd {
            if place >= range.upperBound { break }
            place += UTF8Bytes.length(bytes[place])
            continue
          }
          place = match.end
          lastEnd = match.end
          result.append(Match(start: Int32(match.start), end: Int32(match.end)))
        }
        if machine.isExhausted {
          throw LatheError.unsupported(
            "the regular expression \"\(source)\" takes too many steps on a text of \(range.count) bytes")
        }
      }
    }
  }
}

/// A run of a pattern over a text: tries, and goes back where it fails.
private struct PatternMachine {
  let bytes: UnsafePointer<UInt8>
  let first: Int
  let end: Int
  let program: PatternProgram
  let instructions: UnsafePointer<PatternProgram.Instruction>
  let table: UnsafePointer<UInt8>?
  /// Steps that are left; an expression can take exponentially many.
  private var budget: Int
  private let stack = GrowingBuffer<Choice>(capacity: 64)

  /// Where to go on, and with which places: from `place` back to `least`, one scalar at a time.
  private struct Choice: BitwiseCopyable {
    var instruction: Int32
    var place: Int32
    var least: Int32
  }

  init(
    bytes: UnsafePointer<UInt8>, first: Int, end: Int, program: PatternProgram,
    instructions: UnsafePointer<PatternProgram.Instruction>, table: UnsafePointer<UInt8>?
  ) {
    self.bytes = bytes
    self.first = first
    self.end = end
    self.program = program
    self.instructions = instructions
    self.table = table
    budget = 10_000_000 + 256 * (end - first)
  }

  var isExhausted: Bool { budget < 0 }

  /// The first match at a place or behind it.
  mutating func search(from start: Int) throws -> (start: Int, end: Int)? {
    var place = start
    while place <= end {
      var viable = program.viable[place < end ? Int(bytes[place]) : 256]
      while viable != 0 {
        let alternative = viable.trailingZeroBitCount
        viable &= viable - 1
        let found = run(Int(program.alternatives[alternative]), place)
        if found >= 0 { return (place, found) }
        if budget < 0 { return nil }
      }
      place += place < end ? UTF8Bytes.length(bytes[place]) : 1
    }
    return nil
  }

  /// Whether a set has the scalar at a place, and its bytes.
  @inline(__always) private func length(_ set: Int, _ place: Int) -> Int {
    guard place < end, let table else { return 0 }
    let entry = table[set << 8 + Int(bytes[place])]
    if entry < 2 { return Int(entry) }
    let (scalar, length) = UTF8Bytes.scalar(bytes, place)
    return program.sets[set].contains(scalar) ? length : 0
  }

  /// Where a run of scalars of a set ends, and how many they are.
  @inline(__always) private func runEnd(_ set: Int, _ start: Int, _ most: Int32) -> (Int, Int) {
    guard let table else { return (start, 0) }
    let row = table + set << 8
    var place = start
    var count = 0
    let limit = most < 0 ? Int.max : Int(most)
    while place < end && count < limit {
      let entry = row[Int(bytes[place])]
      if entry == 1 {
        place += 1
      } else if entry == 0 {
        break
      } else {
        let (scalar, length) = UTF8Bytes.scalar(bytes, place)
        guard program.sets[set].contains(scalar) else { break }
        place += length
      }
      count += 1
    }
    return (place, count)
  }

  /// The end of a match that begins at a place; -1 where there is none.
  private mutating func run(_ start: Int, _ from: Int) -> Int {
    var current = start
    var place = from
    let floor = stack.count
    while true {
      budget -= 1
      var isFailed = budget < 0
      let instruction = instructions[current]
      switch instruction.code {
      case .accept:
        stack.count = floor
        return place
      case .set:
        let length = length(Int(instruction.a), place)
        if length == 0 { isFailed = true } else { place += length }
        current += 1
      case .run, .firmRun:
        let (ended, count) = runEnd(Int(instruction.a), place, instruction.c)
        if count < Int(instruction.b) {
          isFailed = true
        } else {
          if instruction.code == .run && count > Int(instruction.b) {
            var least = place
            for _ in 0..<instruction.b { least += UTF8Bytes.length(bytes[least]) }
            stack.append(Choice(instruction: Int32(current + 1), place: Int32(ended), least: Int32(least)))
          }
          place = ended
        }
        current += 1
      case .split:
        stack.append(Choice(instruction: instruction.b, place: Int32(place), least: -1))
        current = Int(instruction.a)
      case .jump: current = Int(instruction.a)
      case .ahead:
        isFailed = isFailed || (run(current + 1, place) >= 0) != (instruction.b == 1)
        current = Int(instruction.a)
      case .behind:
        var has = false
        if place > first {
          let (scalar, _) = UTF8Bytes.last(bytes, before: place)
          has = program.sets[Int(instruction.a)].contains(scalar)
        }
        isFailed = isFailed || has != (instruction.b == 1)
        current += 1
      case .atomic:
        let ended = run(current + 1, place)
        if ended < 0 { isFailed = true } else { place = ended }
        current = Int(instruction.a)
      case .place:
        isFailed = isFailed || !stands(at: place, instruction.a)
        current += 1
      }
      guard isFailed else { continue }
      guard budget >= 0, stack.count > floor else {
        stack.count = floor
        return -1
      }
      // Back to the last choice.
      let top = stack.pointer + (stack.count - 1)
      current = Int(top.pointee.instruction)
      place = Int(top.pointee.place)
      if top.pointee.least < 0 {
        stack.count -= 1
      } else {
        repeat { place -= 1 } while UTF8Bytes.isContinuation(bytes[place])
        top.pointee.place = Int32(place)
        if place <= Int(top.pointee.least) { stack.count -= 1 }
      }
    }
  }

  private func stands(at place: Int, _ kind: Int32) -> Bool {
    switch kind {
    case 0: return place == first || bytes[place - 1] == 10
    case 1: return place == end || bytes[place] == 10
    case 2: return place == first
    case 3: return place == end
    default: return place == end || (place == end - 1 && bytes[place] == 10)
    }
  }
}
