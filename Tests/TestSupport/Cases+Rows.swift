import Lathe
import LatheCore

extension OpCase {
  /// Rows around the lengths at which GPUs take another kernel or vector: multiples of 4 and others, one group's share and more.
  static let rowCases: [OpCase] = scannedRows + scannedColumns + sortedRows + pickedRows + joinedRows

  private static let scannedRows: [OpCase] = [[3, 63], [2, 64], [2, 516], [3, 2047], [2, 4100]].flatMap(
    scanned)

  private static func scanned(_ shape: [Int]) -> [OpCase] {
    let last: @Sendable (NDArray) -> NDArray = {
      $0.cumulative(1) { group in
        let top = group.reduce(-.infinity, Scalar.maximum)
        return Double(group.lastIndex { top.isNaN ? $0.isNaN : $0 == top } ?? 0)
      }
    }
    // One NaN and one infinity far from the beginning.
    var numbers: [Double] = (0..<shape[1]).map { Double($0 * 7 % 41) }
    numbers[50] = .infinity
    numbers[61] = .nan
    let special = Values.list(numbers)
    var cases: [OpCase] = []
    for (name, values) in [("", Values.integers(-9, 9)), (" NaN", special)] {
      let input = [InputSpec(shape, .float32, values)]
      cases += [
        OpCase(
          "argmax of rows\(name) \(shape)", input, dtype: .int32, run: { $0[0].argmax(axis: 1) },
          reference: { $0[0].argmax(1) }),
        OpCase(
          "argmin of rows\(name) \(shape)", input, dtype: .int32, run: { $0[0].argmin(axis: 1) },
          reference: { $0[0].argmin(1) }),
        OpCase(
          "cumulativeSum of rows\(name) \(shape)", input, tolerance: .accumulated,
          run: { $0[0].cumulativeSum(axis: 1) }, reference: { $0[0].cumulativeSum(1) }),
      ]
      // The reference looks at all elements before each.
      if shape[1] > 600 { continue }
      if name.isEmpty {
        cases.append(
          OpCase(
            "cumulativeProduct of rows \(shape)", [.float(shape, .signed(0.7, 1.4))], tolerance: .accumulated,
            run: { $0[0].cumulativeProduct(axis: 1) },
            reference: { $0[0].cumulative(1) { $0.reduce(1, *) } }))
      }
      cases += [
        OpCase(
          "cumulativeMax of rows\(name) \(shape)", input, run: { $0[0].cumulativeMax(axis: 1).values },
          reference: { $0[0].cumulative(1) { $0.reduce(-.infinity, Scalar.maximum) } }),
        OpCase(
          "cumulativeMax indices of rows\(name) \(shape)", input, dtype: .int32,
          run: { $0[0].cumulativeMax(axis: 1).indices }, reference: { last($0[0]) }),
      ]
    }
    cases.append(
      OpCase(
        "cumulativeSum int64 of rows \(shape)", [InputSpec(shape, .int64, .integers(-99, 99))], dtype: .int64,
        run: { $0[0].cumulativeSum(axis: 1) }, reference: { $0[0].cumulativeSum(1) }))
    return cases
  }

  /// Few long columns, which GPUs turn into rows.
  private static let scannedColumns: [OpCase] = {
    let shapes: [[Int]] = [[1, 300, 3], [2, 130, 5]]
    var cases: [OpCase] = shapes.flatMap { shape in
      [
        OpCase(
          "argmax of columns \(shape)", [InputSpec(shape, .float16, .integers(-9, 9))], dtype: .int32,
          run: { $0[0].argmax(axis: 1) }, reference: { $0[0].argmax(1) }),
        OpCase(
          "cumulativeSum of columns \(shape)", [.float(shape)], tolerance: .accumulated,
          gradient: shape[0] == 1 ? [0] : [],
          run: { $0[0].cumulativeSum(axis: 1) }, reference: { $0[0].cumulativeSum(1) }),
        OpCase(
          "cumulativeMin of columns \(shape)", [.float(shape)],
          run: { $0[0].cumulativeMin(axis: 1).values },
          reference: { $0[0].cumulative(1) { $0.reduce(.infinity, Scalar.minimum) } }),
        OpCase(
          "cumulativeProduct of columns \(shape)", [.float(shape, .signed(0.7, 1.4))],
          tolerance: .accumulated,
          run: { $0[0].cumulativeProduct(axis: 1) },
          reference: { $0[0].cumulative(1) { $0.reduce(1, *) } }),
        OpCase(
          "cumulativeProduct int64 of columns \(shape)",
          [InputSpec(shape, .int64, .list([1, -1, -1, 1, -1, -1, 1]))],
          dtype: .int64, run: { $0[0].cumulativeProduct(axis: 1) },
          reference: { $0[0].cumulative(1) { $0.reduce(1, *) } }),
      ]
    }
    // Products from the beginning stay in the range of numbers, those of parts do not.
    cases.append(
      OpCase(
        "cumulativeProduct of large and small parts", [.float([130], .list(largeAndSmall))],
        tolerance: .accumulated, run: { $0[0].cumulativeProduct(axis: 0) },
        reference: { $0[0].cumulative(0) { $0.reduce(1, *) } }))
    return cases
  }()

  /// 1e-3 ten times, then 1e3 and 1e-3 twenty times each in turn.
  private static let largeAndSmall: [Double] = (0..<130).map { ($0 + 10) / 20 % 2 == 0 ? 1e-3 : 1e3 }

  private static let sortedRows: [OpCase] = {
    let shapes: [[Int]] = [[3, 1024], [1, 2049], [2, 3000], [1, 4096], [1, 8200]]
    return shapes.map { shape in
      OpCase(
        "argsort of rows \(shape)", [InputSpec(shape, .float32, .integers(-50, 50))], dtype: .int32,
        run: { $0[0].argsort() }, reference: { $0[0].argsort() })
    }
  }()

  /// More rows than are added one after another, to few and to many places.
  private static let pickedRows: [OpCase] = {
    var cases: [OpCase] = []
    // The last ones are more than GPUs order by counting.
    let sizes: [(Int, Int)] = [(5, 1000), (900, 1000), (2, 257), (40, 384), (300, 9000)]
    for (count, picked) in sizes {
      for dtype in [DType.float32, .int64] {
        cases.append(
          OpCase(
            "scatterAdd \(dtype) of \(picked) to \(count)",
            [
              InputSpec([count], dtype, .integers(-9, 9)), .index([picked], .integers(-count, count - 1)),
              InputSpec([picked], dtype, .integers(-9, 9)),
            ], dtype: dtype, tolerance: .accumulated,
            run: { $0[0].scatterAdd(axis: 0, indices: $0[1], source: $0[2]) },
            reference: { $0[0].scatterAdd(0, $0[1], $0[2]) }))
        cases.append(
          OpCase(
            "scatterAdd \(dtype) of 2 x \(picked) to \(count)",
            [
              InputSpec([2, count], dtype, .integers(-9, 9)), .index([2, picked], .integers(0, count - 1)),
              InputSpec([2, picked], dtype, .integers(-9, 9)),
            ], dtype: dtype, tolerance: .accumulated,
            run: { $0[0].scatterAdd(axis: 1, indices: $0[1], source: $0[2]) },
            reference: { $0[0].scatterAdd(1, $0[1], $0[2]) }))
      }
    }
    cases.append(
      OpCase(
        "scatterAdd of 400 to places of each column",
        [.float([5, 3]), .index([400, 3], .integers(-5, 4)), .float([400, 3])],
        tolerance: .accumulated, gradient: [0, 2],
        run: { $0[0].scatterAdd(axis: 0, indices: $0[1], source: $0[2]) },
        reference: { $0[0].scatterAdd(0, $0[1], $0[2]) }))
    let embeddings: [(Int, [Int])] = [(1000, [5, 8]), (300, [5, 7]), (9, [6, 64])]
    for (picked, shape) in embeddings {
      cases.append(
        OpCase(
          "embedding of \(picked) rows \(shape)",
          [.index([picked], .integers(0, shape[0] - 1)), .float(shape)], gradient: picked > 9 ? [1] : [],
          run: { Tensor.embedding($0[0], $0[1]) }, reference: { NDArray.embedding($0[0], $0[1]) }))
    }
    return cases
  }()

  /// More rows than are joined one after another: whole rows of an index, and places of each column.
  private static let joinedRows: [OpCase] = {
    let joins: [(ScatterReduction, @Sendable ([Double]) -> Double)] = [
      (.prod, { $0.reduce(1, *) }), (.amax, { $0.reduce(-.infinity, Scalar.maximum) }),
      (.amin, { $0.reduce(.infinity, Scalar.minimum) }),
    ]
    var cases: [OpCase] = joins.flatMap { reduction, join in
      let widths = [1, 8, 7]
      var cases: [OpCase] = widths.map { width in
        OpCase(
          "scatterReduce \(reduction) of 600 rows of \(width)",
          [
            .float([5, width], .signed(0.9, 1.1)), .index([600], .integers(-5, 4)),
            .float([600, width], .signed(0.9, 1.1)),
          ], tolerance: .accumulated,
          run: {
            $0[0].scatterReduce(
              axis: 0, indices: $0[1].unsqueezed(1).expanded(to: [600, width]), source: $0[2],
              reduction: reduction)
          },
          reference: {
            $0[0].scatterReduce(
              0, $0[1].unsqueezed(1).expanded(to: [600, width]), $0[2], includeSelf: true, join)
          })
      }
      // Whole numbers: a product's signs alone.
      let values = reduction == .prod ? Values.list([1, -1, -1, 1, -1]) : .integers(-90, 90)
      for dtype in [DType.int32, .int64] {
        cases.append(
          OpCase(
            "scatterReduce \(reduction) \(dtype) of 300 to places of each column",
            [
              InputSpec([2, 3, 4], dtype, values), .index([2, 300, 4], .integers(0, 2)),
              InputSpec([2, 300, 4], dtype, values),
            ], dtype: dtype,
            run: { $0[0].scatterReduce(axis: 1, indices: $0[1], source: $0[2], reduction: reduction) },
            reference: {
              $0[0].scatterReduce(1, $0[1], $0[2], includeSelf: true) { join($0).rounded(.down) }
            }))
      }
      return cases
    }
    var numbers = [Double](repeating: 2, count: 300)
    numbers[200] = .nan
    cases += [
      OpCase(
        "scatterReduce amax of 300 with NaN",
        [.float([3]), .index([300], .list((0..<300).map { Double($0 % 3) })), .float([300], .list(numbers))],
        run: { $0[0].scatterReduce(axis: 0, indices: $0[1], source: $0[2], reduction: .amax) },
        reference: {
          $0[0].scatterReduce(0, $0[1], $0[2], includeSelf: true) { $0.reduce(-.infinity, Scalar.maximum) }
        }),
      OpCase(
        "scatterReduce prod of 390 large and small parts",
        [
          .float([3], .list([1, 2, 3])), .index([390], .list((0..<390).map { Double($0 % 3) })),
          .float([390], .list((0..<390).map { largeAndSmall[$0 / 3] })),
        ], tolerance: .accumulated,
        run: { $0[0].scatterReduce(axis: 0, indices: $0[1], source: $0[2], reduction: .prod) },
        reference: { $0[0].scatterReduce(0, $0[1], $0[2], includeSelf: true) { $0.reduce(1, *) } }),
    ]
    return cases
  }()

  /// Long and short rows and planes, of whole vectors and of others.
  static let normalizedRowCases: [OpCase] = {
    let tolerance = Tolerance(2e-5, floor: nil)
    let shapes: [[Int]] = [[260, 12], [200, 13]]
    var cases: [OpCase] = shapes.map { shape in
      OpCase(
        "layerNorm parameters of \(shape)", [.float(shape), .float([shape[1]]), .float([shape[1]])],
        tolerance: tolerance, gradient: [1, 2], run: { $0[0].layerNorm(weight: $0[1], bias: $0[2]) },
        reference: { $0[0].layerNorm($0[1], $0[2]) })
    }
    let images: [[Int]] = [[2, 3, 5, 17], [3, 2, 8, 9], [40, 2, 4, 4], [33, 2, 3, 7]]
    cases += images.map { shape in
      OpCase(
        "batchNorm of planes \(shape)", [.float(shape)], tolerance: tolerance,
        run: { $0[0].batchNorm().output }, reference: { $0[0].batchNorm() })
    }
    return cases
  }()
}
