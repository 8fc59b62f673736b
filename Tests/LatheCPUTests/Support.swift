import Foundation
import LatheCPU
import LatheCore

/// Small helpers around the backend: operands from arrays and back.
enum CPU {
  static let backend = CPUBackend.shared

  static func operand<T>(_ values: [T], _ dtype: DType, shape: Shape? = nil) throws -> Operand {
    let buffer = try backend.allocate(byteCount: values.count * dtype.byteCount)
    try values.withUnsafeBytes { try backend.write($0, to: buffer) }
    return Operand(buffer: buffer, layout: Layout(shape ?? [values.count]), dtype: dtype)
  }

  static func operand(_ values: [Float], shape: Shape? = nil) throws -> Operand {
    try operand(values, .float32, shape: shape)
  }

  static func empty(_ shape: Shape, _ dtype: DType = .float32) throws -> Operand {
    Operand(
      buffer: try backend.allocate(byteCount: shape.elementCount * dtype.byteCount), layout: Layout(shape),
      dtype: dtype)
  }

  static func read<T: BitwiseCopyable>(_ operand: Operand, as type: T.Type) throws -> [T] {
    let count = operand.elementCount
    return try withUnsafeTemporaryAllocation(of: T.self, capacity: count) { buffer in
      try backend.read(operand.buffer, offset: 0, into: UnsafeMutableRawBufferPointer(buffer))
      return Array(buffer)
    }
  }

  /// The element-wise result of one operation.
  static func apply<R: BitwiseCopyable>(
    _ op: ElementwiseOp, _ dtype: DType, _ operands: [Operand], as type: R.Type
  ) throws -> [R] {
    let program = ElementwiseProgram(
      inputs: operands.map(\.dtype), scalars: [],
      instructions: [
        .init(op: op, dtype: dtype, a: 0, b: operands.count > 1 ? 1 : 0, c: operands.count > 2 ? 2 : 0)
      ],
      outputs: [.init(register: UInt16(operands.count), dtype: op.resultType(dtype))])
    let output = try empty(operands[0].shape, op.resultType(dtype))
    try backend.run(.elementwise(program, scalars: []), inputs: operands, outputs: [output])
    return try read(output, as: type)
  }
}

/// A simple generator with a fixed seed (xorshift64*).
struct TestGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func next() -> UInt64 {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return state &* 0x2545_F491_4F6C_DD1D
  }
}

/// Distance of a float32 from a float64 reference, in units of the reference's last place.
func ulps(_ value: Float, _ reference: Double) -> Double {
  let nearest = Float(reference)
  if nearest.isNaN || value.isNaN { return nearest.isNaN == value.isNaN ? 0 : .infinity }
  if nearest.isInfinite || value.isInfinite {
    if nearest == value { return 0 }
    // The neighbour of infinity is the largest number.
    return max(nearest.magnitude.nextDown, value.magnitude.nextDown) == Float.greatestFiniteMagnitude
      && min(nearest.magnitude, value.magnitude) == Float.greatestFiniteMagnitude ? 1 : .infinity
  }
  return abs(Double(value) - reference) / Double(max(nearest.ulp, Float.leastNonzeroMagnitude))
}
