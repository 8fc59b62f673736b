import Foundation
import LatheCPU
import LatheCore
import Testing

/// Every float32 operation against Foundation in float64.
@Suite struct ElementwiseFloatTests {
  static let edges: [Float] = [
    0, -0.0, 1, -1, 0.5, -0.5, 1.5, 2.5, -1.5, -2.5, 2, -2, 3, -3, 10, -10, 17.3, -17.3, 87.3, -87.3, 88.5,
    88.8,
    89.5, -88.5, -100, -103.5, -104.5, 1e-10, -1e-10, 1e-30, -1e-30, 0x1p-133, -0x1p-133, 1e10, -1e10, 1e30,
    -1e30,
    0.625, 0.9, -0.9, 0.7071068, 1.4142135, 0.99999994, 1.0000001, -0.99999994, .infinity, -.infinity, .nan,
    .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNormalMagnitude, .leastNonzeroMagnitude,
    -.leastNonzeroMagnitude, 8_388_607.5, 16_777_216, 1_048_576, 1_048_577, 123_456_792, .pi, -.pi / 2,
    6.2831855,
  ]

  static func values(_ seed: UInt64, count: Int = 60_000) -> [Float] {
    var generator = TestGenerator(seed)
    var result = edges
    // Around 1, over ordinary magnitudes, and over all bit patterns.
    for i in 0..<count {
      switch i % 3 {
      case 0: result.append(Float.random(in: -12...12, using: &generator))
      case 1:
        result.append(
          Float.random(in: -1...1, using: &generator)
            * exp2(Float(Int.random(in: -20...7, using: &generator))))
      default: result.append(Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &generator)))
      }
    }
    return result
  }

  /// An operation, its reference, and the error allowed: `ulp` units, or `absolute` where that is larger.
  struct Row: Sendable, CustomTestStringConvertible {
    let op: ElementwiseOp
    var ulp = 0.5001
    var absolute: @Sendable (Double) -> Double = { _ in 0 }
    let reference: @Sendable (Double) -> Double
    var testDescription: String { "\(op)" }
  }

  static let unary: [Row] = [
    Row(op: .negate) { -$0 },
    Row(op: .absolute) { abs($0) },
    Row(op: .sign) { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 },
    Row(op: .exp, ulp: 1.5) { exp($0) },
    Row(op: .expm1, ulp: 0.51) { expm1($0) },
    Row(op: .log, ulp: 1.5) { log($0) },
    Row(op: .log1p, ulp: 0.51) { log1p($0) },
    Row(op: .sqrt) { sqrt($0) },
    Row(op: .rsqrt, ulp: 1.5) { 1 / sqrt($0) },
    Row(op: .square) { $0 * $0 },
    Row(op: .reciprocal) { 1 / $0 },
    Row(op: .sin, ulp: 0.6) { sin($0) },
    Row(op: .cos, ulp: 0.6) { cos($0) },
    Row(op: .tanh, ulp: 2) { tanh($0) },
    Row(op: .sigmoid, ulp: 2.5) { $0 < 0 ? exp($0) / (1 + exp($0)) : 1 / (1 + exp(-$0)) },
    Row(op: .erf, ulp: 2.5) { erf($0) },
    Row(op: .relu) { $0 < 0 ? 0 : $0 },
    Row(op: .gelu, ulp: 3, absolute: { 1.5e-7 * abs($0) }) {
      0.5 * $0 * erfc(-$0 / 2.0.squareRoot())
    },
    Row(op: .geluTanh, ulp: 4, absolute: { 1.5e-7 * abs($0) }) {
      let u = (2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0)
      return $0 == -.infinity ? .nan : $0 / (1 + exp(-2 * u))
    },
    Row(op: .silu, ulp: 3, absolute: { 2e-45 * abs($0) }) {
      $0 < 0 ? $0 * exp($0) / (1 + exp($0)) : $0 / (1 + exp(-$0))
    },
    Row(op: .softplus, ulp: 2) { $0.isNaN ? $0 : max($0, 0) + log1p(exp(-abs($0))) },
    Row(op: .floor) { floor($0) },
    Row(op: .ceil) { ceil($0) },
    Row(op: .round) { $0.rounded(.toNearestOrEven) },
  ]

  @Test(arguments: unary) func unaryAgrees(row: Row) throws {
    let x = Self.values(UInt64(row.op.rawValue) + 1)
    let y = try CPU.apply(row.op, .float32, [CPU.operand(x)], as: Float.self)
    var worst = (error: 0.0, at: 0)
    for i in x.indices {
      let expected = row.reference(Double(x[i]))
      if Float(expected).isFinite && abs(Double(y[i]) - expected) <= row.absolute(Double(x[i])) { continue }
      let error = ulps(y[i], expected)
      if error > worst.error { worst = (error, i) }
    }
    let i = worst.at
    #expect(
      worst.error <= row.ulp,
      "\(row.op)(\(x[i])) = \(y[i]), not \(row.reference(Double(x[i]))): \(worst.error) ulp")
  }

  static let binary: [(op: ElementwiseOp, ulp: Double, reference: @Sendable (Double, Double) -> Double)] = [
    (.add, 0.5001, { $0 + $1 }), (.subtract, 0.5001, { $0 - $1 }), (.multiply, 0.5001, { $0 * $1 }),
    (.divide, 0.5001, { $0 / $1 }), (.power, 0.51, { pow($0, $1) }),
    (.minimum, 0, { $0.isNaN || $1.isNaN ? .nan : min($0, $1) }),
    (.maximum, 0, { $0.isNaN || $1.isNaN ? .nan : max($0, $1) }),
    (
      .remainder, 0.5001,
      { a, b in
        let r = fmod(a, b)
        return r != 0 && (r < 0) != (b < 0) ? Double(Float(r)) + b : r
      }
    ),
    (.leakyReLU, 0.5001, { $0 >= 0 ? $0 : $0 * $1 }),
    (.elu, 1.5, { $0 > 0 ? $0 : $1 * expm1($0) }),
  ]

  @Test(arguments: binary.indices) func binaryAgrees(index: Int) throws {
    let row = Self.binary[index]
    var a = Self.values(41)
    var b = Array(Self.values(43).reversed())
    for x in Self.edges {
      for y in Self.edges {
        a.append(x)
        b.append(y)
      }
    }
    let y = try CPU.apply(row.op, .float32, [CPU.operand(a), CPU.operand(b)], as: Float.self)
    var worst = (error: 0.0, at: 0)
    for i in a.indices {
      let error = ulps(y[i], row.reference(Double(a[i]), Double(b[i])))
      if error > worst.error { worst = (error, i) }
    }
    let i = worst.at
    #expect(
      worst.error <= row.ulp,
      "\(row.op)(\(a[i]), \(b[i])) = \(y[i]), not \(row.reference(Double(a[i]), Double(b[i]))): \(worst.error) ulp"
    )
  }

  @Test func comparisonsClampAndIsNaN() throws {
    let a = Self.values(5)
    let b = a.indices.map { $0 % 3 == 0 ? a[$0] : a[a.count - 1 - $0] }
    let x = try CPU.operand(a)
    let y = try CPU.operand(b)
    let rows: [(ElementwiseOp, (Float, Float) -> Bool)] = [
      (.equal, { $0 == $1 }), (.notEqual, { $0 != $1 }), (.less, { $0 < $1 }), (.lessEqual, { $0 <= $1 }),
      (.greater, { $0 > $1 }), (.greaterEqual, { $0 >= $1 }),
    ]
    for (op, reference) in rows {
      let result = try CPU.apply(op, .float32, [x, y], as: UInt8.self)
      #expect(result == zip(a, b).map { reference($0, $1) ? 1 : 0 }, "\(op)")
    }
    #expect(try CPU.apply(.isNaN, .float32, [x], as: UInt8.self) == a.map { $0.isNaN ? 1 : 0 })
    let low = [Float](repeating: -2, count: a.count)
    let high = [Float](repeating: 3, count: a.count)
    let clamped = try CPU.apply(
      .clamp, .float32, [x, CPU.operand(low), CPU.operand(high)], as: Float.self)
    #expect(zip(clamped, a).allSatisfy { $0.isNaN ? $1.isNaN : $0 == min(max($1, -2), 3) })
    let condition = try CPU.operand(a.map { $0 > 1 ? UInt8(1) : 0 }, .bool)
    let selected = try CPU.apply(.select, .float32, [condition, x, y], as: Float.self)
    #expect(a.indices.allSatisfy { ulps(selected[$0], Double(a[$0] > 1 ? a[$0] : b[$0])) == 0 })
  }

  @Test func conversionsFromFloat() throws {
    let a = Self.values(6)
    let x = try CPU.operand(a)
    let saturated = a.map { ScalarValue.float(Double($0)).intValue }
    #expect(try CPU.apply(.toInt64, .float32, [x], as: Int64.self) == saturated)
    #expect(
      try CPU.apply(.toInt32, .float32, [x], as: Int32.self) == saturated.map { Int32(clamping: $0) })
    #expect(try CPU.apply(.toUInt8, .float32, [x], as: UInt8.self) == saturated.map { UInt8(clamping: $0) })
    #expect(try CPU.apply(.toBool, .float32, [x], as: UInt8.self) == a.map { $0 != 0 ? 1 : 0 })
    let kept = try CPU.apply(.toFloat32, .float32, [x], as: Float.self)
    #expect(zip(kept, a).allSatisfy { $0.bitPattern == $1.bitPattern })
  }
}
