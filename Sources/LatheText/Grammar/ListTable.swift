/// Lists of numbers, each of which is kept once.
struct ListTable: Sendable {
  private var starts: [Int] = [0]
  /// The elements of all lists.
  private(set) var values: [UInt64] = []
  private var slots = [Int32](repeating: -1, count: 64)

  /// How many lists there are.
  var count: Int { starts.count - 1 }

  /// Where the elements of a list stand.
  func range(_ list: Int32) -> Range<Int> { starts[Int(list)]..<starts[Int(list) + 1] }

  private static func hash(_ list: some Sequence<UInt64>) -> Int {
    var hash: UInt64 = 0x9E37_79B9_7F4A_7C15
    for value in list {
      hash = (hash ^ value) &* 0xBF58_476D_1CE4_E5B9
      hash ^= hash >> 29
    }
    return Int(truncatingIfNeeded: hash >> 3)
  }

  /// The number of a list.
  mutating func intern(_ list: [UInt64]) -> Int32 {
    var slot = Self.hash(list) & (slots.count - 1)
    while slots[slot] >= 0 {
      let range = range(slots[slot])
      if range.count == list.count && values[range].elementsEqual(list) { return slots[slot] }
      slot = (slot + 1) & (slots.count - 1)
    }
    let number = Int32(count)
    slots[slot] = number
    values += list
    starts.append(values.count)
    if count * 2 > slots.count { rehash() }
    return number
  }

  private mutating func rehash() {
    slots = [Int32](repeating: -1, count: slots.count * 2)
    for number in 0..<Int32(count) {
      var slot = Self.hash(values[range(number)]) & (slots.count - 1)
      while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = number
    }
  }
}
