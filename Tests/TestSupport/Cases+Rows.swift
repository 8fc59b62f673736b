import Lathe
import LatheCore

extension OpCase {
  /// Rows around the lengths at which GPUs take another kernel or vector: multiples of 4 and others, one group's share and more.
  static let rowCases: [OpCase] = scannedRows + sortedRows + pickedRows

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

  private static let sortedRows: [OpCase] = {
    let shapes: [[Int]] = [[3, 1024], [1, 2049], [2, 3000], [1, 4096]]
    return shapes.map { shape in
      OpCase(
        "argsort of rows \(shape)", [InputSpec(shape, .float32, .integers(-50, 50))], dtype: .int32,
        run: { $0[0].argsort() }, reference: { $0[0].argsort() })
    }
  }()

  /// More rows than are added one after another, to few and to many places.
  private static let pickedRows: [OpCase] = {
    var cases: [OpCase] = []
    let sizes: [(Int, Int)] = [(5, 1000), (900, 1000), (2, 257), (40, 384)]
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
