/// Which two tokens become one, and how early: a hash table over packed pairs.
struct PairTable: Sendable {
  /// What a pair becomes.
  struct Merge: BitwiseCopyable, Sendable {
    /// Its place among the merges; the lowest goes first.
    var rank: Int32
    /// The token; -1 where the pair does not join.
    var id: Int32
  }

  private struct Slot: BitwiseCopyable, Sendable {
    var key: UInt64
    var merge: Merge
  }

  private var slots: [Slot]
  private let shift: UInt64
  private let mask: Int

  init(capacity: Int) {
    var bits: UInt64 = 5
    while 1 << bits < capacity * 2 { bits += 1 }
    slots = [Slot](repeating: Slot(key: .max, merge: Merge(rank: .max, id: -1)), count: 1 << bits)
    shift = 64 - bits
    mask = (1 << bits) - 1
  }

  @inline(__always) private static func key(_ first: Int32, _ second: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: first)) << 32 | UInt64(UInt32(bitPattern: second))
  }

  /// What two tokens become.
  @inline(__always) func merge(_ first: Int32, _ second: Int32) -> Merge {
    let key = Self.key(first, second)
    return slots.withUnsafeBufferPointer { slots in
      var slot = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> shift)
      while true {
        let found = slots[slot]
        if found.key == key { return found.merge }
        if found.key == .max { return Merge(rank: .max, id: -1) }
        slot = (slot + 1) & mask
      }
    }
  }

  /// Adds a pair; a later one takes the place of an earlier one.
  mutating func insert(_ first: Int32, _ second: Int32, _ merge: Merge) {
    let key = Self.key(first, second)
    var slot = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> shift)
    while slots[slot].key != .max && slots[slot].key != key { slot = (slot + 1) & mask }
    slots[slot] = Slot(key: key, merge: merge)
  }
}
