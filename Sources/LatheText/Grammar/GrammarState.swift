import LatheCore
import Synchronization

/// Tables of a grammar that several texts share.
final class GrammarMemory: Sendable {
  let tables: Mutex<GrammarTables>
  /// Whether only the state before every text is kept here, so that what follows it is not kept as long as the grammar.
  let isForStart: Bool

  init(_ program: GrammarProgram, isForStart: Bool = false) {
    tables = Mutex(GrammarTables(program))
    self.isForStart = isForStart
  }
}

/// A compiled grammar with the tables that are in use.
final class GrammarCore: Sendable {
  let program: GrammarProgram
  private let current: Mutex<GrammarMemory>

  init(_ program: GrammarProgram) {
    self.program = program
    current = Mutex(GrammarMemory(program))
  }

  /// Tables to go on with where those of a state are not to be used any more.
  func memory(after old: GrammarMemory) -> GrammarMemory {
    current.withLock { current in
      if current === old { current = GrammarMemory(program) }
      return current
    }
  }
}

/// How far a text has got in a grammar.
///
/// A value: a copy costs nothing, and each goes its own way.
public struct GrammarState: Sendable {
  private let core: GrammarCore
  private(set) var memory: GrammarMemory
  private(set) var number: Int32
  /// Whether the text is whole.
  public private(set) var isComplete: Bool
  /// Whether more may follow.
  public private(set) var canContinue: Bool

  /// The state before every text.
  init(_ core: GrammarCore) throws {
    self.core = core
    memory = GrammarMemory(core.program, isForStart: true)
    (number, isComplete, canContinue) = try memory.tables.withLock { tables in
      let state = try tables.start()
      return (state, tables.isComplete(state), tables.canContinue(state))
    }
  }

  /// Reads bytes of UTF-8, which may begin and end inside of characters.
  ///
  /// - Returns: Whether the text can go on with them; where it cannot, the state stays as it was.
  /// - Throws: `LatheError.unsupported` where the grammar nests the text so deeply, or can read it in so many ways,
  ///   that it would take too much memory.
  @discardableResult
  public mutating func accept(_ bytes: some Sequence<UInt8>) throws -> Bool {
    let bytes = Array(bytes)
    guard !bytes.isEmpty else { return true }
    var copy = self
    var count = 0
    while count < bytes.count {
      try copy.moveFromOldTables()
      let (first, state) = (count, copy.number)
      (copy.number, count) = try copy.memory.tables.withLock { tables in
        var (state, count) = (state, first)
        while count < bytes.count && state >= 0 && (count == first || !tables.isFull) {
          state = try tables.next(state, bytes[count])
          count += 1
        }
        return (state, count)
      }
      guard copy.number >= 0 else { return false }
    }
    let state = copy.number
    (copy.isComplete, copy.canContinue) = copy.memory.tables.withLock { tables in
      (tables.isComplete(state), tables.canContinue(state))
    }
    self = copy
    return true
  }

  /// Reads a text.
  ///
  /// - Returns: Whether the text can go on with it; where it cannot, the state stays as it was.
  @discardableResult
  public mutating func accept(_ text: String) throws -> Bool { try accept(text.utf8) }

  /// Goes on with other tables where the old ones are full.
  mutating func moveFromOldTables() throws {
    let (state, isForStart) = (number, memory.isForStart)
    let found = try memory.tables.withLock { tables in
      try isForStart || tables.isFull ? tables.extract(state) : nil
    }
    guard let extract = found else { return }
    let other = core.memory(after: memory)
    number = try other.tables.withLock { try $0.insert(extract) }
    memory = other
  }
}
