/// A set of numbers that is emptied often.
struct PairSet: Sendable {
  private var keys = [UInt64](repeating: 0, count: 64)
  private var rounds = [UInt32](repeating: 0, count: 64)
  private var round: UInt32 = 1
  private var count = 0

  /// Takes everything out.
  mutating func clear() {
    count = 0
    round &+= 1
    if round == 0 {
      rounds = [UInt32](repeating: 0, count: rounds.count)
      round = 1
    }
  }

  /// Puts a number in.
  ///
  /// - Returns: Whether it was not there.
  mutating func insert(_ key: UInt64) -> Bool {
    let mask = keys.count - 1
    var slot = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
    while rounds[slot] == round {
      if keys[slot] == key { return false }
      slot = (slot + 1) & mask
    }
    keys[slot] = key
    rounds[slot] = round
    count += 1
    if count * 2 > keys.count { grow() }
    return true
  }

  private mutating func grow() {
    let known = zip(keys, rounds).filter { $0.1 == round }.map(\.0)
    keys = [UInt64](repeating: 0, count: keys.count * 2)
    rounds = [UInt32](repeating: 0, count: keys.count)
    (round, count) = (1, 0)
    for key in known { _ = insert(key) }
  }
}

/// Numbers of which the least is taken first.
struct LeastFirst: Sendable {
  private var heap: [Int32] = []

  /// Adds a number.
  mutating func insert(_ value: Int32) {
    heap.append(value)
    var child = heap.count - 1
    while child > 0, heap[(child - 1) / 2] > heap[child] {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  /// Takes the least number out; nil where there is none.
  mutating func popLeast() -> Int32? {
    guard let least = heap.first, let last = heap.popLast() else { return nil }
    guard !heap.isEmpty else { return least }
    heap[0] = last
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < heap.count else { return least }
      if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
      guard heap[child] < heap[parent] else { return least }
      heap.swapAt(child, parent)
      parent = child
    }
  }
}
