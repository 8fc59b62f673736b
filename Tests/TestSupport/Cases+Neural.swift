import Glibc
import Lathe

extension OpCase {
  static let softmaxCases: [OpCase] = {
    var cases: [OpCase] = []
    for (shape, axis) in [
      ([7], 0), ([5, 10], 1), ([5, 10], 0), ([3, 4, 5], 1), ([1, 1], 1), ([33, 65], -1), ([2, 1000], 1),
      ([65, 31], 1),
      ([0, 4], 1), ([3, 256], -1),
    ] {
      let small = shape.reduce(1, *) <= 60
      for logarithm in [false, true] {
        cases.append(
          OpCase(
            "\(logarithm ? "logSoftmax" : "softmax") \(shape) axis \(axis)", [.float(shape, .uniform(-5, 5))],
            gradient: small ? [0] : [], secondOrder: shape == [5, 10], views: small,
            run: { logarithm ? $0[0].logSoftmax(axis: axis) : $0[0].softmax(axis: axis) },
            reference: { logarithm ? $0[0].logSoftmax(axis) : $0[0].softmax(axis) }))
      }
    }
    cases.append(
      OpCase(
        "softmax of large numbers", [.float([3, 4], .list([1e4, -1e4, 5, 9999, 88, -88, 1e30]))],
        run: { $0[0].softmax() }, reference: { $0[0].softmax() }))
    cases.append(
      OpCase(
        "softmax with infinities",
        [.float([2, 4], .list([1, -.infinity, 3, 2, -.infinity, -.infinity, 0, -.infinity]))],
        run: { $0[0].softmax() },
        reference: { $0[0].softmax() }))
    return cases + crossEntropyCases
  }()

  private static let crossEntropyCases: [OpCase] = {
    var cases: [OpCase] = []
    for (rows, classes) in [(7, 10), (64, 10), (1, 2), (33, 65), (5, 1000)] {
      for (ignored, smoothing) in [(nil, 0), (2, 0), (nil, 0.1), (1, 0.2)] as [(Int?, Float)] {
        if (ignored == 2 && classes < 3) || (rows != 7 && smoothing > 0) { continue }
        let small = rows * classes <= 100
        for reduction in [LossReduction.mean, .sum, .none] where rows == 7 || reduction == .mean {
          // The ignored class must not be the only one, or the mean is over nothing.
          let labels: Values = .list([0, 1, Double(classes - 1), 1, 0, 1, 0])
          cases.append(
            OpCase(
              "crossEntropy \(rows) x \(classes) ignored \(ignored.map(String.init) ?? "none") smoothing \(smoothing) \(reduction)",
              [.float([rows, classes], .uniform(-4, 4)), .index([rows], labels)], tolerance: .accumulated,
              gradient: small ? [0] : [], secondOrder: small && reduction != .sum,
              views: small && reduction == .mean,
              run: {
                $0[0].crossEntropy(
                  $0[1], ignoredIndex: ignored, labelSmoothing: smoothing, reduction: reduction)
              },
              reference: {
                let smoothing = Double(smoothing)
                if reduction == .mean {
                  return NDArray.crossEntropy($0[0], $0[1], ignoredIndex: ignored, labelSmoothing: smoothing)
                }
                let losses = NDArray.crossEntropyRows(
                  $0[0], $0[1], ignoredIndex: ignored, labelSmoothing: smoothing)
                return reduction == .sum ? losses.sum() : losses
              }))
        }
      }
    }
    cases.append(
      OpCase(
        "crossEntropy of sequences", [.float([2, 3, 5]), InputSpec([2, 3], .int64, .integers(0, 4))],
        tolerance: .accumulated, gradient: [0], run: { crossEntropy($0[0], $0[1], reduction: .none) },
        reference: { NDArray.crossEntropyRows($0[0], $0[1]) }))
    cases.append(
      OpCase(
        "crossEntropy of uint8 labels", [.float([6, 5]), InputSpec([6], .uint8, .integers(0, 4))],
        tolerance: .accumulated, run: { $0[0].crossEntropy($0[1]) },
        reference: { NDArray.crossEntropy($0[0], $0[1]) }))
    cases.append(
      OpCase(
        "crossEntropy of large numbers",
        [.float([4, 5], .uniform(-1000, 1000)), .index([4], .integers(0, 4))],
        tolerance: .accumulated, run: { $0[0].crossEntropy($0[1]) },
        reference: { NDArray.crossEntropy($0[0], $0[1]) }))
    return cases
  }()

  static let normalizationCases: [OpCase] = {
    var cases: [OpCase] = []
    let tolerance = Tolerance(2e-5, floor: nil)
    for shape in [[7], [4, 9], [2, 3, 5], [33, 64], [3, 1000], [65, 31], [5, 1]] {
      let columns = [shape[shape.count - 1]]
      let small = shape.reduce(1, *) <= 40
      cases.append(
        OpCase(
          "layerNorm \(shape)", [.float(shape)], tolerance: tolerance,
          gradient: small && columns != [1] ? [0] : [],
          secondOrder: shape == [4, 9], run: { $0[0].layerNorm() }, reference: { $0[0].layerNorm() }))
      cases.append(
        OpCase(
          "layerNorm affine \(shape)", [.float(shape), .float(columns), .float(columns)],
          tolerance: tolerance,
          gradient: small && columns != [1] ? [0, 1, 2] : [], secondOrder: shape == [4, 9], views: small,
          run: { $0[0].layerNorm(weight: $0[1], bias: $0[2]) }, reference: { $0[0].layerNorm($0[1], $0[2]) }))
    }
    cases.append(
      OpCase(
        "layerNorm weight only, epsilon", [.float([3, 5]), .float([5])], tolerance: tolerance,
        gradient: [0, 1],
        run: { $0[0].layerNorm(weight: $0[1], epsilon: 0.1) },
        reference: { $0[0].layerNorm($0[1], epsilon: 0.1) }))
    cases.append(
      OpCase(
        "layerNorm many rows", [.float([300, 7]), .float([7]), .float([7])], tolerance: tolerance,
        run: { $0[0].layerNorm(weight: $0[1], bias: $0[2]) }, reference: { $0[0].layerNorm($0[1], $0[2]) }))
    for shape in [[7], [4, 9], [2, 3, 5], [33, 64], [3, 1000], [0, 4]] {
      let columns = [shape[shape.count - 1]]
      let small = (1...40).contains(shape.reduce(1, *))
      cases.append(
        OpCase(
          "rmsNorm \(shape)", [.float(shape)], tolerance: tolerance, gradient: small ? [0] : [],
          run: { $0[0].rmsNorm(epsilon: 0.01) }, reference: { $0[0].rmsNorm(epsilon: 0.01) }))
      cases.append(
        OpCase(
          "rmsNorm weighted \(shape)", [.float(shape), .float(columns)], tolerance: tolerance,
          gradient: small ? [0, 1] : [], secondOrder: shape == [4, 9], views: small,
          run: { $0[0].rmsNorm(weight: $0[1]) }, reference: { $0[0].rmsNorm($0[1]) }))
    }
    for shape in [[6, 3], [2, 3, 2, 2], [3, 2, 4], [3, 2, 19]] {
      let channels = [shape[1]]
      cases.append(
        OpCase(
          "batchNorm \(shape)", [.float(shape), .float(channels), .float(channels)], tolerance: tolerance,
          gradient: [0, 1, 2], secondOrder: shape.count == 2, views: shape.count == 4,
          run: { $0[0].batchNorm(weight: $0[1], bias: $0[2]).output },
          reference: { $0[0].batchNorm($0[1], $0[2]) }))
    }
    // Groups of rows and columns, whole and in part.
    for shape in [[70, 20, 15], [40, 3, 150]] {
      cases.append(
        OpCase(
          "batchNorm \(shape)", [.float(shape)], tolerance: tolerance, run: { $0[0].batchNorm().output },
          reference: { $0[0].batchNorm() }))
    }
    let image: [InputSpec] = [.float([5, 3, 7, 7])]
    cases += [
      OpCase(
        "batchNorm without weight", image, tolerance: tolerance, run: { $0[0].batchNorm().output },
        reference: { $0[0].batchNorm() }),
      OpCase(
        "batchNorm mean", image, tolerance: tolerance, run: { $0[0].batchNorm().mean },
        reference: { $0[0].mean([0, 2, 3]) }),
      OpCase(
        "batchNorm variance", image, tolerance: tolerance, run: { $0[0].batchNorm().variance },
        reference: { $0[0].variance([0, 2, 3]) }),
      OpCase(
        "batchNorm with given statistics", [.float([2, 3, 2]), .float([3]), .float([3], .uniform(0.5, 2))],
        tolerance: tolerance, gradient: [0], run: { $0[0].batchNorm(mean: $0[1], variance: $0[2]) },
        reference: {
          ($0[0] - $0[1].reshaped([1, 3, 1])) / $0[2].reshaped([1, 3, 1]).map { ($0 + 1e-5).squareRoot() }
        }),
    ]
    return cases
  }()

  /// Chains that are computed in one kernel, and things that end a chain.
  static let fusionCases: [OpCase] = {
    let five: [InputSpec] = [.float([33, 5]), .float([5]), .float([33, 1])]
    return [
      OpCase(
        "gelu of x a + b, + r", five, gradient: [0, 1, 2], secondOrder: false, views: true,
        run: { ($0[0] * $0[1] + $0[1]).gelu() + $0[2] },
        reference: { ($0[0] * $0[1] + $0[1]).map(Scalar.gelu) + $0[2] }),
      OpCase(
        "sum of product", five, tolerance: .accumulated, gradient: [0, 1], views: true,
        run: { ($0[0] * $0[1]).sum(axis: 0) }, reference: { ($0[0] * $0[1]).sum([0]) }),
      OpCase(
        "max of sum of products", five, gradient: [0, 1], run: { ($0[0] * $0[1] + $0[2]).max(axis: 1) },
        reference: { ($0[0] * $0[1] + $0[2]).max([1]) }),
      OpCase(
        "shared intermediate", five, gradient: [0, 1],
        run: { x in
          let y = (x[0] * x[1]).tanh()
          return y * y + y.exp()
        },
        reference: { x in
          let y = (x[0] * x[1]).map { tanh($0) }
          return y * y + y.map { exp($0) }
        }),
      OpCase(
        "chain of 100", [.float([65])], tolerance: Tolerance(2e-5, floor: 1), gradient: [0],
        run: { x in (0..<100).reduce(x[0]) { y, i in i % 2 == 0 ? y * 0.99 + 0.01 : y.tanh() + x[0] } },
        reference: { x in
          (0..<100).reduce(x[0]) { y, i in
            i % 2 == 0 ? y.map { $0 * Double(Float(0.99)) + Double(Float(0.01)) } : y.map { tanh($0) } + x[0]
          }
        }),
      OpCase(
        "many inputs", (0..<20).map { _ in .float([31]) }, tolerance: .accumulated, gradient: [0, 7, 19],
        run: { x in x.dropFirst().reduce(x[0]) { $0 * 0.5 + $1 } },
        reference: { x in x.dropFirst().reduce(x[0]) { $0.map { $0 * 0.5 } + $1 } }),
      OpCase(
        "mixed types in one chain",
        [
          .float([37]), InputSpec([37], .int32, .integers(-5, 5)), InputSpec([37], .bool, .bools),
          InputSpec([37], .uint8, .integers(0, 9)),
        ],
        gradient: [0],
        run: { Tensor.where($0[2], $0[0] * $0[1], ($0[3] + $0[1]).cast(to: .float32)) },
        reference: { NDArray.where($0[2], $0[0] * $0[1], $0[3] + $0[1]) }),
      OpCase(
        "softmax written out", [.float([5, 7])], gradient: [0], secondOrder: true,
        run: { x in
          let e = (x[0] - x[0].detached().max(axis: 1, keepDims: true)).exp()
          return e / e.sum(axis: 1, keepDims: true)
        }, reference: { $0[0].softmax() }),
      OpCase(
        "standardised", [.float([6, 5])], tolerance: .accumulated, gradient: [0], secondOrder: true,
        run: { x in
          (x[0] - x[0].mean(axis: 0, keepDims: true)) / x[0].standardDeviation(axes: [0], keepDims: true)
        },
        reference: {
          ($0[0] - $0[0].mean([0], keepDims: true)) / $0[0].standardDeviation([0], keepDims: true)
        }),
      OpCase(
        "two layers", [.float([5, 4]), .float([6, 4]), .float([6]), .float([3, 6])], tolerance: .accumulated,
        gradient: [0, 1, 2, 3], secondOrder: true,
        run: { $0[0].linear(weight: $0[1], bias: $0[2]).tanh().linear(weight: $0[3], bias: nil) },
        reference: {
          NDArray.matmul(
            (NDArray.matmul($0[0], $0[1].transposed()) + $0[2]).map { tanh($0) }, $0[3].transposed())
        }),
    ]
  }()
}
