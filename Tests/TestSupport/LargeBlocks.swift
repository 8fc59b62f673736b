/// Blocks of 256 elements ("K"): parts of 16 or 32 with whole numbers as scales, which share one or two float16 scales.
enum LargeBlocks {
  /// Two bits: 16 bytes of scales (four bits of scale, four of least value), 64 of elements, d, dmin.
  static func q2_K(_ block: UnsafePointer<UInt8>, _ y: UnsafeMutablePointer<Double>) {
    let (d, least) = (block.half(80), block.half(82))
    for part in 0..<16 {
      let scale = block[part]
      let (dl, ml) = (d * Double(scale & 0xF), least * Double(scale >> 4))
      // Of 128 elements each bit pair of 32 bytes is 32 of them.
      let (bytes, shift) = (block + 16 + part / 8 * 32 + part % 2 * 16, UInt8(part % 8 / 2 * 2))
      for l in 0..<16 { y[part * 16 + l] = dl * Double(bytes[l] &>> shift & 3) - ml }
    }
  }

  /// Three bits: 32 bytes of third bits, 64 of the two others, 12 of scales of six bits, d.
  static func q3_K(_ block: UnsafePointer<UInt8>, _ y: UnsafeMutablePointer<Double>) {
    let d = block.half(108)
    let scales = block + 96
    for part in 0..<16 {
      // The low four bits of the first eight in the low half of eight bytes, of the others in the high half; then the
      // high two bits, of four scales in each byte.
      let low = part < 8 ? scales[part] & 0xF : scales[part - 8] >> 4
      let high = scales[8 + part % 4] &>> UInt8(part / 4 * 2) & 3
      let dl = d * Double(Int32(low | high << 4) &- 32)
      let (bytes, shift) = (block + 32 + part / 8 * 32 + part % 2 * 16, UInt8(part % 8 / 2 * 2))
      let (third, bit) = (block + part % 2 * 16, UInt8(part / 2))
      for l in 0..<16 {
        let q = Int32(bytes[l] &>> shift & 3) &- (third[l] &>> bit & 1 == 0 ? 4 : 0)
        y[part * 16 + l] = dl * Double(q)
      }
    }
  }

  /// The scale and the least value of a part of 32, six bits each, in 12 bytes.
  private static func scale(_ scales: UnsafePointer<UInt8>, _ part: Int) -> (scale: Double, least: Double) {
    if part < 4 { return (Double(scales[part] & 63), Double(scales[part + 4] & 63)) }
    return (
      Double(scales[part + 4] & 0xF | (scales[part - 4] >> 6) << 4),
      Double(scales[part + 4] >> 4 | (scales[part] >> 6) << 4)
    )
  }

  /// Four bits: d, dmin, 12 bytes of scales, 128 of elements.
  static func q4_K(_ block: UnsafePointer<UInt8>, _ y: UnsafeMutablePointer<Double>) {
    let (d, least) = (block.half(0), block.half(2))
    for part in 0..<8 {
      let (scale, low) = scale(block + 4, part)
      let (dl, ml) = (d * scale, least * low)
      let (bytes, shift) = (block + 16 + part / 2 * 32, UInt8(part % 2 * 4))
      for l in 0..<32 { y[part * 32 + l] = dl * Double(bytes[l] &>> shift & 0xF) - ml }
    }
  }

  /// Five bits: d, dmin, 12 bytes of scales, 32 of fifth bits, 128 of the four others.
  static func q5_K(_ block: UnsafePointer<UInt8>, _ y: UnsafeMutablePointer<Double>) {
    let (d, least) = (block.half(0), block.half(2))
    let fifth = block + 16
    for part in 0..<8 {
      let (scale, low) = scale(block + 4, part)
      let (dl, ml) = (d * scale, least * low)
      let (bytes, shift) = (block + 48 + part / 2 * 32, UInt8(part % 2 * 4))
      for l in 0..<32 {
        let q = bytes[l] &>> shift & 0xF | (fifth[l] &>> UInt8(part) & 1) << 4
        y[part * 32 + l] = dl * Double(q) - ml
      }
    }
  }

  /// Six bits: 128 bytes of the low four, 64 of the two others, 16 scales with a sign, d.
  static func q6_K(_ block: UnsafePointer<UInt8>, _ y: UnsafeMutablePointer<Double>) {
    let d = block.half(208)
    for part in 0..<8 {
      let (half, quarter) = (part / 4, part % 4)
      let low = block + half * 64 + quarter % 2 * 32
      let high = block + 128 + half * 32
      let (lowShift, highShift) = (UInt8(quarter / 2 * 4), UInt8(quarter * 2))
      for l in 0..<32 {
        let scale = Int8(bitPattern: block[192 + part * 2 + l / 16])
        let q = Int32(low[l] &>> lowShift & 0xF | (high[l] &>> highShift & 3) << 4) &- 32
        y[part * 32 + l] = d * Double(scale) * Double(q)
      }
    }
  }
}
