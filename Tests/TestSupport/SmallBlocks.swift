extension UnsafePointer<UInt8> {
  /// The float16 at a byte.
  func half(_ offset: Int) -> Double {
    Double(Float16(bitPattern: UInt16(self[offset]) | UInt16(self[offset + 1]) << 8))
  }

  /// The four bytes from one on as a number.
  func word(_ offset: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(self[offset + $1]) << UInt32(8 * $1) }
  }
}

/// Blocks of 32 elements with a scale of their own: float16 d, with `_1` a least value m, then the elements' bits.
enum SmallBlocks {
  /// Four bits, those of the second half above those of the first: d (q - 8).
  static func q4_0(_ block: UnsafePointer<UInt8>, _ y: UnsafeMutablePointer<Double>) {
    let d = block.half(0)
    for j in 0..<16 {
      let byte = block[2 + j]
      y[j] = Double(Int32(byte & 0xF) &- 8) * d
      y[j + 16] = Double(Int32(byte >> 4) &- 8) * d
    }
  }

  /// The same as d q + m.
  static func q4_1(_ block: UnsafePointer<UInt8>, _ y: UnsafeMutablePointer<Double>) {
    let (d, m) = (block.half(0), block.half(2))
    for j in 0..<16 {
      let byte = block[4 + j]
      y[j] = Double(byte & 0xF) * d + m
      y[j + 16] = Double(byte >> 4) * d + m
    }
  }

  /// A fifth bit of each element in a word before the four others: d (q - 16).
  static func q5_0(_ block: UnsafePointer<UInt8>, _ y: UnsafeMutablePointer<Double>) {
    let d = block.half(0)
    let high = block.word(2)
    for j in 0..<16 {
      let (byte, bits) = (block[6 + j], high &>> UInt32(j))
      y[j] = Double(Int32(byte & 0xF) &+ Int32(bits & 1) &* 16 &- 16) * d
      y[j + 16] = Double(Int32(byte >> 4) &+ Int32(bits &>> 16 & 1) &* 16 &- 16) * d
    }
  }

  /// The same as d q + m.
  static func q5_1(_ block: UnsafePointer<UInt8>, _ y: UnsafeMutablePointer<Double>) {
    let (d, m) = (block.half(0), block.half(2))
    let high = block.word(4)
    for j in 0..<16 {
      let (byte, bits) = (block[8 + j], high &>> UInt32(j))
      y[j] = Double(UInt32(byte & 0xF) &+ (bits & 1) &* 16) * d + m
      y[j + 16] = Double(UInt32(byte >> 4) &+ (bits &>> 16 & 1) &* 16) * d + m
    }
  }

  /// Eight bits with a sign: d q.
  static func q8_0(_ block: UnsafePointer<UInt8>, _ y: UnsafeMutablePointer<Double>) {
    let d = block.half(0)
    for j in 0..<32 { y[j] = Double(Int8(bitPattern: block[2 + j])) * d }
  }
}
