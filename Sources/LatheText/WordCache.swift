/// What short words became when they were met last.
final class WordCache {
  /// The longest word that is kept, in bytes.
  static let longest = 16
  private static let bits = 15

  /// Half a line of the processor's cache.
  struct Entry: BitwiseCopyable {
    var low: UInt64 = 0
    var high: UInt64 = 0
    var ids: (Int32, Int32, Int32) = (0, 0, 0)
    /// The word's bytes; none where the entry is empty.
    var length: UInt8 = 0
    var count: UInt8 = 0
    var firstLength: UInt8 = 0
    var secondLength: UInt8 = 0
  }

  private let entries: UnsafeMutablePointer<Entry>

  init() {
    entries = .allocate(capacity: 1 << Self.bits)
    entries.initialize(repeating: Entry(), count: 1 << Self.bits)
  }

  deinit { entries.deallocate() }

  /// A word of 1 to 16 bytes as two numbers, which with the length tell it from others.
  @inline(__always) static func key(_ word: UnsafePointer<UInt8>, _ count: Int) -> (UInt64, UInt64) {
    let raw = UnsafeRawPointer(word)
    if count >= 8 {
      return (
        raw.loadUnaligned(as: UInt64.self), raw.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
      )
    }
    if count >= 4 {
      let first = UInt64(raw.loadUnaligned(as: UInt32.self))
      return (first | UInt64(raw.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self)) << 32, 0)
    }
    return (UInt64(word[0]) | UInt64(word[count >> 1]) << 8 | UInt64(word[count - 1]) << 16, 0)
  }

  /// Where a word's entry is or would be.
  @inline(__always) func place(_ key: (UInt64, UInt64), _ count: Int) -> UnsafeMutablePointer<Entry> {
    var hash = key.0 &* 0x9E37_79B9_7F4A_7C15
    hash ^= key.1 &* 0xC2B2_AE3D_27D4_EB4F
    hash ^= hash >> 31
    hash = (hash ^ UInt64(truncatingIfNeeded: count)) &* 0xFF51_AFD7_ED55_8CCD
    return entries + Int(truncatingIfNeeded: hash >> UInt64(64 - Self.bits))
  }
}
