import Lathe

extension OpCase {
  static let indexingCases: [OpCase] = {
    var cases: [OpCase] = []
    for (axis, picked) in [(0, [4, 3, 2]), (1, [5, 6, 2]), (-1, [5, 3, 7])] {
      let size = [5, 3, 2][axis < 0 ? axis + 3 : axis]
      cases.append(
        OpCase(
          "gather axis \(axis)", [.float([5, 3, 2]), .index(picked, .integers(-size, size - 1))],
          gradient: [0],
          secondOrder: false, views: true, run: { $0[0].gather(axis: axis, indices: $0[1]) },
          reference: { $0[0].gather(axis, $0[1]) }))
      cases.append(
        OpCase(
          "scatterAdd axis \(axis)",
          [.float([5, 3, 2]), .index(picked, .integers(-size, size - 1)), .float(picked)],
          tolerance: .accumulated, gradient: [0, 2], views: true,
          run: { $0[0].scatterAdd(axis: axis, indices: $0[1], source: $0[2]) },
          reference: { $0[0].scatterAdd(axis, $0[1], $0[2]) }))
    }
    cases += [
      OpCase(
        "gather squared", [.float([4, 3]), .index([2, 3], .integers(0, 3))], gradient: [0], secondOrder: true,
        run: { $0[0].gather(axis: 0, indices: $0[1]).square() },
        reference: { $0[0].gather(0, $0[1]).map { $0 * $0 } }),
      OpCase(
        "scatterAdd squared", [.float([4]), .index([7], .integers(0, 3)), .float([7])], gradient: [0, 2],
        secondOrder: true,
        run: { $0[0].scatterAdd(axis: 0, indices: $0[1], source: $0[2]).square() },
        reference: { $0[0].scatterAdd(0, $0[1], $0[2]).map { $0 * $0 } }),
      OpCase(
        "scatterAdd many to one", [.float([3, 5]), .index([257, 5], .integers(0, 2)), .float([257, 5])],
        tolerance: .accumulated, run: { $0[0].scatterAdd(axis: 0, indices: $0[1], source: $0[2]) },
        reference: { $0[0].scatterAdd(0, $0[1], $0[2]) }),
      OpCase(
        "gather [64, 10] labels", [.float([64, 10]), .index([64, 1], .integers(0, 9))], gradient: [0],
        run: { $0[0].gather(axis: 1, indices: $0[1]) }, reference: { $0[0].gather(1, $0[1]) }),
      OpCase(
        "gather int64 indices", [.float([6, 2]), InputSpec([3, 2], .int64, .integers(0, 5))],
        run: { $0[0].gather(axis: 0, indices: $0[1]) }, reference: { $0[0].gather(0, $0[1]) }),
      OpCase(
        "gather nothing", [.float([6, 2]), .index([0, 2], .counting)],
        run: { $0[0].gather(axis: 0, indices: $0[1]) },
        reference: { $0[0].gather(0, $0[1]) }),
      OpCase(
        "embedding", [.index([2, 3], .integers(0, 4)), .float([5, 4])], gradient: [1], views: true,
        run: { Tensor.embedding($0[0], $0[1]) }, reference: { NDArray.embedding($0[0], $0[1]) }),
      OpCase(
        "embedding of many", [.index([300], .integers(0, 9)), .float([10, 3])], gradient: [1],
        run: { Tensor.embedding($0[0], $0[1]) }, reference: { NDArray.embedding($0[0], $0[1]) }),
      OpCase(
        "oneHot", [.index([3, 4], .integers(0, 6))], views: true, run: { $0[0].oneHot(classes: 7) },
        reference: { $0[0].oneHot(7) }),
      OpCase(
        "oneHot int64", [InputSpec([5], .int64, .integers(0, 2))], dtype: .int32,
        run: { $0[0].oneHot(classes: 3, dtype: .int32) }, reference: { $0[0].oneHot(3) }),
    ]
    for dtype in DType.allCases {
      let values: Values = dtype == .bool ? .bools : .integers(0, 100)
      cases.append(
        OpCase(
          "gather \(dtype)", [InputSpec([7, 33], dtype, values), .index([5, 33], .integers(0, 6))],
          dtype: dtype,
          run: { $0[0].gather(axis: 0, indices: $0[1]) }, reference: { $0[0].gather(0, $0[1]) }))
    }
    for dtype in [DType.int32, .int64] {
      cases.append(
        OpCase(
          "scatterAdd \(dtype)",
          [
            InputSpec([4, 3], dtype, .integers(-9, 9)), .index([6, 3], .integers(0, 3)),
            InputSpec([6, 3], dtype, .integers(-9, 9)),
          ],
          dtype: dtype, run: { $0[0].scatterAdd(axis: 0, indices: $0[1], source: $0[2]) },
          reference: { $0[0].scatterAdd(0, $0[1], $0[2]) }))
    }
    for axis in [0, 1, 2] {
      cases.append(
        OpCase(
          "indexSelected axis \(axis)", [.float([3, 4, 3]), .index([5], .integers(-3, 2))], gradient: [0],
          views: true, run: { $0[0].indexSelected(axis: axis, indices: $0[1]) },
          reference: { $0[0].indexSelected(axis, $0[1]) }))
    }
    for diagonal in [-2, 0, 1] {
      cases.append(
        OpCase(
          "tril \(diagonal)", [.float([2, 4, 5])], gradient: [0], views: diagonal == 0,
          run: { $0[0].tril(diagonal: diagonal) }, reference: { $0[0].tril(diagonal) }))
      cases.append(
        OpCase(
          "triu \(diagonal)", [.float([5, 4])], gradient: [0], run: { $0[0].triu(diagonal: diagonal) },
          reference: { $0[0].triu(diagonal) }))
    }
    return cases
  }()

  static let sortingCases: [OpCase] = {
    var cases: [OpCase] = []
    for size in [1, 2, 7, 31, 32, 33, 64, 65, 93, 256, 1025] {
      for descending in [false, true] {
        let suffix = "[3, \(size)]\(descending ? " descending" : "")"
        // Few different values: the order of equal ones shows whether the sort is stable.
        cases.append(
          OpCase(
            "argsort \(suffix)", [.float([3, size], .integers(-5, 5))], dtype: .int32,
            run: { $0[0].argsort(descending: descending) },
            reference: { $0[0].argsort(descending: descending) }))
        if size <= 65 {
          cases.append(
            OpCase(
              "sorted \(suffix)", [.float([3, size])], gradient: size <= 33 ? [0] : [], views: size == 7,
              run: { $0[0].sorted(descending: descending).values },
              reference: { $0[0].sorted(descending: descending) }))
        }
      }
    }
    for axis in [0, 1] {
      cases.append(
        OpCase(
          "sorted axis \(axis)", [.float([4, 5, 3], .distinct(-2, 2))], gradient: [0], views: true,
          run: { $0[0].sorted(axis: axis).values }, reference: { $0[0].sorted(axis) }))
      cases.append(
        OpCase(
          "argsort axis \(axis)", [.float([4, 5, 3], .integers(0, 3))], dtype: .int32,
          run: { $0[0].argsort(axis: axis) }, reference: { $0[0].argsort(axis) }))
    }
    for descending in [false, true] {
      cases.append(
        OpCase(
          "argsort special values\(descending ? " descending" : "")",
          [.float([2, 7], .list([.nan, 1, .infinity, -.infinity, 2, .nan, 0, 3]))], dtype: .int32,
          run: { $0[0].argsort(descending: descending) }, reference: { $0[0].argsort(descending: descending) }
        ))
      for dtype in [DType.int32, .int64, .uint8] {
        cases.append(
          OpCase(
            "sorted \(dtype)\(descending ? " descending" : "")",
            [InputSpec([2, 37], dtype, .integers(dtype == .uint8 ? 0 : -100, 200))], dtype: dtype,
            run: { $0[0].sorted(descending: descending).values },
            reference: { $0[0].sorted(descending: descending) }))
      }
      cases.append(
        OpCase(
          "topK\(descending ? "" : " smallest")", [.float([4, 9], .distinct(-2, 2))], gradient: [0],
          views: descending,
          run: { $0[0].topK(3, largest: descending).values },
          reference: { $0[0].topK(3, largest: descending) }))
      cases.append(
        OpCase(
          "topK indices\(descending ? "" : " smallest")", [.float([9, 4], .integers(0, 5))], dtype: .int32,
          run: { $0[0].topK(5, axis: 0, largest: descending).indices },
          reference: { $0[0].topKIndices(5, 0, largest: descending) }))
    }
    cases.append(
      OpCase("sorted nothing", [.float([3, 0])], run: { $0[0].sorted().values }, reference: { $0[0] }))
    return cases
  }()
}
