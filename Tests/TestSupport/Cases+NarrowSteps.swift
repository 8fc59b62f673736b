import Lathe

extension OpCase {
  /// Element-wise steps of whole-number types that are only stored, against Swift's own arithmetic on the same type: all
  /// pairs of the type's ends, small numbers and some between.
  static let narrowStepCases: [OpCase] =
    steps(Int8.self, .int8) + steps(UInt32.self, .uint32)
    // What is computed in int32, too: reading, storing and wrapping around differ.
    + steps(Int16.self, .int16).prefix(3) + steps(UInt16.self, .uint16).prefix(3)

  private static func steps<T: FixedWidthInteger & Sendable>(_ type: T.Type, _ dtype: DType) -> [OpCase] {
    let numbers = NarrowNumbers.samples(type)
    func step(
      _ name: String, views: Bool = false, _ run: @escaping @Sendable (Tensor, Tensor) -> Tensor,
      _ reference: @escaping @Sendable (T, T) -> T
    ) -> OpCase {
      OpCase(
        "\(name) \(dtype)",
        [
          InputSpec([numbers.count, 1], dtype, .list(numbers)),
          InputSpec([numbers.count], dtype, .list(numbers.reversed())),
        ],
        dtype: dtype, views: views, run: { run($0[0], $0[1]) },
        reference: { x in NDArray.zip(x[0], x[1]) { Double(reference(T($0), T($1))) } })
    }
    return [
      step("joined steps", views: true, { ($0 + $1) * $0 - $1 }, { ($0 &+ $1) &* $0 &- $1 }),
      step("quotients", { $0.floorDivide($1) ^ ($0 % $1) }) {
        NarrowNumbers.quotient($0, $1) ^ NarrowNumbers.remainder($0, $1)
      },
      step(
        "comparisons",
        { Tensor.where((($0 + $1) .< $0) .|| (($0 - $1) .== $1) .|| ($0 .>= $1), $0, $1 * 3) }
      ) { $0 &+ $1 < $0 || $0 &- $1 == $1 || $0 >= $1 ? $0 : $1 &* 3 },
      step("pow", { $0.pow($1) }, NarrowNumbers.power),
      step("signs", { $0.abs() ^ -$1 ^ ($0 + $1).sign() ^ $1.relu() ^ $0.square() }) { a, b in
        let sum = a &+ b
        let sign: T = sum == 0 ? 0 : (sum > 0 ? 1 : 0 &- 1)
        return (a < 0 ? 0 &- a : a) ^ (0 &- b) ^ sign ^ max(b, 0) ^ (a &* a)
      },
      step("bits", { (($0 & $1) | ~$0) ^ $1 }, { (($0 & $1) | ~$0) ^ $1 }),
      step("shifts", { ($0 << $1) ^ ($0 >> $1) ^ ($0 << 3) ^ ($1 >> 1) }) { a, b in
        let inside = b >= 0 && b < T.bitWidth
        let right: T = inside ? a >> b : (a < 0 ? 0 &- 1 : 0)
        return (inside ? a << b : 0) ^ right ^ (a << 3) ^ (b >> 1)
      },
      step("extremes", { ($0 + 1).minimum($1).maximum($0 - $1).clamped(2, 100) }) {
        min(max(max(min($0 &+ 1, $1), $0 &- $1), 2), 100)
      },
      step("numbers beside", { 7 - $0 * 2 + (5 % ($1 | 1)) }) {
        7 &- $0 &* 2 &+ NarrowNumbers.remainder(5, $1 | 1)
      },
    ]
  }
}

/// Numbers of a whole-number type and its arithmetic, as Swift has it.
enum NarrowNumbers {
  /// The ends of a type, numbers around 0 and others.
  static func samples<T: FixedWidthInteger>(_ type: T.Type) -> [Double] {
    let ends: [T] = [0, 1, 2, 3, 7, 8, .max, .max - 1, .min, .min + 1, 0 &- 1, 0 &- 2, .max / 2 + 1]
    var random = TestRandom("\(type)")
    return (ends + (0..<6).map { _ in T(truncatingIfNeeded: random.next()) }).map { Double($0) }
  }

  /// The elements and 1, wrapped around.
  static func incremented(_ x: NDArray, _ dtype: DType) -> NDArray {
    guard let range = dtype.wholeNumbers else { return x }
    return x.map { $0 == Double(range.upperBound) ? Double(range.lowerBound) : $0 + 1 }
  }

  /// Rounded down; 0 for a divisor of 0.
  static func quotient<T: FixedWidthInteger>(_ a: T, _ b: T) -> T {
    if b == 0 { return 0 }
    let (quotient, overflows) = a.dividedReportingOverflow(by: b)
    if overflows { return 0 &- a }
    return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient
  }

  /// With the divisor's sign; 0 for a divisor of 0.
  static func remainder<T: FixedWidthInteger>(_ a: T, _ b: T) -> T {
    if b == 0 || (T.isSigned && b == 0 &- 1) { return 0 }
    let r = a % b
    return r != 0 && (r < 0) != (b < 0) ? r + b : r
  }

  /// Wraps around; of negative exponents only 1 and -1 leave something.
  static func power<T: FixedWidthInteger>(_ a: T, _ b: T) -> T {
    if b < 0 { return a == 1 ? 1 : (a == 0 &- 1 ? (b & 1 == 0 ? 1 : a) : 0) }
    var (result, square, left): (T, T, T) = (1, a, b)
    while left > 0 {
      if left & 1 == 1 { result = result &* square }
      square = square &* square
      left >>= 1
    }
    return result
  }
}
