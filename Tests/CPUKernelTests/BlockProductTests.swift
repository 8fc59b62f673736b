import CPUKernels
import Foundation
import Testing

/// Products with quantised blocks against sums in float64 of what the blocks say.
@Suite struct BlockProductTests {
  /// The value of an element of a block.
  private func element(_ block: lathe_block, _ bytes: ArraySlice<UInt8>, _ i: Int) -> Double {
    func half(_ place: Int) -> Double {
      let start = bytes.startIndex + place
      return Double(Float16(bitPattern: UInt16(bytes[start]) | UInt16(bytes[start + 1]) << 8))
    }
    if block == LATHE_BLOCK_Q8_0 {
      return half(0) * Double(Int8(bitPattern: bytes[bytes.startIndex + 2 + i]))
    }
    let byte = bytes[bytes.startIndex + (block == LATHE_BLOCK_Q4_1 ? 4 : 2) + i % 16]
    let q = Double(i < 16 ? byte & 15 : byte >> 4)
    return block == LATHE_BLOCK_Q4_0 ? half(0) * (q - 8) : half(0) * q + half(2)
  }

  /// Rounds rows of x in memory that `body` may look at; gives their elements and scales.
  private static func withRounded(
    _ x: [Float], rows: Int, _ body: (lathe_rounded) -> Void = { _ in }
  ) -> (quants: [Int8], scales: [Float]) {
    let columns = x.count / rows
    let blocks = x.count / Int(LATHE_BLOCK_ELEMENTS)
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: lathe_rounded_size(rows, columns)) {
      memory in
      guard let first = memory.baseAddress else { return ([], []) }
      var rounded = lathe_rounded_in(first, rows, columns)
      lathe_round_blocks(x, blocks, &rounded)
      body(rounded)
      return (
        Array(UnsafeBufferPointer(start: rounded.quants, count: x.count)),
        Array(UnsafeBufferPointer(start: rounded.scales, count: blocks))
      )
    }
  }

  @Test(
    "Products with rounded rows are within the rounding of exact ones",
    arguments: [LATHE_BLOCK_Q4_0.rawValue, LATHE_BLOCK_Q4_1.rawValue, LATHE_BLOCK_Q8_0.rawValue], [1, 2, 9])
  func products(_ kind: UInt32, _ xRows: Int) {
    let block = lathe_block(rawValue: kind)
    let (rows, blocks, size) = (11, 5, lathe_block_bytes(block))
    let columns = blocks * Int(LATHE_BLOCK_ELEMENTS)
    var numbers = Numbers(xRows)
    var matrix = (0..<rows * blocks * size).map { _ in UInt8(truncatingIfNeeded: Int(numbers.next() * 1000)) }
    for start in stride(from: 0, to: matrix.count, by: size) {
      for place in block == LATHE_BLOCK_Q4_1 ? [0, 2] : [0] {
        let bits = Float16(numbers.next() / 10).bitPattern
        matrix[start + place] = UInt8(truncatingIfNeeded: bits)
        matrix[start + place + 1] = UInt8(bits >> 8)
      }
    }
    let x = numbers.floats(xRows * columns)
    var y = [Float](repeating: .nan, count: xRows * rows)
    let (quants, scales) = Self.withRounded(x, rows: xRows) { x in
      y.withUnsafeMutableBufferPointer { y in
        matrix.withUnsafeBytes { matrix in
          var product = lathe_block_product(
            block: block, matrix: matrix.baseAddress, columns: columns, x: x, x_floats: nil,
            x_rows: xRows, bias: nil, y: y.baseAddress, y_row: rows)
          lathe_block_product_rows(&product, 0, rows)
        }
      }
    }
    for a in 0..<xRows {
      for m in 0..<rows {
        var (exact, rounded, allowed) = (0.0, 0.0, 0.0)
        for k in 0..<columns {
          let start = (m * blocks + k / 32) * size
          let w = element(block, matrix[start..<start + size], k % 32)
          let scale = Double(scales[a * blocks + k / 32])
          exact += w * Double(x[a * columns + k])
          rounded += w * Double(quants[a * columns + k]) * scale
          allowed += abs(w) * scale * 0.501
        }
        #expect(abs(Double(y[a * rows + m]) - rounded) <= 1e-5 * allowed + 1e-6)
        #expect(abs(Double(y[a * rows + m]) - exact) <= allowed + 1e-6)
      }
    }
  }

  @Test(
    "A block with an element that is not finite gives products that are not",
    arguments: [Float.infinity, -.infinity, .nan])
  func notFinite(_ value: Float) {
    var x = [Float](repeating: 1, count: 64)
    x[40] = value
    let (quants, scales) = Self.withRounded(x, rows: 1)
    #expect(
      quants[..<32].allSatisfy { $0 == 127 } && scales[0] == 1 / 127 && scales[1].isNaN)
  }
}
