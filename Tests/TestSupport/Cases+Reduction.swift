import Glibc
import Lathe

extension OpCase {
  /// Shapes and axes: all, first, middle, last, several, negative, single elements, long rows and columns.
  private static let layouts: [([Int], [Int]?)] = [
    ([], nil), ([1], nil), ([7], [0]), ([33], nil), ([256], nil), ([4097], nil), ([5, 7], nil),
    ([5, 7], [0]), ([5, 7], [1]),
    ([64, 65], [0]), ([65, 64], [-1]), ([3, 4, 5], [1]), ([3, 4, 5], [0, 2]), ([3, 4, 5], [-1, -2]),
    ([2, 3, 4, 5], [1, 3]),
    ([93, 1], [1]), ([1, 93], [0]), ([3, 1000], [1]), ([1000, 3], [0]),
  ]

  static let reductionCases: [OpCase] =
    {
      var cases: [OpCase] = []
      for (shape, axes) in layouts {
        for keepDims in [false, true] where !keepDims || shape.count == 3 {
          let small = shape.reduce(1, *) <= 64
          let suffix = "\(shape) axes \(axes.map { "\($0)" } ?? "all")\(keepDims ? " kept" : "")"
          cases.append(
            OpCase(
              "sum \(suffix)", [.float(shape)], tolerance: .accumulated, gradient: small ? [0] : [],
              secondOrder: shape.count == 3, views: shape.count == 3 || shape == [64, 65],
              run: { $0[0].sum(axes: axes, keepDims: keepDims) },
              reference: { $0[0].sum(axes, keepDims: keepDims) }))
          cases.append(
            OpCase(
              "max \(suffix)", [.float(shape, .distinct(-3, 3))], gradient: small ? [0] : [],
              views: shape.count == 2,
              run: { $0[0].max(axes: axes, keepDims: keepDims) },
              reference: { $0[0].max(axes, keepDims: keepDims) }))
        }
      }
      typealias Run = @Sendable (Tensor, [Int]?, Bool) -> Tensor
      typealias Reference = @Sendable (NDArray, [Int]?, Bool) -> NDArray
      let kinds: [(String, Values, Bool, Run, Reference)] = [
        ("mean", .uniform(-2, 2), true, { $0.mean(axes: $1, keepDims: $2) }, { $0.mean($1, keepDims: $2) }),
        ("prod", .signed(0.5, 1.5), true, { $0.prod(axes: $1, keepDims: $2) }, { $0.prod($1, keepDims: $2) }),
        ("min", .distinct(-3, 3), false, { $0.min(axes: $1, keepDims: $2) }, { $0.min($1, keepDims: $2) }),
        (
          "variance", .uniform(-2, 2), true, { $0.variance(axes: $1, keepDims: $2) },
          { $0.variance($1, keepDims: $2) }
        ),
        (
          "sample variance", .uniform(-2, 2), false, { $0.variance(axes: $1, keepDims: $2, correction: 1) },
          { $0.variance($1, keepDims: $2, correction: 1) }
        ),
        (
          "standardDeviation", .uniform(-2, 2), true, { $0.standardDeviation(axes: $1, keepDims: $2) },
          { $0.standardDeviation($1, keepDims: $2) }
        ),
        (
          "logSumExp", .uniform(-4, 4), true, { $0.logSumExp(axes: $1, keepDims: $2) },
          { $0.logSumExp($1, keepDims: $2) }
        ),
      ]
      for (name, values, smooth, run, reference) in kinds {
        for (shape, axes) in [([11], nil), ([5, 7], [0]), ([5, 7], [1]), ([3, 4, 2], [0, 2])]
          as [([Int], [Int]?)]
        {
          for keepDims in [false, true] where keepDims == (shape.count == 3) {
            cases.append(
              OpCase(
                "\(name) \(shape) axes \(axes.map { "\($0)" } ?? "all")", [.float(shape, values)],
                tolerance: .accumulated, gradient: [0], secondOrder: smooth && axes != nil,
                views: axes == [0] && ["mean", "logSumExp"].contains(name),
                run: { run($0[0], axes, keepDims) }, reference: { reference($0[0], axes, keepDims) }))
          }
        }
      }
      for axis in [0, 1, -1] {
        cases.append(
          OpCase(
            "cumulativeSum axis \(axis)", [.float([5, 7, 3])], tolerance: .accumulated, gradient: [0],
            secondOrder: axis == 1,
            views: true, run: { $0[0].cumulativeSum(axis: axis) }, reference: { $0[0].cumulativeSum(axis) }))
      }
      cases.append(
        OpCase(
          "cumulativeSum [3, 1025]", [.float([3, 1025])], tolerance: .accumulated,
          run: { $0[0].cumulativeSum(axis: 1) }, reference: { $0[0].cumulativeSum(1) }))
      return cases
    }() + emptyReductionCases + largeReductionCases

  private static let emptyReductionCases: [OpCase] = [
    OpCase("sum of nothing", [.float([0])], run: { $0[0].sum() }, reference: { $0[0].sum() }),
    OpCase(
      "sum [3, 0] axis 1", [.float([3, 0])], run: { $0[0].sum(axis: 1) }, reference: { $0[0].sum([1]) }),
    OpCase(
      "sum [0, 3] axis 1", [.float([0, 3])], run: { $0[0].sum(axis: 1) }, reference: { $0[0].sum([1]) }),
    OpCase(
      "prod of nothing", [.float([2, 0])], run: { $0[0].prod(axis: 1) }, reference: { $0[0].prod([1]) }),
    OpCase(
      "any of nothing", [InputSpec([0], .bool, .bools)], dtype: .bool, run: { $0[0].any() },
      reference: { $0[0].any() }),
    OpCase(
      "all of nothing", [InputSpec([0], .bool, .bools)], dtype: .bool, run: { $0[0].all() },
      reference: { $0[0].all() }),
    OpCase("mean of nothing", [.float([0])], run: { $0[0].mean() }, reference: { $0[0].mean() }),
  ]

  private static let largeReductionCases: [OpCase] = [
    // Enough elements that a naive float32 sum would lose digits, and that several threads or groups take part.
    OpCase(
      "sum [300000]", [.float([300_000], .uniform(0, 1))], tolerance: Tolerance(2e-6, floor: nil),
      run: { $0[0].sum() }, reference: { $0[0].sum() }),
    OpCase(
      "sum [3, 40000] axis 1", [.float([3, 40_000], .uniform(0, 1))], tolerance: Tolerance(2e-6, floor: nil),
      run: { $0[0].sum(axis: 1) }, reference: { $0[0].sum([1]) }),
    OpCase(
      "sum [40000, 3] axis 0", [.float([40_000, 3], .uniform(0, 1))], tolerance: Tolerance(2e-6, floor: nil),
      run: { $0[0].sum(axis: 0) }, reference: { $0[0].sum([0]) }),
    OpCase(
      "max [100003]", [.float([100_003], .uniform(-1, 1))], run: { $0[0].max() }, reference: { $0[0].max() }),
    OpCase(
      "variance far from 0", [.float([513], .uniform(1000, 1001))], tolerance: Tolerance(2e-4, floor: nil),
      run: { $0[0].variance() }, reference: { $0[0].variance() }),
    OpCase(
      "logSumExp of large numbers", [.float([4, 5], .uniform(-1000, 1000))],
      run: { $0[0].logSumExp(axis: 1) },
      reference: { $0[0].logSumExp([1]) }),
    OpCase(
      "logSumExp of infinities",
      [.float([3, 2], .list([-.infinity, -.infinity, .infinity, 1, -.infinity, 2]))],
      run: { $0[0].logSumExp(axis: 1) }, reference: { $0[0].logSumExp([1]) }),
    OpCase(
      "prod with zeros", [.float([3, 3], .list([0, 2, 3, 0, 0, 4, 1.5, 2, 3]))], gradient: [0],
      run: { $0[0].prod(axis: 1) }, reference: { $0[0].prod([1]) }),
  ]

  /// Other types, and NaN.
  static let reductionTypeCases: [OpCase] = {
    var cases: [OpCase] = []
    for dtype in [DType.int32, .int64, .uint8, .bool] {
      let values: Values = dtype == .bool ? .bools : .integers(dtype == .uint8 ? 0 : -50, 200)
      let small: Values = dtype == .bool ? .bools : .integers(1, 3)
      let layouts: [([Int], [Int]?)] =
        dtype == .int32 ? [([37], nil), ([5, 7], [0]), ([5, 7], [1])] : [([5, 7], [1])]
      for (shape, axes) in layouts {
        let suffix = "\(dtype) \(shape) axes \(axes.map { "\($0)" } ?? "all")"
        cases.append(
          OpCase(
            "sum \(suffix)", [InputSpec(shape, dtype, values)], dtype: .int64, views: axes == [1],
            run: { $0[0].sum(axes: axes) }, reference: { $0[0].sum(axes) }))
        cases.append(
          OpCase(
            "max \(suffix)", [InputSpec(shape, dtype, values)], dtype: dtype, run: { $0[0].max(axes: axes) },
            reference: { $0[0].max(axes) }))
      }
      cases.append(
        OpCase(
          "min \(dtype)", [InputSpec([5, 7], dtype, values)], dtype: dtype, run: { $0[0].min(axis: 0) },
          reference: { $0[0].min([0]) }))
      cases.append(
        OpCase(
          "prod \(dtype)", [InputSpec([4, 9], dtype, small)], dtype: .int64, run: { $0[0].prod(axis: 1) },
          reference: { $0[0].prod([1]) }))
      cases.append(
        OpCase(
          "mean \(dtype)", [InputSpec([4, 9], dtype, values)], tolerance: .accumulated,
          run: { $0[0].mean(axis: 1) }, reference: { $0[0].mean([1]) }))
      if dtype != .bool {
        cases.append(
          OpCase(
            "cumulativeSum \(dtype)", [InputSpec([4, 9], dtype, values)], dtype: .int64,
            run: { $0[0].cumulativeSum(axis: 1) }, reference: { $0[0].cumulativeSum(1) }))
      }
    }
    for (name, dtype) in [("bool", DType.bool), ("float32", .float32)] {
      let values: Values = dtype == .bool ? .list([0, 0, 0, 0, 1, 1, 1]) : .list([0, 0, 0, 0, 2, 0.5, -1])
      for axes in [nil, [0], [1]] as [[Int]?] {
        cases.append(
          OpCase(
            "any \(name) axes \(axes.map { "\($0)" } ?? "all")", [InputSpec([6, 5], dtype, values)],
            dtype: .bool,
            run: { $0[0].any(axes: axes) }, reference: { $0[0].any(axes) }))
        cases.append(
          OpCase(
            "all \(name) axes \(axes.map { "\($0)" } ?? "all")", [InputSpec([6, 5], dtype, values)],
            dtype: .bool,
            run: { $0[0].all(axes: axes) }, reference: { $0[0].all(axes) }))
      }
    }
    let special: Values = .list([1, 2, .nan, 4, 5, .infinity, 7, 8, -.infinity, 3])
    for axes in [[0], [1]] {
      cases.append(
        OpCase(
          "max special values axes \(axes)", [.float([4, 5], special)], run: { $0[0].max(axes: axes) },
          reference: { $0[0].max(axes) }))
      cases.append(
        OpCase(
          "min special values axes \(axes)", [.float([4, 5], special)], run: { $0[0].min(axes: axes) },
          reference: { $0[0].min(axes) }))
      cases.append(
        OpCase(
          "sum special values axes \(axes)", [.float([4, 5], special)], run: { $0[0].sum(axes: axes) },
          reference: { $0[0].sum(axes) }))
    }
    cases.append(
      OpCase(
        "max of a long row with NaN", [.float([2, 999], .list(Array(repeating: 1, count: 1500) + [.nan]))],
        run: { $0[0].max(axis: 1) }, reference: { $0[0].max([1]) }))
    return cases
  }()

  /// argmax and argmin: ties go to the first.
  static let argumentCases: [OpCase] = {
    var cases: [OpCase] = []
    for (shape, axis) in [
      ([7], 0), ([5, 65], 1), ([65, 5], 0), ([3, 4, 5], -2), ([1, 1], 1), ([2, 1000], 1),
    ] {
      for (dtype, values) in [
        (DType.float32, Values.integers(-9, 9)), (.float32, .list([1, .nan, 3, .infinity, .nan])),
        (.int32, .integers(-5, 5)),
        (.uint8, .integers(0, 9)),
      ] {
        let hasNaN = if case .list = values { true } else { false }
        let suffix = "\(dtype)\(hasNaN ? " NaN" : "") \(shape) axis \(axis)"
        cases.append(
          OpCase(
            "argmax \(suffix)", [InputSpec(shape, dtype, values)], dtype: .int32, views: shape.count == 3,
            run: { $0[0].argmax(axis: axis, keepDims: true) },
            reference: { $0[0].argmax(axis, keepDims: true) }))
        cases.append(
          OpCase(
            "argmin \(suffix)", [InputSpec(shape, dtype, values)], dtype: .int32,
            run: { $0[0].argmin(axis: axis) },
            reference: { $0[0].argmin(axis) }))
      }
    }
    cases.append(
      OpCase(
        "argmax of all", [.float([5, 7], .distinct(-1, 1))], dtype: .int32, run: { $0[0].argmax() },
        reference: { $0[0].reshaped([35]).argmax(0) }))
    return cases
  }()
}
