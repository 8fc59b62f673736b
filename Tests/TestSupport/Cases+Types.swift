import Glibc
import Lathe

extension OpCase {
  /// Whole numbers and truth values.
  static let integerCases: [OpCase] =
    {
      var cases: [OpCase] = []
      func add(
        _ name: String, _ types: [DType], result: DType? = nil, _ left: Values, _ right: Values,
        _ run: @escaping @Sendable (Tensor, Tensor) -> Tensor,
        _ reference: @escaping @Sendable (Double, Double) -> Double
      ) {
        for dtype in types {
          cases.append(
            OpCase(
              "\(name) \(dtype)", [InputSpec([67], dtype, left), InputSpec([67], dtype, right)],
              dtype: result ?? dtype, run: { run($0[0], $0[1]) },
              reference: { NDArray.zip($0[0], $0[1], reference) }))
        }
      }
      let signed: [DType] = [.int32, .int64]
      let whole: [DType] = [.int32, .int64, .uint8]
      add("add", whole, .integers(0, 100), .integers(0, 100), { $0 + $1 }, +)
      add("subtract", [.int64], .integers(-100, 100), .integers(-100, 100), { $0 - $1 }, -)
      add("multiply", signed, .integers(-1000, 1000), .integers(-1000, 1000), { $0 * $1 }, *)
      add("divide", signed, result: .float32, .integers(0, 50), .integers(1, 9), { $0 / $1 }, /)
      add("minimum", [.int64, .uint8], .integers(0, 9), .integers(0, 9), { $0.minimum($1) }, Scalar.minimum)
      add("maximum", [.int32], .integers(-9, 9), .integers(-9, 9), { $0.maximum($1) }, Scalar.maximum)
      add(
        "remainder", signed, .integers(-20, 20), .list([1, 2, 3, 7, -1, -2, -3, -7]), { $0 % $1 },
        Scalar.remainder)
      add("remainder", [.uint8], .integers(0, 200), .integers(1, 9), { $0 % $1 }, Scalar.remainder)
      add("pow", signed, .integers(-4, 4), .integers(0, 6), { $0.pow($1) }, { Glibc.pow($0, $1) })
      add("abs", [.int32], .integers(-9, 9), .integers(0, 0), { ($0 + $1).abs() }, { Swift.abs($0 + $1) })
      add("sign", [.int64], .integers(-3, 3), .integers(0, 0), { ($0 + $1).sign() }, { Scalar.sign($0 + $1) })
      add("relu", [.int32], .integers(-3, 3), .integers(0, 0), { ($0 - $1).relu() }, { Scalar.relu($0 - $1) })
      add(
        "square", [.int64], .integers(-9, 9), .integers(0, 0), { ($0 - $1).square() },
        { ($0 - $1) * ($0 - $1) }
      )
      add("negate", [.int32], .integers(-9, 9), .integers(0, 0), { -$0 + $1 }, { -$0 + $1 })
      add("clamped", signed, .integers(-9, 9), .integers(0, 0), { ($0 + $1).clamped(-3, 4) }) {
        Scalar.clamp($0 + $1, -3, 4)
      }
      add("select", whole, .integers(0, 9), .integers(0, 9), { Tensor.where($0 .< $1, $0, $1 + $1) }) {
        $0 < $1 ? $0 : $1 + $1
      }
      cases.append(
        OpCase(
          "add int32 wraps", [InputSpec([3], .int32, .list([2_147_483_647, -2_147_483_648, 5]))],
          dtype: .int32,
          run: { $0[0] + Int32(1) }, reference: { _ in NDArray([3], [-2_147_483_648, -2_147_483_647, 6]) }))
      cases.append(
        OpCase(
          "add uint8 wraps",
          [InputSpec([3], .uint8, .list([255, 250, 5])), InputSpec([3], .uint8, .list([1, 10, 5]))],
          dtype: .uint8, run: { $0[0] + $0[1] }, reference: { _ in NDArray([3], [0, 4, 10]) }))
      cases.append(
        OpCase(
          "multiply int64 large", [InputSpec([2], .int64, .list([3_000_000_000, -70_000_000]))],
          dtype: .int64,
          run: { $0[0] * Int64(3000) }, reference: { $0[0].map { $0 * 3000 } }))
      return cases
    }() + promotionCases

  /// Chains of types, each step promoting what came before; the table itself is checked without kernels.
  private static let promotionCases: [OpCase] = [
    [DType.bool, .uint8, .int32, .int64], [.int64, .float16, .bfloat16], [.uint8, .bfloat16, .float32],
    [.bool, .int64, .float32], [.int32, .float16], [.bool, .bfloat16, .int32], [.int64, .float32, .float64],
    [.float16, .float64],
  ].map { types in
    OpCase(
      "add \(types)", types.map { InputSpec([5], $0, $0 == .bool ? .bools : .integers(0, 5)) },
      dtype: types.dropFirst().reduce(types[0], DType.promote),
      run: { x in x.dropFirst().reduce(x[0]) { $0 + $1 } },
      reference: { x in x.dropFirst().reduce(x[0]) { $0 + $1 } })
  }

  /// The half types: stored in 16 bits, computed in float32.
  static let halfCases: [OpCase] = [DType.float16, .bfloat16].flatMap { dtype -> [OpCase] in
    func half(_ shape: [Int], _ values: Values = .uniform(-2, 2)) -> InputSpec {
      InputSpec(shape, dtype, values)
    }
    return [
      OpCase(
        "add \(dtype)", [half([65]), half([65])], dtype: dtype, views: true, run: { $0[0] + $0[1] },
        reference: { $0[0] + $0[1] }),
      OpCase("exp \(dtype)", [half([33])], dtype: dtype, run: { $0[0].exp() }, reference: { $0[0].map(exp) }),
      OpCase(
        "exp then log \(dtype)", [half([33])], dtype: dtype,
        tolerance: Tolerance(dtype == .float16 ? 4e-3 : 3e-2, floor: 1),
        run: { $0[0].exp().log() }, reference: { $0[0] }),
      OpCase(
        "sum \(dtype)", [half([64, 33])], dtype: dtype, tolerance: .accumulated, views: true,
        run: { $0[0].sum(axis: 0) }, reference: { $0[0].sum([0]) }),
      OpCase(
        "max \(dtype)", [half([7, 9])], dtype: dtype, run: { $0[0].max(axis: 1) },
        reference: { $0[0].max([1]) }),
      OpCase(
        "mean \(dtype)", [half([7, 9])], dtype: dtype, tolerance: .accumulated, run: { $0[0].mean() },
        reference: { $0[0].mean() }),
      OpCase(
        "matmul \(dtype)", [half([17, 33]), half([33, 9])], dtype: dtype, tolerance: .accumulated,
        views: true,
        run: { $0[0].matmul($0[1]) }, reference: { NDArray.matmul($0[0], $0[1]) }),
      OpCase(
        "softmax \(dtype)", [half([5, 33])], dtype: dtype, run: { $0[0].softmax() },
        reference: { $0[0].softmax() }),
      OpCase(
        "indexSelected \(dtype)", [half([5, 7]), .index([3], .integers(0, 4))], dtype: dtype,
        run: { $0[0].indexSelected(axis: 0, indices: $0[1]) }, reference: { $0[0].indexSelected(0, $0[1]) }),
      OpCase(
        "concatenate \(dtype)", [half([3, 5]), half([2, 5])], dtype: dtype, run: { Tensor.concatenate($0) },
        reference: { NDArray.concatenate($0) }),
      OpCase(
        "sort \(dtype)", [half([3, 17])], dtype: dtype, run: { $0[0].sorted().values },
        reference: { $0[0].sorted() }),
      OpCase(
        "layerNorm \(dtype)", [half([3, 33])], dtype: dtype, tolerance: .accumulated,
        run: { $0[0].layerNorm() },
        reference: { $0[0].layerNorm() }),
      OpCase(
        "special values \(dtype)", [half([6], .list([.nan, .infinity, -.infinity, 0, 1e-7, 300]))],
        dtype: dtype,
        run: { $0[0] * 1 }, reference: { $0[0] }),
    ]
  }

  /// Conversions.
  static let castCases: [OpCase] =
    DType.allCases.flatMap { from in
      // Loading and storing are two halves: every type is loaded, every type stored, and the odd pairs are run.
      let odd: [DType: [DType]] = [
        .float64: DType.allCases, .float16: [.bfloat16, .int32, .float64],
        .int64: [.uint8, .bool, .float16, .float64],
        .uint8: [.int64, .float64], .bool: [.int32, .float64], .int32: [.bool, .float64],
        .bfloat16: [.float16, .float64],
      ]
      return DType.allCases.filter {
        $0 == .float32 || from == .float32 || (odd[from]?.contains($0) ?? false)
      }.map { to in
        let values: Values
        if from == .bool {
          values = .bools
        } else if from.isFloatingPoint {
          values = .list([0, 1, 2.5, 3.75, 100.25, 0.5, 7.99, 65])
        } else {
          // What every type holds.
          values = .integers(0, 100)
        }
        return OpCase(
          "cast \(from) to \(to)", [InputSpec([5, 7], from, values)], dtype: to,
          views: from == .uint8 && to == .float32,
          run: { $0[0].cast(to: to) }, reference: { $0[0].rounded(to: to) })
      }
    } + [
      OpCase(
        "cast negative to int32", [.float([5], .list([-1.5, -0.5, -7.99, 1.99, -100]))], dtype: .int32,
        run: { $0[0].cast(to: .int32) }, reference: { $0[0].rounded(to: .int32) }),
      OpCase(
        "cast to float16 rounds", [.float([6], .list([65504, 65530, 1e-8, 6e-8, 0.1, 2049]))],
        dtype: .float16,
        tolerance: Tolerance(0, floor: 1), run: { $0[0].cast(to: .float16) },
        reference: { $0[0].rounded(to: .float16) }),
      OpCase(
        "cast to bfloat16 rounds", [.float([6], .list([1.00390625, 1.01171875, 3.4e38, 1e-30, 0.1, 257]))],
        dtype: .bfloat16,
        tolerance: Tolerance(0, floor: 1), run: { $0[0].cast(to: .bfloat16) },
        reference: { $0[0].rounded(to: .bfloat16) }),
      OpCase(
        "cast int64 beyond float32",
        [InputSpec([3], .int64, .list([9_007_199_254_740_991, -9_007_199_254_740_991, 16_777_217]))],
        dtype: .int64, run: { $0[0] + 0 }, reference: { $0[0] }),
      OpCase(
        "cast with gradient", [.float([7])], gradient: [0],
        run: { $0[0].cast(to: .float32) * 2 }, reference: { $0[0] * NDArray(2) }),
    ]
}
