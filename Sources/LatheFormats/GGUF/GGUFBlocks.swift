import Dispatch

/// What decodes one block.
typealias BlockDecoder = (_ block: UnsafePointer<UInt8>, _ elements: UnsafeMutablePointer<Float>) -> Void

/// Blocks of quantised elements as float32.
enum GGUFBlocks {
  /// Blocks that are worth a thread.
  private static let stretch = 4096

  /// Decodes all blocks of a tensor, long ones by several threads.
  static func decode(
    _ bytes: Slice<UnsafeRawBufferPointer>, _ type: GGUFBlockType, by decode: BlockDecoder,
    into elements: UnsafeMutableBufferPointer<Float>
  ) {
    let source = UnsafeRawBufferPointer(rebasing: bytes).bindMemory(to: UInt8.self)
    guard let from = source.baseAddress, let to = elements.baseAddress else { return }
    let count = source.count / type.byteCount
    nonisolated(unsafe) let (first, target, decode) = (from, to, decode)
    DispatchQueue.concurrentPerform(iterations: (count + stretch - 1) / stretch) { part in
      for block in part * stretch..<min(count, (part + 1) * stretch) {
        decode(first + block * type.byteCount, target + block * type.elementCount)
      }
    }
  }
}

extension GGUFBlockType {
  /// What decodes a block; nil where nothing here does.
  var decoder: BlockDecoder? {
    switch self {
    case .q4_0: SmallBlocks.q4_0
    case .q4_1: SmallBlocks.q4_1
    case .q5_0: SmallBlocks.q5_0
    case .q5_1: SmallBlocks.q5_1
    case .q8_0: SmallBlocks.q8_0
    case .q2_K: LargeBlocks.q2_K
    case .q3_K: LargeBlocks.q3_K
    case .q4_K: LargeBlocks.q4_K
    case .q5_K: LargeBlocks.q5_K
    case .q6_K: LargeBlocks.q6_K
    default: nil
    }
  }
}

extension UnsafePointer<UInt8> {
  /// The float16 at a byte.
  func half(_ offset: Int) -> Float {
    Float(Float16(bitPattern: UInt16(self[offset]) | UInt16(self[offset + 1]) << 8))
  }

  /// The four bytes from one on as a number.
  func word(_ offset: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(self[offset + $1]) << UInt32(8 * $1) }
  }
}

/// Blocks of 32 elements with a scale of their own: float16 d, with `_1` a least value m, then the elements' bits.
enum SmallBlocks {
  /// Four bits, those of the second half above those of the first: d (q - 8).
  static func q4_0(_ block: UnsafePointer<UInt8>, _ y: UnsafeMutablePointer<Float>) {
    let d = block.half(0)
    for j in 0..<16 {
      let byte = block[2 + j]
      y[j] = Float(Int32(byte & 0xF) &- 8) * d
      y[j + 16] = Float(Int32(byte >> 4) &- 8) * d
    }
  }

  /// The same as d q + m.
  static func q4_1(_ block: UnsafePointer<UInt8>, _ y: UnsafeMutablePointer<Float>) {
    let (d, m) = (block.half(0), block.half(2))
    for j in 0..<16 {
      let byte = block[4 + j]
      y[j] = Float(byte & 0xF) * d + m
      y[j + 16] = Float(byte >> 4) * d + m
    }
  }

  /// A fifth bit of each element in a word before the four others: d (q - 16).
  static func q5_0(_ block: UnsafePointer<UInt8>, _ y: UnsafeMutablePointer<Float>) {
    let d = block.half(0)
    let high = block.word(2)
    for j in 0..<16 {
      let (byte, bits) = (block[6 + j], high &>> UInt32(j))
      y[j] = Float(Int32(byte & 0xF) &+ Int32(bits & 1) &* 16 &- 16) * d
      y[j + 16] = Float(Int32(byte >> 4) &+ Int32(bits &>> 16 & 1) &* 16 &- 16) * d
    }
  }

  /// The same as d q + m.
  static func q5_1(_ block: UnsafePointer<UInt8>, _ y: UnsafeMutablePointer<Float>) {
    let (d, m) = (block.half(0), block.half(2))
    let high = block.word(4)
    for j in 0..<16 {
      let (byte, bits) = (block[8 + j], high &>> UInt32(j))
      y[j] = Float(UInt32(byte & 0xF) &+ (bits & 1) &* 16) * d + m
      y[j + 16] = Float(UInt32(byte >> 4) &+ (bits &>> 16 & 1) &* 16) * d + m
    }
  }

  /// Eight bits with a sign: d q.
  static func q8_0(_ block: UnsafePointer<UInt8>, _ y: UnsafeMutablePointer<Float>) {
    let d = block.half(0)
    for j in 0..<32 { y[j] = Float(Int8(bitPattern: block[2 + j])) * d }
  }
}
