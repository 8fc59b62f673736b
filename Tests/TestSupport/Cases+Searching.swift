import Lathe

extension OpCase {
  static let cumulativeCases: [OpCase] = {
    var cases: [OpCase] = []
    for axis in [0, 1, -1] {
      cases += [
        OpCase(
          "cumulativeProduct axis \(axis)", [.float([3, 4, 5], .signed(0.5, 1.5))], tolerance: .accumulated,
          gradient: [0], secondOrder: axis == 0, views: true, run: { $0[0].cumulativeProduct(axis: axis) },
          reference: { $0[0].cumulative(axis) { $0.reduce(1, *) } }),
        OpCase(
          "cumulativeMax axis \(axis)", [.float([3, 4, 5], .distinct(-2, 2))], gradient: [0], views: true,
          run: { $0[0].cumulativeMax(axis: axis).values },
          reference: { $0[0].cumulative(axis) { $0.reduce(-.infinity, Scalar.maximum) } }),
        OpCase(
          "cumulativeMin axis \(axis)", [.float([3, 4, 5], .distinct(-2, 2))], gradient: [0],
          run: { $0[0].cumulativeMin(axis: axis).values },
          reference: { $0[0].cumulative(axis) { $0.reduce(.infinity, Scalar.minimum) } }),
      ]
    }
    let last: @Sendable (NDArray) -> NDArray = {
      $0.cumulative(0) { group in
        let top = group.reduce(-.infinity, Scalar.maximum)
        return Double(group.lastIndex { top.isNaN ? $0.isNaN : $0 == top } ?? 0)
      }
    }
    cases += [
      OpCase(
        "cumulativeProduct with zeros", [.float([6, 2], .list([2, 1, 3, 0, 0, 2, 1.5, 0.5, 0, 4]))],
        gradient: [0],
        run: { $0[0].cumulativeProduct(axis: 0) }, reference: { $0[0].cumulative(0) { $0.reduce(1, *) } }),
      OpCase(
        "cumulativeProduct int32", [InputSpec([7], .int32, .integers(-3, 3))], dtype: .int64,
        run: { $0[0].cumulativeProduct(axis: 0) }, reference: { $0[0].cumulative(0) { $0.reduce(1, *) } }),
      OpCase(
        "cumulativeMax indices", [.float([40, 3], .integers(-5, 5))], dtype: .int32,
        run: { $0[0].cumulativeMax(axis: 0).indices }, reference: { last($0[0]) }),
      OpCase(
        "cumulativeMax NaN", [.float([6], .list([1, 3, .nan, 7, .infinity, .nan]))], dtype: .int32,
        run: { $0[0].cumulativeMax(axis: 0).indices }, reference: { last($0[0]) }),
      OpCase(
        "cumulativeMin int64", [InputSpec([9], .int64, .integers(-9, 9))], dtype: .int64,
        run: { $0[0].cumulativeMin(axis: 0).values },
        reference: { $0[0].cumulative(0) { $0.reduce(.infinity, Swift.min) } }),
      OpCase(
        "cumulativeMax float16", [InputSpec([9], .float16, .uniform(-2, 2))], dtype: .float16,
        run: { $0[0].cumulativeMax(axis: 0).values },
        reference: { $0[0].cumulative(0) { $0.reduce(-.infinity, Swift.max) } }),
      OpCase(
        "cumulativeProduct nothing", [.float([0, 3])], run: { $0[0].cumulativeProduct(axis: 0) },
        reference: { $0[0] }),
    ]
    return cases
  }()

  static let searchingCases: [OpCase] = {
    var cases: [OpCase] = []
    for right in [false, true] {
      let name = right ? "searchSorted right" : "searchSorted"
      cases += [
        OpCase(
          name, [.float([40], .integers(-9, 9)), .float([5, 13], .integers(-11, 11))], dtype: .int32,
          views: true,
          run: { $0[0].sorted().values.searchSorted($0[1], right: right) },
          reference: { $0[0].sorted().searchSorted($0[1], right: right) }),
        OpCase(
          "\(name) rows", [.float([3, 17]), .float([3, 5])], dtype: .int32,
          run: { $0[0].sorted().values.searchSorted($0[1], right: right) },
          reference: { $0[0].sorted().searchSorted($0[1], right: right) }),
        OpCase(
          "\(name) NaN",
          [.float([5], .list([-1, 0, 2, .nan, .nan])), .float([4], .list([.nan, .infinity, 0, -9]))],
          dtype: .int32, run: { $0[0].searchSorted($0[1], right: right) },
          reference: { $0[0].searchSorted($0[1], right: right) }),
        OpCase(
          "\(name) int64",
          [InputSpec([5], .int64, .list([-1, 0, 2, 2, 9])), InputSpec([4], .int32, .list([2, 9, 10, -5]))],
          dtype: .int32, run: { $0[0].searchSorted($0[1], right: right) },
          reference: { $0[0].searchSorted($0[1], right: right) }),
      ]
    }
    for (k, size) in [(1, 5), (3, 37), (64, 300), (70, 300), (5, 2100), (0, 4), (4, 4)] {
      for largest in [true, false] {
        cases.append(
          OpCase(
            "topK \(k) of \(size)\(largest ? "" : " smallest")",
            [.float([size > 2000 ? 1 : 3, size], .integers(-40, 40))], dtype: .int32,
            run: { $0[0].topK(k, largest: largest).indices },
            reference: { $0[0].topKIndices(k, largest: largest) }))
      }
    }
    // Many of a long row, with equals at the border.
    for (k, rows, size) in [(65, 2, 4100), (700, 1, 9000), (1024, 3, 4096)] {
      for largest in [true, false] {
        cases.append(
          OpCase(
            "topK \(k) of \(rows) x \(size)\(largest ? "" : " smallest")",
            [.float([rows, size], .integers(-300, 300))], dtype: .int32,
            run: { $0[0].topK(k, largest: largest).indices },
            reference: { $0[0].topKIndices(k, largest: largest) }))
      }
    }
    cases += [
      OpCase(
        "topK many values", [.float([1, 5000])], run: { $0[0].topK(100).values },
        reference: { $0[0].topK(100) }),
      OpCase(
        "topK many NaN", [.float([4200], .list([1, .nan, 3, -.infinity, 0, -0.0, .infinity, 2]))],
        dtype: .int32, run: { $0[0].topK(1000).indices }, reference: { $0[0].topKIndices(1000) }),
      OpCase(
        "topK many int64", [InputSpec([4100], .int64, .integers(-40, 40))], dtype: .int32,
        run: { $0[0].topK(90, largest: false).indices },
        reference: { $0[0].topKIndices(90, largest: false) }),
    ]
    for dtype in [DType.int32, .uint8, .float16] {
      cases.append(
        OpCase(
          "topK many \(dtype)", [InputSpec([1, 4200], dtype, .integers(0, 100))], dtype: dtype,
          run: { $0[0].topK(200).values }, reference: { $0[0].topK(200) }))
    }
    for dtype in [DType.int32, .int64, .uint8, .bool, .bfloat16] {
      cases.append(
        OpCase(
          "topK \(dtype)", [InputSpec([2, 37], dtype, dtype == .bool ? .bools : .integers(0, 100))],
          dtype: dtype,
          run: { $0[0].topK(6).values }, reference: { $0[0].topK(6) }))
    }
    cases += [
      OpCase(
        "topK NaN", [.float([7], .list([1, .nan, 3, -.infinity, .nan, .infinity, 2]))], dtype: .int32,
        run: { $0[0].topK(4).indices }, reference: { $0[0].topKIndices(4) }),
      OpCase(
        "nonzero", [.float([4, 5, 3], .list([0, 1, 0, 0, 2, -3, .nan]))], dtype: .int32, views: true,
        run: { $0[0].nonzero() }, reference: { $0[0].nonzero() }),
      OpCase(
        "nonzero bool", [InputSpec([65], .bool, .bools)], dtype: .int32, run: { $0[0].nonzero() },
        reference: { $0[0].nonzero() }),
      OpCase("nonzero of nothing", [.float([0, 2])], dtype: .int32, run: { $0[0].nonzero() }) {
        $0[0].nonzero()
      },
      OpCase("nonzero of zeros", [.float([3], .list([0]))], dtype: .int32, run: { $0[0].nonzero() }) {
        $0[0].nonzero()
      },
      OpCase("nonzero of a scalar", [.float([], .list([2]))], dtype: .int32, run: { $0[0].nonzero() }) {
        $0[0].nonzero()
      },
      OpCase(
        "unique", [.float([6, 7], .integers(-5, 5))], views: true, run: { $0[0].unique().values },
        reference: { x in
          let values = Set(x[0].values).sorted()
          return NDArray([values.count], values)
        }),
      OpCase(
        "unique inverse", [InputSpec([6, 7], .int64, .integers(-5, 5))], dtype: .int32,
        run: { $0[0].unique().inverse },
        reference: { x in
          let values = Set(x[0].values).sorted()
          return x[0].map { Double(values.firstIndex(of: $0) ?? -1) }
        }),
      OpCase(
        "unique counts", [InputSpec([40], .uint8, .integers(0, 9))], dtype: .int64,
        run: { $0[0].unique().counts },
        reference: { x in
          let values = Set(x[0].values).sorted()
          return NDArray([values.count], values.map { v in Double(x[0].values.filter { $0 == v }.count) })
        }),
      OpCase(
        "unique NaN", [.float([5], .list([.nan, 1, .nan, 1, 0]))], run: { $0[0].unique().values },
        reference: { _ in NDArray([3], [0, 1, .nan]) }),
      OpCase(
        "unique rows", [.float([24, 3], .integers(0, 2))], views: true, run: { $0[0].unique(axis: 0).values },
        reference: { $0[0].uniqueSlices(0).values }),
      OpCase(
        "unique rows of five inverse", [InputSpec([24, 5], .int64, .integers(-1, 0))], dtype: .int32,
        run: { $0[0].unique(axis: 0).inverse }, reference: { $0[0].uniqueSlices(0).inverse }),
      OpCase(
        "unique rows counts", [InputSpec([24, 4], .uint8, .integers(0, 1))], dtype: .int64,
        run: { $0[0].unique(axis: 0).counts }, reference: { $0[0].uniqueSlices(0).counts }),
      OpCase(
        "unique middle axis", [.float([2, 20, 2], .integers(0, 1))], run: { $0[0].unique(axis: 1).values },
        reference: { $0[0].uniqueSlices(1).values }),
      OpCase(
        "unique last axis bool", [InputSpec([3, 15], .bool, .bools)], dtype: .bool,
        run: { $0[0].unique(axis: -1).values }, reference: { $0[0].uniqueSlices(1).values }),
      OpCase(
        "unique rows NaN", [.float([4, 2], .list([.nan, 1, 0, .nan, .nan, 1, 0, 2]))],
        run: { $0[0].unique(axis: 0).values },
        reference: { _ in NDArray([3, 2], [0, 2, 0, .nan, .nan, 1]) }),
      OpCase("unique rows of nothing", [.float([3, 0])], run: { $0[0].unique(axis: 0).values }) { _ in
        NDArray([1, 0], [])
      },
      OpCase("unique no rows", [.float([0, 3])], run: { $0[0].unique(axis: 0).values }) { $0[0] },
      OpCase("unique of nothing", [.float([0])], run: { $0[0].unique().values }, reference: { $0[0] }),
      OpCase(
        "bincount", [.index([5, 9], .integers(0, 6))], dtype: .int64,
        run: { $0[0].bincount(minimumLength: 9) },
        reference: { x in NDArray([9]) { i in Double(x[0].values.filter { $0 == Double(i[0]) }.count) } }),
      OpCase(
        "bincount weights", [.index([30], .list([0, 3, 1, 3, 2])), .float([30])], tolerance: .accumulated,
        gradient: [1],
        run: { $0[0].bincount(weights: $0[1]) },
        reference: { NDArray([4], filledWith: 0).scatterAdd(0, $0[0], $0[1]) }),
      OpCase("bincount of nothing", [.index([0], .counting)], dtype: .int64, run: { $0[0].bincount() }) { _ in
        NDArray([0], [])
      },
      OpCase(
        "histogram", [.float([77], .list([0, 1, 0.5, 0.25, 0.9, 2, -1, .nan, 0.75]))], dtype: .int64,
        run: { $0[0].histogram(bins: 4, range: 0...1).counts },
        reference: { x in
          NDArray([4]) { bin in
            Double(
              x[0].values.filter { v in
                v >= Double(bin[0]) / 4 && (v < Double(bin[0] + 1) / 4 || (bin[0] == 3 && v == 1))
              }.count)
          }
        }),
      OpCase(
        "histogram weights", [.float([77], .list([0, 1, 0.5, 0.25, 0.9, 2, -1, .nan, 0.75])), .float([77])],
        tolerance: .accumulated, gradient: [1],
        run: { $0[0].histogram(bins: 4, range: 0...1, weights: $0[1]).counts },
        reference: { x in
          NDArray([4]) { bin in
            x[0].values.indices.filter { i in
              let v = x[0].values[i]
              return v >= Double(bin[0]) / 4 && (v < Double(bin[0] + 1) / 4 || (bin[0] == 3 && v == 1))
            }.map { x[1].values[$0] }.reduce(0, +)
          }
        }),
      OpCase(
        "histogram density", [.float([8], .list([0, 1, 2, 3, 4, 4, 4, 1]))],
        run: { $0[0].histogram(bins: 2, density: true).counts },
        reference: { _ in NDArray([2], [3.0 / 16, 5.0 / 16]) }),
      OpCase(
        "histogram edges",
        [.float([9], .list([0, 1, 5, 10, 11, -1, 4.9])), .float([3], .list([0, 5, 10]))], dtype: .int64,
        run: { $0[0].histogram(edges: $0[1]) }, reference: { _ in NDArray([2], [5, 2]) }),
    ]
    return cases
  }()
}
