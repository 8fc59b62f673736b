#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Terms by their bytes, each with a number in the order of their coming.
struct TermTable {
  private(set) var bytes: [UInt8] = []
  /// Where each term begins among the bytes; one place more than terms.
  private(set) var starts: [Int] = [0]
  private var hashes: [UInt32] = []
  /// A term's number and one more at the place that its hash tells, or at the next that was free; 0 is free.
  private var slots: [Int32]
  private var mask: Int

  init(capacity: Int = 1 << 10) {
    var size = 1 << 10
    while size < 2 * capacity { size *= 2 }
    slots = .init(repeating: 0, count: size)
    mask = size - 1
  }

  var count: Int { hashes.count }

  func term(_ number: Int) -> ArraySlice<UInt8> { bytes[starts[number]..<starts[number + 1]] }

  @inline(__always)
  static func hash(_ term: UnsafeBufferPointer<UInt8>) -> UInt32 {
    guard let start = term.baseAddress else { return 0 }
    let raw = UnsafeRawPointer(start)
    var h = UInt64(truncatingIfNeeded: term.count) &* 0x9E37_79B9_7F4A_7C15
    var place = 0
    while place + 8 <= term.count {
      h = (h ^ raw.loadUnaligned(fromByteOffset: place, as: UInt64.self)) &* 0xD6E8_FEB8_6659_FD93
      h ^= h >> 32
      place += 8
    }
    var rest: UInt64 = 0
    while place < term.count {
      rest = rest << 8 | UInt64(start[place])
      place += 1
    }
    h = (h ^ rest) &* 0xD6E8_FEB8_6659_FD93
    h ^= h >> 32
    h &*= 0xD6E8_FEB8_6659_FD93
    return UInt32(truncatingIfNeeded: h >> 32)
  }

  /// A term's number; nil where it is not there.
  @inline(__always)
  func find(_ term: UnsafeBufferPointer<UInt8>) -> Int? {
    let hash = Self.hash(term)
    var slot = Int(hash) & mask
    return slots.withUnsafeBufferPointer { slots in
      while slots[slot] != 0 {
        let number = Int(slots[slot]) - 1
        if hashes[number] == hash, isSame(number, term) { return number }
        slot = (slot + 1) & mask
      }
      return nil
    }
  }

  @inline(__always)
  private func isSame(_ number: Int, _ term: UnsafeBufferPointer<UInt8>) -> Bool {
    let start = starts[number]
    guard starts[number + 1] - start == term.count else { return false }
    guard let other = term.baseAddress else { return true }
    return bytes.withUnsafeBufferPointer { bytes in
      bytes.baseAddress.map { memcmp($0 + start, other, term.count) == 0 } ?? false
    }
  }

  /// A term's number, which it gets where it is new.
  @inline(__always)
  mutating func insert(_ term: UnsafeBufferPointer<UInt8>) -> Int {
    let hash = Self.hash(term)
    var slot = Int(hash) & mask
    while slots[slot] != 0 {
      let number = Int(slots[slot]) - 1
      if hashes[number] == hash, isSame(number, term) { return number }
      slot = (slot + 1) & mask
    }
    let number = hashes.count
    bytes.append(contentsOf: term)
    starts.append(bytes.count)
    hashes.append(hash)
    slots[slot] = Int32(number + 1)
    if 2 * hashes.count > slots.count { grow() }
    return number
  }

  private mutating func grow() {
    slots = .init(repeating: 0, count: 2 * slots.count)
    mask = slots.count - 1
    for (number, hash) in hashes.enumerated() {
      var slot = Int(hash) & mask
      while slots[slot] != 0 { slot = (slot + 1) & mask }
      slots[slot] = Int32(number + 1)
    }
  }
}
