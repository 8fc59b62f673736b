import LatheCore

/// A regular expression as instructions of a small machine.
struct PatternProgram: Sendable {
  /// What an instruction does.
  enum Code: UInt8, Sendable {
    /// One scalar of the set `a`.
    case set
    /// Scalars of the set `a`, at least `b`, at most `c` (-1: any number), which are given back one by one.
    case run
    /// The same, giving nothing back.
    case firmRun
    /// Goes on at `a`, and where that fails at `b`.
    case split
    /// Goes on at `a`.
    case jump
    /// What follows up to its `accept` must match here (`b` 1) or not (0); goes on at `a`.
    case ahead
    /// A scalar of the set `a` stands before (`b` 1) or not (0).
    case behind
    /// Matches what follows up to its `accept` once for all; goes on at `a`.
    case atomic
    /// A place in the text: `a` says which.
    case place
    case accept
  }

  struct Instruction: BitwiseCopyable, Sendable {
    var code: Code
    var a: Int32 = 0
    var b: Int32 = 0
    var c: Int32 = 0
  }

  private(set) var instructions: [Instruction] = []
  private(set) var sets: [ScalarSet] = []
  /// Of each set and first byte: 0 is outside, 1 inside, 2 begins a scalar that has to be looked at.
  private(set) var table: [UInt8] = []
  /// Where each alternative of the whole begins.
  private(set) var alternatives: [Int32] = []
  /// Of each byte the alternatives that can begin with it, as bits; of 256 those that can match nothing.
  private(set) var viable: [UInt64] = Array(repeating: 0, count: 257)
  private static let limit = 20_000

  init(_ node: PatternNode, source: String) throws {
    var parts = [node]
    if case .alternation(let list) = node { parts = list }
    if parts.count > 64 { parts = [node] }
    for (index, part) in parts.enumerated() {
      alternatives.append(Int32(instructions.count))
      compile(part)
      emit(.accept)
      guard instructions.count <= Self.limit else {
        throw LatheError.unsupported("the regular expression \"\(source)\": too many repetitions in it")
      }
      let bit: UInt64 = 1 << UInt64(index)
      if part.canBeEmpty {
        for place in 0...256 { viable[place] |= bit }
      } else {
        let first = Self.firstSets(part)
        for byte in 0..<256 {
          let isPossible = byte >= 0x80 || first.contains { $0.contains(UInt32(byte)) }
          if isPossible { viable[byte] |= bit }
        }
      }
    }
    finishRuns()
  }

  /// Sets of which one holds the first scalar of every match; the part does not match nothing.
  private static func firstSets(_ node: PatternNode) -> [ScalarSet] {
    switch node {
    case .set(let set): return [set]
    case .sequence(let parts):
      var result: [ScalarSet] = []
      for part in parts {
        result += firstSets(part)
        if !part.canBeEmpty { break }
      }
      return result
    case .alternation(let parts): return parts.flatMap(firstSets)
    case .repetition(let part, _, _, _), .atomic(let part): return firstSets(part)
    case .look, .place: return []
    }
  }

  @discardableResult
  private mutating func emit(_ code: Code, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0) -> Int {
    instructions.append(Instruction(code: code, a: Int32(a), b: Int32(b), c: Int32(c)))
    return instructions.count - 1
  }

  private mutating func index(_ set: ScalarSet) -> Int {
    if let found = sets.firstIndex(of: set) { return found }
    sets.append(set)
    table += (0..<256).map { byte in byte >= 0x80 ? 2 : set.contains(UInt32(byte)) ? 1 : 0 }
    return sets.count - 1
  }

  private mutating func compile(_ node: PatternNode) {
    // Beyond the limit nothing is added; the caller then refuses the whole.
    guard instructions.count <= Self.limit else { return }
    switch node {
    case .set(let set): emit(.set, index(set))
    case .sequence(let parts): for part in parts { compile(part) }
    case .alternation(let parts):
      var jumps: [Int] = []
      for part in parts.dropLast() {
        let split = emit(.split, instructions.count + 1)
        compile(part)
        jumps.append(emit(.jump))
        instructions[split].b = Int32(instructions.count)
      }
      if let last = parts.last { compile(last) }
      for jump in jumps { instructions[jump].a = Int32(instructions.count) }
    case .repetition(let part, let least, let most, let greed): compile(part, least, most, greed)
    case .look(.set(let set), .behind): emit(.behind, index(set), 1)
    case .look(.set(let set), .notBehind): emit(.behind, index(set), 0)
    case .look(let body, let look): enclose(.ahead, body, look == .ahead ? 1 : 0)
    case .atomic(let body): enclose(.atomic, body)
    case .place(let place): emit(.place, Self.number(place))
    }
  }

  private mutating func enclose(_ code: Code, _ body: PatternNode, _ b: Int = 0) {
    let start = emit(code, 0, b)
    compile(body)
    emit(.accept)
    instructions[start].a = Int32(instructions.count)
  }

  private mutating func compile(
    _ part: PatternNode, _ least: Int, _ most: Int?, _ greed: PatternNode.Greed
  ) {
    if case .set(let set) = part, greed != .lazy {
      emit(greed == .greedy ? .run : .firmRun, index(set), least, most ?? -1)
      return
    }
    if greed == .possessive {
      return enclose(.atomic, .repetition(part, least: least, most: most, .greedy))
    }
    for _ in 0..<least { compile(part) }
    func branch(_ split: Int, _ body: Int, _ end: Int) {
      instructions[split].a = Int32(greed == .lazy ? end : body)
      instructions[split].b = Int32(greed == .lazy ? body : end)
    }
    guard let most else {
      let split = emit(.split)
      compile(part)
      emit(.jump, split)
      return branch(split, split + 1, instructions.count)
    }
    var splits: [Int] = []
    for _ in least..<most {
      splits.append(emit(.split))
      compile(part)
    }
    for split in splits { branch(split, split + 1, instructions.count) }
  }

  /// A run behind which everything is matched never has to give anything back.
  private mutating func finishRuns() {
    for place in instructions.indices.dropLast()
    where instructions[place].code == .run && instructions[place + 1].code == .accept {
      instructions[place].code = .firmRun
    }
  }

  private static func number(_ place: PatternNode.Place) -> Int {
    switch place {
    case .lineStart: 0
    case .lineEnd: 1
    case .textStart: 2
    case .textEnd: 3
    case .lastLineEnd: 4
    }
  }
}
