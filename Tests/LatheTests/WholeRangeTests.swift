import Foundation
import Lathe
import TestSupport
import Testing

extension AllTests {
  /// Functions over the whole range of float32 against float64; all magnitudes side by side, so that one element could
  /// disturb its neighbours in a vector.
  @Suite("Functions over the whole range", .serialized)
  struct WholeRange {
    private struct Row: Sendable {
      var name: String
      /// The error allowed, in units of the last place.
      var ulps: Double
      var run: @Sendable (Tensor) -> Tensor
      var reference: @Sendable (Double) -> Double
    }

    private static let rows: [Row] = [
      Row(name: "sin", ulps: 2, run: { $0.sin() }, reference: { sin($0) }),
      Row(name: "cos", ulps: 2, run: { $0.cos() }, reference: { cos($0) }),
      Row(name: "exp", ulps: 2, run: { $0.exp() }, reference: { exp($0) }),
      Row(name: "expm1", ulps: 3, run: { $0.expm1() }, reference: { expm1($0) }),
      Row(name: "log", ulps: 2, run: { $0.log() }, reference: { log($0) }),
      Row(name: "log1p", ulps: 3, run: { $0.log1p() }, reference: { log1p($0) }),
      Row(name: "sqrt", ulps: 0.6, run: { $0.sqrt() }, reference: { $0.squareRoot() }),
      Row(name: "rsqrt", ulps: 1.6, run: { $0.rsqrt() }, reference: { 1 / $0.squareRoot() }),
      Row(name: "reciprocal", ulps: 0.6, run: { $0.reciprocal() }, reference: { 1 / $0 }),
      Row(name: "tanh", ulps: 3, run: { $0.tanh() }, reference: { tanh($0) }),
      Row(name: "sigmoid", ulps: 3, run: { $0.sigmoid() }, reference: { 1 / (1 + exp(-$0)) }),
      Row(name: "erf", ulps: 3, run: { $0.erf() }, reference: { erf($0) }),
      Row(
        name: "softplus", ulps: 3, run: { $0.softplus() },
        reference: { $0.isNaN ? $0 : max($0, 0) + log1p(exp(-abs($0))) }),
      Row(name: "tan", ulps: 2, run: { $0.tan() }, reference: { tan($0) }),
      Row(name: "asin", ulps: 2, run: { $0.asin() }, reference: { asin($0) }),
      Row(name: "acos", ulps: 2, run: { $0.acos() }, reference: { acos($0) }),
      Row(name: "atan", ulps: 2, run: { $0.atan() }, reference: { atan($0) }),
      Row(name: "sinh", ulps: 2, run: { $0.sinh() }, reference: { sinh($0) }),
      Row(name: "cosh", ulps: 2, run: { $0.cosh() }, reference: { cosh($0) }),
      Row(name: "asinh", ulps: 2, run: { $0.asinh() }, reference: { asinh($0) }),
      Row(name: "acosh", ulps: 2, run: { $0.acosh() }, reference: { acosh($0) }),
      Row(name: "atanh", ulps: 2, run: { $0.atanh() }, reference: { atanh($0) }),
      Row(
        name: "atan2 of 0.7", ulps: 2, run: { Tensor(Float(0.7), device: $0.device).atan2($0) },
        reference: { atan2(Double(Float(0.7)), $0) }),
      Row(
        name: "atan2 by -3", ulps: 2, run: { $0.atan2(Tensor(Float(-3), device: $0.device)) },
        reference: { atan2($0, -3) }),
      Row(name: "floor", ulps: 0, run: { $0.floor() }, reference: { floor($0) }),
      Row(name: "ceil", ulps: 0, run: { $0.ceil() }, reference: { ceil($0) }),
      Row(name: "round", ulps: 0, run: { $0.round() }, reference: { $0.rounded(.toNearestOrEven) }),
      Row(
        name: "remainder by 3.7", ulps: 0.6, run: { $0 % Float(3.7) },
        reference: { floored($0, Double(Float(3.7))) }),
      Row(
        name: "remainder of 1e30", ulps: 0.6, run: { Float(1e30) % $0 },
        reference: { floored(Double(Float(1e30)), $0) }),
      Row(name: "pow 2.7", ulps: 3, run: { $0.pow(Float(2.7)) }, reference: { pow($0, Double(Float(2.7))) }),
      Row(name: "pow -3", ulps: 3, run: { $0.pow(Float(-3)) }, reference: { pow($0, -3) }),
    ]

    /// The remainder with the divisor's sign.
    private static func floored(_ a: Double, _ b: Double) -> Double {
      let r = fmod(a, b)
      return r != 0 && (r < 0) != (b < 0) ? Double(Float(r)) + b : r
    }

    private static let values: [Float] = {
      var random = TestRandom("whole range")
      var list: [Float] = [
        0, -0.0, 1e-40, -1e-40, 1e-38, 1e-8, .leastNonzeroMagnitude, .leastNormalMagnitude, .infinity,
        -.infinity, .nan, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 8192, 8192.001, -8193, 0x1p20,
        0x1.000002p20, 1e30, 0x1p24, 0x1.8p23, 5.5e-45,
        // Close to multiples of pi / 2: the last found by a search through all numbers.
        .pi, .pi / 2, 22, 355, 710, 103993, 0x1.4d1cf6p27, 0x1.f37646p25, -0x1.61de28p113, 0x1.70a79ep77,
        0x1.1992b4p12, 0x1.ce54fep9,
      ]
      while list.count < 12_000 {
        switch list.count % 4 {
        case 0: list.append(Float(random.uniform(-100, 100)))
        case 1: list.append(Float(Double(random.integer(1, 6000)) * .pi / 2))
        // For functions of -1...1 and their inverses.
        case 2 where list.count % 8 == 2: list.append(Float(random.uniform(-1.2, 1.2)))
        default: list.append(Float(bitPattern: UInt32(truncatingIfNeeded: random.next())))
        }
      }
      return list
    }()

    @Test(arguments: TestDevice.all)
    func functions(_ device: Device) throws {
      let x = try Tensor(Self.values, device: device).computed()
      for first in stride(from: 0, to: Self.rows.count, by: 5) {
        let rows = Self.rows[first..<min(first + 5, Self.rows.count)]
        let results = rows.map { $0.run(x) }
        // One kernel for several.
        TensorLists.compute([results])
        for (row, result) in zip(rows, results) { try check(row, result.scalars(), device) }
      }
    }

    private func check(_ row: Row, _ found: [Float], _ device: Device) throws {
      var worst = (error: 0.0, at: 0)
      for (i, x) in Self.values.enumerated() {
        let error = Self.error(found[i], row.reference(Double(x)))
        if error > worst.error { worst = (error, i) }
      }
      let x = Self.values[worst.at]
      #expect(
        worst.error <= row.ulps,
        "\(row.name)(\(x)) = \(found[worst.at]), not \(row.reference(Double(x))): \(worst.error) ulp")
    }

    /// In units of the last place; 0 must have its sign.
    private static func error(_ found: Float, _ expected: Double) -> Double {
      let nearest = Float(expected)
      if nearest.isNaN || found.isNaN { return nearest.isNaN == found.isNaN ? 0 : .infinity }
      if nearest == 0 && found == 0 { return nearest.sign == found.sign ? 0 : .infinity }
      if nearest.isInfinite || found.isInfinite {
        let low = min(nearest.magnitude, found.magnitude)
        return nearest == found ? 0 : low == .greatestFiniteMagnitude ? 1 : .infinity
      }
      return abs(Double(found) - expected) / Double(nearest.ulp)
    }
  }
}
