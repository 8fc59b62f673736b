import LatheCore
import Testing

import LatheCPU

/// Numbers that look random and are the same in every run.
struct Numbers {
  private var state: UInt64

  init(_ seed: Int) { state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func next() -> Float {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Float(Int64(state >> 40) - (1 << 23)) / Float(1 << 23)
  }

  mutating func floats(_ count: Int) -> [Float] { (0..<count).map { _ in next() } }
}

/// Runs operations of the CPU backend on arrays.
enum Kernel {
  static func operand<T>(_ values: [T], _ shape: Shape, _ dtype: DType) throws -> Operand {
    let buffer = try CPUBackend.shared.allocate(byteCount: values.count * MemoryLayout<T>.stride)
    try values.withUnsafeBytes { try CPUBackend.shared.write($0, to: buffer) }
    return Operand(buffer: buffer, layout: Layout(shape), dtype: dtype)
  }

  static func operand(_ values: [Float], _ shape: Shape? = nil) throws -> Operand {
    try operand(values, shape ?? [values.count], .float32)
  }

  static func values<T>(_ operand: Operand, as type: T.Type, zero: T) throws -> [T] {
    var result = [T](repeating: zero, count: operand.elementCount)
    try result.withUnsafeMutableBytes {
      try CPUBackend.shared.read(operand.buffer, offset: 0, into: $0)
    }
    return result
  }

  static func floats(_ operand: Operand) throws -> [Float] { try values(operand, as: Float.self, zero: 0) }

  /// An output whose old content would show in the result.
  static func output(_ count: Int) throws -> Operand { try operand([Float](repeating: .nan, count: count)) }

  /// Runs an operation with one float output.
  static func run(_ operation: LatheCore.Operation, _ inputs: [Operand], count: Int) throws -> [Float] {
    let result = try output(count)
    try CPUBackend.shared.run(operation, inputs: inputs, outputs: [result])
    return try floats(result)
  }
}

/// Expects agreement within `tolerance` of the largest magnitude involved, NaN where NaN is.
func expectClose(
  _ actual: [Float], _ expected: [Double], tolerance: Double = 2e-6, scale: Double = 1, _ what: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(actual.count == expected.count, "\(what): count", sourceLocation: sourceLocation)
  for (i, (x, y)) in zip(actual, expected).enumerated() {
    let isClose =
      y.isNaN
      ? x.isNaN
      : y.isInfinite ? Double(x) == y : abs(Double(x) - y) <= tolerance * max(scale, abs(y))
    if !isClose {
      Issue.record("\(what): element \(i) is \(x), not \(y)", sourceLocation: sourceLocation)
      return
    }
  }
}
