import Dispatch
import LatheCore

extension QuantizedTensor {
  /// A matrix rounded to blocks, on the host; for each block the scale by which its largest element is met.
  ///
  /// - Parameters:
  ///   - matrix: [rows, columns] of floating-point numbers, on any device; the result is there, too.
  ///   - type: q8_0, q4_0, q4_1, float16 or bfloat16.
  /// - Returns: The matrix, in the blocks that llama.cpp's simple rounding makes.
  /// - Throws: `LatheError.unsupported` for another type, `LatheError.invalidArgument` where a row is no whole number of
  ///   blocks or an element is not within float16's range, and whatever computing the matrix throws.
  public static func quantize(_ matrix: Tensor, as type: BlockType) throws -> QuantizedTensor {
    require(
      matrix.rank == 2 && matrix.dtype.isFloatingPoint,
      "quantize: \(matrix.dtype) \(matrix.shape), expected a matrix of floating-point numbers")
    let (rows, columns) = (matrix.shape[0], matrix.shape[1])
    if let dtype = type.dtype { return QuantizedTensor(try matrix.detached().cast(to: dtype).computed()) }
    let encode: BlockEncoder
    switch type {
    case .q8_0: encode = BlockEncoders.q8_0
    case .q4_0: encode = BlockEncoders.q4_0
    case .q4_1: encode = BlockEncoders.q4_1
    default:
      throw LatheError(
        .unsupported, "quantize: nothing here makes \(type.name); take Q8_0, Q4_0, Q4_1, F16 or BF16")
    }
    guard let rowBytes = type.rowByteCount(columns) else {
      throw LatheError(
        .invalidArgument,
        "quantize: rows of \(columns) elements are no whole number of \(type.name)'s blocks of \(type.elementCount)"
      )
    }
    let values = try matrix.cast(to: .float32).scalars(as: Float.self)
    guard values.allSatisfy({ abs($0) <= Float(Float16.greatestFiniteMagnitude) }) else {
      throw LatheError(
        .invalidArgument,
        "quantize: an element is not finite or beyond 65504, where the scales of \(type.name) end")
    }
    let blocks = try Tensor(shape: [rows, rowBytes], dtype: .uint8, device: .cpu) { memory in
      values.withUnsafeBufferPointer { values in
        guard let from = values.baseAddress, let to = memory.bindMemory(to: UInt8.self).baseAddress else {
          return
        }
        nonisolated(unsafe) let (first, target) = (from, to)
        let perRow = columns / type.elementCount
        DispatchQueue.concurrentPerform(iterations: rows) { row in
          for block in row * perRow..<(row + 1) * perRow {
            encode(first + block * type.elementCount, target + block * type.byteCount)
          }
        }
      }
    }
    return QuantizedTensor(blocks: blocks, type: type, shape: matrix.shape).moved(to: matrix.device)
  }
}

/// What makes one block.
private typealias BlockEncoder =
  @Sendable (
    _ elements: UnsafePointer<Float>, _ block: UnsafeMutablePointer<UInt8>
  ) -> Void

/// Blocks of 32 elements.
private enum BlockEncoders {
  /// Eight bits with a sign: d is the largest size over 127.
  static func q8_0(_ x: UnsafePointer<Float>, _ block: UnsafeMutablePointer<UInt8>) {
    let d = (0..<32).reduce(Float(0)) { max($0, abs(x[$1])) } / 127
    block.store(d, at: 0)
    let inverse = d.inverse
    for i in 0..<32 {
      block[2 + i] = UInt8(bitPattern: Int8((x[i] * inverse).rounded().clamped(-127, 127)))
    }
  }

  /// Four bits around 8: the element of the largest size is -8 d.
  static func q4_0(_ x: UnsafePointer<Float>, _ block: UnsafeMutablePointer<UInt8>) {
    let most = (0..<32).reduce(Float(0)) { abs(x[$1]) > abs($0) ? x[$1] : $0 }
    block.store(halves(x, least: 0, d: most / -8, zero: 8, to: block + 2), at: 0)
  }

  /// Four bits above the least element.
  static func q4_1(_ x: UnsafePointer<Float>, _ block: UnsafeMutablePointer<UInt8>) {
    let least = (0..<32).reduce(Float.infinity) { min($0, x[$1]) }
    let most = (0..<32).reduce(-Float.infinity) { max($0, x[$1]) }
    block.store(halves(x, least: least, d: (most - least) / 15, zero: 0, to: block + 4), at: 0)
    block.store(least, at: 2)
  }

  /// Writes (x - least) / d + zero as four bits each, and returns d.
  private static func halves(
    _ x: UnsafePointer<Float>, least: Float, d: Float, zero: Float, to bytes: UnsafeMutablePointer<UInt8>
  ) -> Float {
    let inverse = d.inverse
    func quant(_ i: Int) -> UInt8 {
      UInt8(((x[i] - least) * inverse + zero).rounded().clamped(0, 15))
    }
    for i in 0..<16 { bytes[i] = quant(i) | quant(i + 16) << 4 }
    return d
  }
}

extension UnsafeMutablePointer<UInt8> {
  /// Writes a number as float16.
  fileprivate func store(_ value: Float, at place: Int) {
    let bits = Float16(value).bitPattern
    self[place] = UInt8(truncatingIfNeeded: bits)
    self[place + 1] = UInt8(bits >> 8)
  }
}

extension Float {
  /// One over the number; 0 of 0 and of those so small that there is none.
  fileprivate var inverse: Float { (1 / self).isFinite ? 1 / self : 0 }

  fileprivate func clamped(_ least: Float, _ most: Float) -> Float { Swift.min(Swift.max(self, least), most) }
}
