/// Texts as bytes with a number each: a hash table that never makes a `String`.
struct ByteTable: Sendable {
  private var slots: [Int32]
  private var starts: [Int32] = [0]
  private var values: [Int32] = []
  private var bytes: [UInt8] = []
  private var mask: Int

  /// How many texts there are.
  var count: Int { values.count }

  init(capacity: Int = 16) {
    var size = 32
    while size < capacity * 2 { size *= 2 }
    slots = [Int32](repeating: -1, count: size)
    mask = size - 1
    values.reserveCapacity(capacity)
    starts.reserveCapacity(capacity + 1)
    // So that there is an address also where only the empty text is in the table.
    bytes.reserveCapacity(8 * capacity)
  }

  @inline(__always) private static func hash(_ key: UnsafePointer<UInt8>, _ count: Int) -> Int {
    var hash: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(truncatingIfNeeded: count)
    var index = 0
    let raw = UnsafeRawPointer(key)
    while index + 8 <= count {
      hash = (hash ^ raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)) &* 0xFF51_AFD7_ED55_8CCD
      hash ^= hash >> 32
      index += 8
    }
    var rest: UInt64 = 0
    while index < count {
      rest = rest << 8 | UInt64(key[index])
      index += 1
    }
    hash = (hash ^ rest) &* 0xC4CE_B9FE_1A85_EC53
    return Int(truncatingIfNeeded: (hash ^ hash >> 29) & 0x7FFF_FFFF_FFFF_FFFF)
  }

  /// The number of a text; -1 where it is not there.
  @inline(__always) func value(_ key: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let place = index(key, count)
    return place < 0 ? -1 : values[place]
  }

  /// The number of a text; -1 where it is not there.
  func value(_ text: String) -> Int32 {
    var text = text
    return text.withUTF8 { utf8 in utf8.baseAddress.map { value($0, utf8.count) } ?? emptyValue }
  }

  /// The number of a text; -1 where it is not there.
  func value(_ text: [UInt8]) -> Int32 {
    text.withUnsafeBufferPointer { all in all.baseAddress.map { value($0, all.count) } ?? emptyValue }
  }

  private var emptyValue: Int32 {
    withUnsafePointer(to: UInt8(0)) { value($0, 0) }
  }

  private func index(_ key: UnsafePointer<UInt8>, _ count: Int) -> Int {
    var slot = Self.hash(key, count) & mask
    while true {
      let place = Int(slots[slot])
      if place < 0 { return -1 }
      let start = Int(starts[place])
      if Int(starts[place + 1]) - start == count {
        let same = bytes.withUnsafeBufferPointer { all in
          for offset in 0..<count where all[start + offset] != key[offset] { return false }
          return true
        }
        if same { return place }
      }
      slot = (slot + 1) & mask
    }
  }

  /// Adds a text.
  ///
  /// - Returns: False where it is there already; its number then stays.
  @discardableResult
  mutating func insert(_ key: UnsafeBufferPointer<UInt8>, _ value: Int32) -> Bool {
    if (values.count + 1) * 2 > slots.count { rehash() }
    return withUnsafePointer(to: UInt8(0)) { empty in
      let base = key.baseAddress ?? empty
      var slot = Self.hash(base, key.count) & mask
      while slots[slot] >= 0 {
        if index(base, key.count) >= 0 { return false }
        slot = (slot + 1) & mask
      }
      slots[slot] = Int32(values.count)
      values.append(value)
      bytes.append(contentsOf: key)
      starts.append(Int32(bytes.count))
      return true
    }
  }

  /// Adds a text.
  @discardableResult
  mutating func insert(_ text: String, _ value: Int32) -> Bool {
    var text = text
    return text.withUTF8 { insert($0, value) }
  }

  private mutating func rehash() {
    slots = [Int32](repeating: -1, count: slots.count * 2)
    mask = slots.count - 1
    bytes.withUnsafeBufferPointer { all in
      guard let base = all.baseAddress else { return }
      for place in values.indices {
        let start = Int(starts[place])
        var slot = Self.hash(base + start, Int(starts[place + 1]) - start) & mask
        while slots[slot] >= 0 { slot = (slot + 1) & mask }
        slots[slot] = Int32(place)
      }
    }
  }
}
