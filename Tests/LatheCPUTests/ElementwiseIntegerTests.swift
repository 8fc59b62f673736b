import LatheCPU
import LatheCore
import Testing

/// Every operation on whole numbers and bool against Swift's own arithmetic.
@Suite struct ElementwiseIntegerTests {
  @Test func int32() throws { try check(Int32.self, .int32) }
  @Test func int64() throws { try check(Int64.self, .int64) }
  @Test func uint8() throws { try check(UInt8.self, .uint8) }

  private func check<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, _ dtype: DType) throws {
    var generator = TestGenerator(7)
    let edges: [T] = [0, 1, 2, 3, 7, .max, .min, .max - 1, .min + 1, 0 &- 1, 0 &- 2]
    var a: [T] = []
    var b: [T] = []
    for x in edges {
      for y in edges {
        a.append(x)
        b.append(y)
      }
    }
    for i in 0..<5_000 {
      a.append(T.random(in: .min ... .max, using: &generator))
      b.append(
        i % 2 == 0 ? T.random(in: .min ... .max, using: &generator) : T.random(in: 0...9, using: &generator))
    }
    let x = try CPU.operand(a, dtype)
    let y = try CPU.operand(b, dtype)
    func power(_ base: T, _ exponent: T) -> T {
      if exponent < 0 {
        if base == 1 { return 1 }
        return T.isSigned && base == 0 &- 1 ? (exponent & 1 == 0 ? 1 : base) : 0
      }
      var result: T = 1
      var square = base
      var left = exponent
      while left > 0 {
        if left & 1 == 1 { result = result &* square }
        square = square &* square
        left >>= 1
      }
      return result
    }
    func remainder(_ a: T, _ b: T) -> T {
      if b == 0 || (T.isSigned && b == 0 &- 1) { return 0 }
      let r = a % b
      return r != 0 && (r < 0) != (b < 0) ? r + b : r
    }
    let unary: [(ElementwiseOp, (T) -> T)] = [
      (.negate, { 0 &- $0 }), (.absolute, { $0 < 0 ? 0 &- $0 : $0 }), (.square, { $0 &* $0 }),
      (.sign, { $0 > 0 ? 1 : $0 < 0 ? 0 &- 1 : 0 }), (.relu, { $0 < 0 ? 0 : $0 }),
    ]
    for (op, reference) in unary {
      #expect(try CPU.apply(op, dtype, [x], as: T.self) == a.map(reference), "\(op)")
    }
    let binary: [(ElementwiseOp, (T, T) -> T)] = [
      (.add, { $0 &+ $1 }), (.subtract, { $0 &- $1 }), (.multiply, { $0 &* $1 }), (.power, power),
      (.minimum, { min($0, $1) }), (.maximum, { max($0, $1) }), (.remainder, remainder),
    ]
    for (op, reference) in binary {
      #expect(try CPU.apply(op, dtype, [x, y], as: T.self) == zip(a, b).map(reference), "\(op)")
    }
    let comparisons: [(ElementwiseOp, (T, T) -> Bool)] = [
      (.equal, { $0 == $1 }), (.notEqual, { $0 != $1 }), (.less, { $0 < $1 }), (.lessEqual, { $0 <= $1 }),
      (.greater, { $0 > $1 }), (.greaterEqual, { $0 >= $1 }),
    ]
    for (op, reference) in comparisons {
      #expect(
        try CPU.apply(op, dtype, [x, y], as: UInt8.self) == zip(a, b).map { reference($0, $1) ? 1 : 0 },
        "\(op)")
    }
    let low = try CPU.operand([T](repeating: 2, count: a.count), dtype)
    let high = try CPU.operand([T](repeating: 100, count: a.count), dtype)
    #expect(try CPU.apply(.clamp, dtype, [x, low, high], as: T.self) == a.map { min(max($0, 2), 100) })
    let condition = try CPU.operand(a.map { $0 > 1 ? UInt8(1) : 0 }, .bool)
    #expect(
      try CPU.apply(.select, dtype, [condition, x, y], as: T.self) == zip(a, b).map { $0 > 1 ? $0 : $1 })
    #expect(try CPU.apply(.toFloat32, dtype, [x], as: Float.self) == a.map { Float($0) })
    #expect(try CPU.apply(.toInt32, dtype, [x], as: Int32.self) == a.map { Int32(truncatingIfNeeded: $0) })
    #expect(try CPU.apply(.toInt64, dtype, [x], as: Int64.self) == a.map { Int64(truncatingIfNeeded: $0) })
    #expect(try CPU.apply(.toUInt8, dtype, [x], as: UInt8.self) == a.map { UInt8(truncatingIfNeeded: $0) })
    #expect(try CPU.apply(.toBool, dtype, [x], as: UInt8.self) == a.map { $0 != 0 ? 1 : 0 })
  }

  @Test func bool() throws {
    let a: [UInt8] = (0..<100).map { $0 / 2 % 2 }
    let b: [UInt8] = (0..<100).map { $0 % 2 }
    let x = try CPU.operand(a, .bool)
    let y = try CPU.operand(b, .bool)
    let rows: [(ElementwiseOp, (Bool, Bool) -> Bool)] = [
      (.logicalAnd, { $0 && $1 }), (.logicalOr, { $0 || $1 }), (.logicalXor, { $0 != $1 }),
      (.equal, { $0 == $1 }),
      (.notEqual, { $0 != $1 }), (.minimum, { $0 && $1 }), (.maximum, { $0 || $1 }), (.less, { !$0 && $1 }),
      (.greater, { $0 && !$1 }), (.lessEqual, { !$0 || $1 }), (.greaterEqual, { $0 || !$1 }),
    ]
    for (op, reference) in rows {
      let expected = zip(a, b).map { reference($0 != 0, $1 != 0) ? UInt8(1) : 0 }
      #expect(try CPU.apply(op, .bool, [x, y], as: UInt8.self) == expected, "\(op)")
    }
    #expect(try CPU.apply(.logicalNot, .bool, [x], as: UInt8.self) == a.map { 1 - $0 })
    #expect(try CPU.apply(.toFloat32, .bool, [x], as: Float.self) == a.map { Float($0) })
    #expect(try CPU.apply(.toInt64, .bool, [x], as: Int64.self) == a.map { Int64($0) })
    #expect(try CPU.apply(.select, .bool, [x, y, x], as: UInt8.self) == zip(a, b).map { $0 != 0 ? $1 : $0 })
  }

  @Test func everyDefinedPairHasAKernel() throws {
    for op in ElementwiseOp.allCases {
      for dtype in [DType.float32, .float64, .int32, .int64, .uint8, .bool] where op.isDefined(on: dtype) {
        let zeros = try CPU.operand([UInt8](repeating: 0, count: 8 * 8), .uint8)
        var operands = (0..<op.arity).map { _ in
          Operand(buffer: zeros.buffer, layout: Layout([8]), dtype: dtype)
        }
        if op == .select { operands[0].dtype = .bool }
        let result = try CPU.apply(op, dtype, operands, as: UInt8.self)
        #expect(result.count == 8)
      }
    }
  }
}
