import Lathe

extension OpCase {
  static let scatterCases: [OpCase] = {
    var cases: [OpCase] = []
    for (axis, picked) in [(0, [6, 3, 2]), (1, [5, 4, 2]), (-1, [5, 3, 3])] {
      let size = [5, 3, 2][axis < 0 ? axis + 3 : axis]
      cases.append(
        OpCase(
          "scatter axis \(axis)",
          [.float([5, 3, 2]), .index(picked, .integers(-size, size - 1)), .float(picked)], gradient: [0, 2],
          views: true,
          run: { $0[0].scatter(axis: axis, indices: $0[1], source: $0[2]) },
          reference: { $0[0].scatter(axis, $0[1], $0[2]) }))
    }
    let joins: [(ScatterReduction, @Sendable ([Double]) -> Double)] = [
      (.sum, { $0.reduce(0, +) }), (.prod, { $0.reduce(1, *) }),
      (.mean, { $0.reduce(0, +) / Double($0.count) }),
      (.amax, { $0.reduce(-.infinity, Scalar.maximum) }), (.amin, { $0.reduce(.infinity, Scalar.minimum) }),
    ]
    for (reduction, join) in joins {
      for includeSelf in [true, false] {
        cases.append(
          OpCase(
            "scatterReduce \(reduction)\(includeSelf ? "" : " without self")",
            [
              .float([4, 3], .signed(0.5, 2)), .index([6, 3], .integers(-4, 3)),
              .float([6, 3], .signed(0.4, 1.9)),
            ],
            tolerance: .accumulated, gradient: [0, 2], secondOrder: reduction == .prod || reduction == .mean,
            views: includeSelf,
            run: {
              $0[0].scatterReduce(
                axis: 0, indices: $0[1], source: $0[2], reduction: reduction, includeSelf: includeSelf)
            }, reference: { $0[0].scatterReduce(0, $0[1], $0[2], includeSelf: includeSelf, join) }))
        for dtype in [DType.int64, .uint8, .float16] {
          cases.append(
            OpCase(
              "scatterReduce \(reduction) \(dtype)\(includeSelf ? "" : " without self")",
              [
                InputSpec([7], dtype, .integers(1, 3)), .index([5], .integers(0, 6)),
                InputSpec([5], dtype, .integers(1, 3)),
              ], dtype: dtype,
              run: {
                $0[0].scatterReduce(
                  axis: 0, indices: $0[1], source: $0[2], reduction: reduction, includeSelf: includeSelf)
              },
              reference: {
                let result = $0[0].scatterReduce(0, $0[1], $0[2], includeSelf: includeSelf, join)
                return dtype.isFloatingPoint ? result : result.map { $0.rounded(.down) }
              }))
        }
      }
    }
    cases += [
      OpCase(
        "scatterReduce prod with zeros",
        [
          .float([3], .list([2, 0, 3])), .index([5], .list([0, 0, 1, 1, 2])),
          .float([5], .list([0, 1.5, 2, 0.5, 4])),
        ],
        gradient: [0, 2],
        run: { $0[0].scatterReduce(axis: 0, indices: $0[1], source: $0[2], reduction: .prod) },
        reference: { $0[0].scatterReduce(0, $0[1], $0[2], includeSelf: true) { $0.reduce(1, *) } }),
      OpCase(
        "scatter fewer", [.float([4, 5]), .index([2, 3], .integers(0, 3)), .float([3, 3])], gradient: [0, 2],
        run: { $0[0].scatter(axis: 0, indices: $0[1], source: $0[2]) },
        reference: { $0[0].scatter(0, $0[1], $0[2]) }),
      OpCase(
        "scatter number", [.float([4, 5]), .index([2, 5], .integers(0, 3))], gradient: [0],
        run: { $0[0].scatter(axis: 0, indices: $0[1], value: 7) },
        reference: { $0[0].scatter(0, $0[1], NDArray([2, 5], filledWith: 7)) }),
      OpCase(
        "scatter many", [.float([3, 65]), .index([300, 65], .integers(0, 2)), .float([300, 65])],
        run: { $0[0].scatter(axis: 0, indices: $0[1], source: $0[2]) },
        reference: { $0[0].scatter(0, $0[1], $0[2]) }),
      // Work-items share the places of one row, or of few columns.
      OpCase(
        "scatterReduce amax into one row", [.float([37]), .index([900], .integers(-37, 36)), .float([900])],
        gradient: [0, 2],
        run: { $0[0].scatterReduce(axis: 0, indices: $0[1], source: $0[2], reduction: .amax) },
        reference: {
          $0[0].scatterReduce(0, $0[1], $0[2], includeSelf: true) { $0.reduce(-.infinity, Scalar.maximum) }
        }),
      OpCase(
        "scatterReduce prod into few columns",
        [
          .float([5, 3], .uniform(0.9, 1.1)), .index([400, 3], .integers(0, 4)),
          .float([400, 3], .uniform(0.9, 1.1)),
        ],
        tolerance: .accumulated,
        run: { $0[0].scatterReduce(axis: 0, indices: $0[1], source: $0[2], reduction: .prod) },
        reference: { $0[0].scatterReduce(0, $0[1], $0[2], includeSelf: true) { $0.reduce(1, *) } }),
      OpCase(
        "scatterReduce amin int64 into one place",
        [
          InputSpec([1], .int64, .integers(50, 60)), .index([300], .integers(-1, 0)),
          InputSpec([300], .int64, .integers(-90, 90)),
        ], dtype: .int64,
        run: { $0[0].scatterReduce(axis: 0, indices: $0[1], source: $0[2], reduction: .amin) },
        reference: {
          $0[0].scatterReduce(0, $0[1], $0[2], includeSelf: true) { $0.reduce(.infinity, Scalar.minimum) }
        }),
      OpCase(
        "scatterAdd into one row", [.float([21]), .index([200], .integers(-21, 20)), .float([200])],
        tolerance: .accumulated,
        run: { $0[0].scatterAdd(axis: 0, indices: $0[1], source: $0[2]) },
        reference: { $0[0].scatterAdd(0, $0[1], $0[2]) }),
      OpCase(
        "scatterAdd many into one row", [.float([3]), .index([1500], .integers(0, 2)), .float([1500])],
        tolerance: .accumulated,
        run: { $0[0].scatterAdd(axis: 0, indices: $0[1], source: $0[2]) },
        reference: { $0[0].scatterAdd(0, $0[1], $0[2]) }),
      OpCase(
        "scatter nothing", [.float([3, 2]), .index([0, 2], .counting), .float([0, 2])],
        run: { $0[0].scatter(axis: 0, indices: $0[1], source: $0[2]) }, reference: { $0[0] }),
      OpCase(
        "indexAdd", [.float([4, 3]), .index([5], .integers(-4, 3)), .float([5, 3])], tolerance: .accumulated,
        gradient: [0, 2], views: true,
        run: { $0[0].indexAdd(axis: 0, indices: $0[1], source: $0[2], scale: 0.5) },
        reference: {
          $0[0].scatterAdd(0, $0[1].unsqueezed(1).expanded(to: [5, 3]), $0[2].map { $0 * 0.5 })
        }),
      OpCase(
        "indexed", [.float([3, 4, 5]), .index([2, 1], .integers(-3, 2)), .index([3], .integers(0, 3))],
        gradient: [0], views: true, run: { $0[0].indexed([$0[1], $0[2]]) },
        reference: { x in
          NDArray([2, 3, 5]) { x[0][[(Int(x[1][$0[0], 0]) + 3) % 3, Int(x[2][[$0[1]]]), $0[2]]] }
        }),
      OpCase(
        "indexed apart", [.float([3, 4, 5]), .index([2], .integers(0, 2)), .index([2], .integers(0, 4))],
        gradient: [0], run: { $0[0].indexed([$0[1], nil, $0[2]]) },
        reference: { x in NDArray([2, 4]) { x[0][[Int(x[1][[$0[0]]]), $0[1], Int(x[2][[$0[0]]])]] } }),
      OpCase(
        "indexed behind", [.float([3, 4]), .index([2], .integers(0, 3))], gradient: [0],
        run: { $0[0].indexed([nil, $0[1]]) }, reference: { $0[0].indexSelected(1, $0[1]) }),
      OpCase(
        "indexed by a mask", [.float([3, 4]), InputSpec([3, 4], .bool, .list([1, 0, 0, 1, 1]))],
        gradient: [0], run: { $0[0].indexed([$0[1]]) },
        reference: { x in
          let kept = x[0].values.indices.filter { x[1].values[$0] != 0 }
          return NDArray([kept.count], kept.map { x[0].values[$0] })
        }),
      OpCase(
        "indexPut",
        [.float([3, 4]), .index([2], .list([2, 0])), .index([2], .list([-1, 1])), .float([2])],
        gradient: [0, 3], secondOrder: true, run: { $0[0].indexPut([$0[1], $0[2]], $0[3]).square() },
        reference: { x in
          var result = x[0]
          result[2, 3] = x[3].values[0]
          result[0, 1] = x[3].values[1]
          return result.map { $0 * $0 }
        }),
      OpCase(
        "indexPut rows accumulates",
        [.float([3, 4, 2]), .index([5], .list([2, 0, 2, 1, 1])), .float([3, 5, 2])],
        tolerance: .accumulated, gradient: [0, 2],
        run: { $0[0].indexPut([nil, $0[1]], $0[2], accumulate: true) },
        reference: { x in
          var result = x[0]
          NDArray.forEachIndex([3, 5, 2]) { result[[$0[0], Int(x[1][[$0[1]]]), $0[2]]] += x[2][$0] }
          return result
        }),
      OpCase(
        "assigned range", [.float([5, 4]), .float([2, 1])], gradient: [0, 1], views: true,
        run: { $0[0].assigned($0[1], at: 1..<3) },
        reference: { $0[0].assigned($0[1], [[1, 2], [0, 1, 2, 3]]) }),
      OpCase(
        "assigned steps", [.float([5, 4]), .float([2])], gradient: [0, 1], secondOrder: true,
        run: { $0[0].assigned($0[1], at: -1, .slice(nil, nil, -2)).square() },
        reference: { $0[0].assigned($0[1].unsqueezed(0), [[4], [3, 1]]).map { $0 * $0 } }),
      OpCase(
        "assigned converts", [InputSpec([4], .int32, .counting), .float([2], .list([1.7, -2.9]))],
        dtype: .int32,
        run: { $0[0].assigned($0[1], at: 1..<3) }, reference: { _ in NDArray([4], [0, 1, -2, 3]) }),
      OpCase(
        "assigned nothing", [.float([4]), .float([1])], run: { $0[0].assigned($0[1], at: 2..<2) },
        reference: { $0[0] }),
    ]
    for dtype in DType.allCases {
      let values: Values = dtype == .bool ? .bools : .integers(0, 100)
      cases.append(
        OpCase(
          "scatter \(dtype)",
          [
            InputSpec([7, 33], dtype, values), .index([5, 33], .integers(0, 6)),
            InputSpec([5, 33], dtype, values),
          ],
          dtype: dtype, run: { $0[0].scatter(axis: 0, indices: $0[1], source: $0[2]) },
          reference: { $0[0].scatter(0, $0[1], $0[2]) }))
    }
    return cases
  }()
}
