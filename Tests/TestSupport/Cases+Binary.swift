import Glibc
import Lathe

extension OpCase {
  /// Pairs of shapes that broadcast, and what each looks like.
  private static let pairs: [([Int], [Int])] = [
    ([7], [7]), ([4, 1], [1, 5]), ([3, 1, 2], [4, 1]), ([], [6]), ([33], []), ([0], [1]), ([2, 0, 3], [3]),
    ([64, 65], [65]), ([31, 33], [31, 1]), ([1], [2, 3, 4]), ([2, 3, 4, 5], [3, 1, 5]),
  ]

  static let binaryCases: [OpCase] = {
    var cases: [OpCase] = []
    func add(
      _ name: String, _ left: Values, _ right: Values, smooth: Bool = true,
      gradient: [Int] = [0, 1], _ run: @escaping @Sendable (Tensor, Tensor) -> Tensor,
      _ reference: @escaping @Sendable (Double, Double) -> Double
    ) {
      for (a, b) in [([65], [65]), ([3, 7], [7]), ([5, 1], [1, 3])] {
        cases.append(
          OpCase(
            "\(name) \(a) \(b)", [.float(a, left), .float(b, right)], gradient: gradient,
            secondOrder: smooth && a.count == 2, run: { run($0[0], $0[1]) },
            reference: { NDArray.zip($0[0], $0[1], reference) }))
      }
    }
    let any = Values.uniform(-3, 3)
    add("add", any, any, { $0 + $1 }, +)
    add("subtract", any, any, { $0 - $1 }, -)
    add("multiply", any, any, { $0 * $1 }, *)
    add("divide", any, .signed(0.5, 3), { $0 / $1 }, /)
    add("pow", .uniform(0.3, 3), .uniform(-2, 2), { $0.pow($1) }, { Glibc.pow($0, $1) })
    add("minimum", .distinct(-3, 3), .distinct(-2.9, 2.8), smooth: false, { $0.minimum($1) }, Scalar.minimum)
    add("maximum", .distinct(-3, 3), .distinct(-2.9, 2.8), smooth: false, { $0.maximum($1) }, Scalar.maximum)
    add("remainder", .uniform(0.1, 0.6), .signed(0.7, 0.9), smooth: false, { $0 % $1 }, Scalar.remainder)
    add("atan2", .signed(0.5, 3), .signed(0.5, 3), { $0.atan2($1) }, { Glibc.atan2($0, $1) })
    add(
      "floorDivide", .uniform(-3, 3), .signed(0.7, 0.9), smooth: false, gradient: [],
      { $0.floorDivide($1) }, { ($0 / $1).rounded(.down) })
    for (a, b) in pairs {
      cases.append(
        OpCase(
          "multiply broadcast \(a) \(b)", [.float(a), .float(b)],
          gradient: a.count <= 3 && b.count <= 3 ? [0, 1] : [],
          views: true, run: { $0[0] * $0[1] }, reference: { $0[0] * $0[1] }))
    }
    for condition in [[5, 7], [7], [5, 1]] {
      cases.append(
        OpCase(
          "select \(condition)", [InputSpec(condition, .bool, .bools), .float([5, 7]), .float([7])],
          gradient: [1, 2], secondOrder: true, views: true, run: { Tensor.where($0[0], $0[1], $0[2]) },
          reference: { NDArray.where($0[0], $0[1], $0[2]) }))
    }
    cases.append(
      OpCase(
        "multiply itself", [.float([9])], gradient: [0], secondOrder: true, run: { $0[0] * $0[0] + $0[0] },
        reference: { $0[0] * $0[0] + $0[0] }))
    let special: Values = .list([.nan, 1, .infinity, -.infinity, 0, 2, .nan, -0.0])
    let other: Values = .list([1, .nan, .infinity, 1, 0, -.infinity, .nan])
    func extreme(
      _ name: String, _ run: @escaping @Sendable (Tensor, Tensor) -> Tensor,
      _ reference: @escaping @Sendable (Double, Double) -> Double
    ) {
      cases.append(
        OpCase(
          "\(name) special values", [.float([56], special), .float([56], other)], run: { run($0[0], $0[1]) },
          reference: { NDArray.zip($0[0], $0[1], reference) }))
    }
    extreme("add", { $0 + $1 }, +)
    extreme("multiply", { $0 * $1 }, *)
    extreme("divide", { $0 / $1.abs() }, { $0 / Swift.abs($1) })
    extreme("atan2", { $0.atan2($1) }, { Glibc.atan2($0, $1) })
    extreme("minimum of two", { $0.minimum($1) }, Scalar.minimum)
    extreme("maximum of two", { $0.maximum($1) }, Scalar.maximum)
    cases.append(
      OpCase(
        "pow exponents",
        [
          .float([8], .list([-2, -2, -2, 0, 0, 2, 9, -3])),
          .float([8], .list([2, 3, -1, 0, 2, 0.5, 0.5, 0])),
        ],
        run: { $0[0].pow($0[1]) }, reference: { NDArray.zip($0[0], $0[1]) { Glibc.pow($0, $1) } }))
    cases.append(
      OpCase(
        "remainder signs",
        [.float([8], .list([5, -5, 5, -5, 6, -6, 5.5, 0])), .float([8], .list([3, 3, -3, -3, 3, -3, -2]))],
        run: { $0[0] % $0[1] }, reference: { NDArray.zip($0[0], $0[1], Scalar.remainder) }))
    return cases
  }()

  static let comparisonCases: [OpCase] = {
    var cases: [OpCase] = []
    let comparisons: [(String, @Sendable (Tensor, Tensor) -> Tensor, @Sendable (Double, Double) -> Bool)] = [
      ("equal", { $0 .== $1 }, { $0 == $1 }), ("notEqual", { $0 .!= $1 }, { $0 != $1 }),
      ("less", { $0 .< $1 }, { $0 < $1 }), ("lessEqual", { $0 .<= $1 }, { $0 <= $1 }),
      ("greater", { $0 .> $1 }, { $0 > $1 }), ("greaterEqual", { $0 .>= $1 }, { $0 >= $1 }),
    ]
    for (name, run, reference) in comparisons {
      let values = Values.list([.nan, 1, 2, 3, -1, .infinity, 0])
      cases.append(
        OpCase(
          name, [.float([9, 7], values), .float([9, 1], .list([1, 2, .nan, 0, .infinity]))], dtype: .bool,
          views: name == "less", run: { run($0[0], $0[1]) },
          reference: { NDArray.zip($0[0], $0[1]) { Scalar.truth(reference($0, $1)) } }))
    }
    for dtype in [DType.int32, .int64, .uint8, .bool] {
      // All six in one kernel, each its own bit.
      let values: Values = dtype == .bool ? .bools : .integers(dtype == .uint8 ? 0 : -2, 2)
      cases.append(
        OpCase(
          "comparisons of \(dtype)", [InputSpec([37], dtype, values), InputSpec([37], dtype, values)],
          dtype: .int32,
          run: { x in
            let bits = comparisons.enumerated().map { $1.1(x[0], x[1]).cast(to: .int32) * Int32(1 << $0) }
            return bits.dropFirst().reduce(bits[0]) { $0 + $1 }
          },
          reference: { x in
            NDArray.zip(x[0], x[1]) { a, b in
              comparisons.enumerated().map { Scalar.truth($1.2(a, b)) * Double(1 << $0) }.reduce(0, +)
            }
          }))
    }
    let logic: [(String, @Sendable (Tensor, Tensor) -> Tensor, @Sendable (Bool, Bool) -> Bool)] = [
      ("logicalAnd", { $0 .&& $1 }, { $0 && $1 }), ("logicalOr", { $0 .|| $1 }, { $0 || $1 }),
      ("logicalXor", { $0.logicalXor($1) }, { $0 != $1 }),
    ]
    for (name, run, reference) in logic {
      cases.append(
        OpCase(
          name, [InputSpec([65], .bool, .bools), InputSpec([65], .bool, .bools)], dtype: .bool,
          views: name == "logicalAnd", run: { run($0[0], $0[1]) },
          reference: { NDArray.zip($0[0], $0[1]) { Scalar.truth(reference($0 != 0, $1 != 0)) } }))
    }
    cases.append(
      OpCase(
        "logicalNot", [InputSpec([65], .bool, .bools)], dtype: .bool, run: { .!$0[0] },
        reference: { $0[0].map { 1 - $0 } }))
    cases.append(
      OpCase(
        "logicalNot float32", [.float([6], .list([0, 1, -2, 0.5, .infinity]))], dtype: .bool,
        run: { $0[0].logicalNot() }, reference: { $0[0].map { Scalar.truth($0 == 0) } }))
    return cases
  }()
}
