import Lathe
import LatheCore

/// What the bytes of blocks stand for, in float64: the layouts as their definitions read, apart from what the kernels do.
package enum BlockReference {
  /// The elements of blocks that lie one behind the other.
  package static func elements(_ bytes: [UInt8], _ type: BlockType) -> [Double] {
    let decode: (UnsafePointer<UInt8>, UnsafeMutablePointer<Double>) -> Void
    switch type {
    case .q4_0: decode = SmallBlocks.q4_0
    case .q4_1: decode = SmallBlocks.q4_1
    case .q5_0: decode = SmallBlocks.q5_0
    case .q5_1: decode = SmallBlocks.q5_1
    case .q8_0: decode = SmallBlocks.q8_0
    case .q2_K: decode = LargeBlocks.q2_K
    case .q3_K: decode = LargeBlocks.q3_K
    case .q4_K: decode = LargeBlocks.q4_K
    case .q5_K: decode = LargeBlocks.q5_K
    case .q6_K: decode = LargeBlocks.q6_K
    case .float16: decode = { $1[0] = $0.half(0) }
    case .bfloat16: decode = { $1[0] = Double(Float(bitPattern: $0.word(0) << 16)) }
    }
    // Two bytes more, since a word is read of the last element, too.
    return (bytes + [0, 0]).withUnsafeBufferPointer { bytes in
      let count = (bytes.count - 2) / type.byteCount
      return Array(unsafeUninitializedCapacity: count * type.elementCount) { result, used in
        used = count * type.elementCount
        guard let from = bytes.baseAddress, let to = result.baseAddress else { return }
        for block in 0..<count { decode(from + block * type.byteCount, to + block * type.elementCount) }
      }
    }
  }

  /// Bytes of blocks that look random, with scales of either sign that are neither large nor small.
  package static func bytes(_ type: BlockType, blocks: Int, seed: String) -> [UInt8] {
    var random = TestRandom(seed)
    func half(_ low: Double, _ high: Double) -> [UInt8] {
      let size = random.uniform(low, high) * (random.integer(0, 1) == 0 ? 1 : -1)
      let bits = type == .bfloat16 ? UInt16(Float(size).bitPattern >> 16) : Float16(size).bitPattern
      return [UInt8(truncatingIfNeeded: bits), UInt8(bits >> 8)]
    }
    let scales: [Int] =
      switch type {
      case .q4_0, .q5_0, .q8_0: [0]
      case .q4_1, .q5_1, .q4_K, .q5_K: [0, 2]
      case .q2_K: [80, 82]
      case .q3_K: [108]
      case .q6_K: [208]
      case .float16, .bfloat16: [0]
      }
    return (0..<blocks).flatMap { _ in
      var block = (0..<type.byteCount).map { _ in UInt8(random.integer(0, 255)) }
      for place in scales {
        block.replaceSubrange(place..<place + 2, with: type.dtype == nil ? half(0.01, 0.1) : half(0, 1))
      }
      return block
    }
  }
}
