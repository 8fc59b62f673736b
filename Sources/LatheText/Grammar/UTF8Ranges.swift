/// Ranges of scalars as ranges of the bytes that spell them.
enum UTF8Ranges {
  /// Sequences of ranges of bytes which together spell just the scalars of a range without surrogates.
  static func sequences(_ range: ClosedRange<UInt32>) -> [[ClosedRange<UInt8>]] {
    var result: [[ClosedRange<UInt8>]] = []
    // Of one length each: these are the last scalars of one, two and three bytes.
    var low = range.lowerBound
    for last in [0x7F, 0x7FF, 0xFFFF, 0x10FFFF] as [UInt32] where low <= last && low <= range.upperBound {
      split(low, min(last, range.upperBound), &result)
      low = last + 1
    }
    return result
  }

  /// Adds the sequences of a range whose scalars have one length.
  private static func split(_ low: UInt32, _ high: UInt32, _ result: inout [[ClosedRange<UInt8>]]) {
    let count = low < 0x80 ? 1 : low < 0x800 ? 2 : low < 0x10000 ? 3 : 4
    for tail in 1..<max(count, 1) {
      // All bytes behind a first one that differs must run through all their values.
      let mask: UInt32 = 1 << UInt32(6 * tail) - 1
      guard low & ~mask != high & ~mask else { continue }
      if low & mask != 0 {
        split(low, low | mask, &result)
        split((low | mask) + 1, high, &result)
        return
      }
      if high & mask != mask {
        split(low, (high & ~mask) - 1, &result)
        split(high & ~mask, high, &result)
        return
      }
    }
    let (first, last) = (bytes(low), bytes(high))
    result.append(zip(first, last).map { $0...$1 })
  }

  private static func bytes(_ scalar: UInt32) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 4) { buffer, count in
      guard let base = buffer.baseAddress else { return }
      count = UTF8Bytes.write(scalar, to: base)
    }
  }
}
