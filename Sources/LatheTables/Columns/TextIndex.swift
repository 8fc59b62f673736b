/// The different texts of a column, numbered in the order in which they come: a table of hashes with open addressing.
struct TextIndex {
  private let texts: TextValues
  /// The row of each different text's first appearance.
  private(set) var firstRows: [Int] = []
  private var hashes: [UInt64] = []
  /// Numbers of texts, one more than they are; 0 where a place is free.
  private var slots: [Int32]
  private var mask: Int

  init(_ texts: TextValues, reserving count: Int) {
    self.texts = texts
    var size = 64
    while size < 2 * count { size *= 2 }
    slots = Array(repeating: 0, count: size)
    mask = size - 1
  }

  /// The number of a row's text.
  mutating func index(of row: Int) -> Int {
    let text = texts.utf8(row)
    let hash = ByteHash.hash(text)
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot] != 0 {
      let number = Int(slots[slot]) - 1
      if hashes[number] == hash, compareBytes(texts.utf8(firstRows[number]), text) == 0 { return number }
      slot = (slot + 1) & mask
    }
    let number = firstRows.count
    firstRows.append(row)
    hashes.append(hash)
    slots[slot] = Int32(number + 1)
    if 2 * firstRows.count > slots.count { grow() }
    return number
  }

  private mutating func grow() {
    slots = Array(repeating: 0, count: 2 * slots.count)
    mask = slots.count - 1
    for (number, hash) in hashes.enumerated() {
      var slot = Int(truncatingIfNeeded: hash) & mask
      while slots[slot] != 0 { slot = (slot + 1) & mask }
      slots[slot] = Int32(number + 1)
    }
  }
}

/// A hash of bytes: multiplications of 64 by 64 bits, folded.
enum ByteHash {
  static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(bytes.count)
    guard let start = UnsafeRawPointer(bytes.baseAddress) else { return mix(state, 1) }
    var place = 0
    while place + 8 <= bytes.count {
      state = mix(state ^ start.loadUnaligned(fromByteOffset: place, as: UInt64.self), 0xA076_1D64_78BD_642F)
      place += 8
    }
    var rest: UInt64 = 0
    while place < bytes.count {
      rest = rest << 8 | UInt64(bytes[place])
      place += 1
    }
    return mix(state ^ rest, 0xE703_7ED1_A0B4_28DB)
  }

  /// A hash of a number, and of what was before.
  static func hash(_ value: UInt64, _ state: UInt64 = 0x9E37_79B9_7F4A_7C15) -> UInt64 {
    mix(state ^ value, 0xA076_1D64_78BD_642F)
  }

  private static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
  }
}
