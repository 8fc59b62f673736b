import CPUKernels
import LatheCore

/// Rows of floats that threads change at once, each padded with zeros to whole vectors.
package final class RowTable: @unchecked Sendable {
  // Unchecked: trainers write to it from several threads without locks, which is what Hogwild (Niu et al., 2011) is.

  package let floats: UnsafeMutablePointer<Float>
  package let rows: Int
  package let width: Int
  package let stride: Int

  /// Zeros.
  ///
  /// - Throws: `LatheError.outOfMemory`.
  package init(rows: Int, width: Int) throws {
    let lanes = Int(LATHE_WORD_LANES)
    stride = (width + lanes - 1) / lanes * lanes
    let bytes = rows.multipliedReportingOverflow(by: stride * MemoryLayout<Float>.stride)
    guard !bytes.overflow, let block = AlignedMemory.allocate(max(64, bytes.partialValue)) else {
      throw LatheError(
        .outOfMemory,
        "word vectors: no memory for \(rows) rows of \(width); use fewer words, buckets or elements")
    }
    floats = block.bindMemory(to: Float.self, capacity: rows * stride)
    floats.initialize(repeating: 0, count: rows * stride)
    (self.rows, self.width) = (rows, width)
  }

  deinit { AlignedMemory.free(floats) }

  /// Fills the rows with numbers drawn evenly from -bound to bound.
  package func fill(bound: Float, random: inout WordRandom) {
    for row in 0..<rows {
      for column in 0..<width { floats[row * stride + column] = random.even(bound) }
    }
  }

  /// A row's elements.
  package func row(_ index: Int) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: floats + index * stride, count: width)
  }
}

/// The generator of the trainers, SplitMix64, which also starts those of the C loops.
package struct WordRandom: RandomNumberGenerator {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  package mutating func even(_ bound: Float) -> Float { (Float(next() >> 40) * 0x1p-23 - 1) * bound }
}
