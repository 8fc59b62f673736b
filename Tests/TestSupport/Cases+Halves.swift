import Lathe

extension OpCase {
  /// Operations whose kernels may take 16-bit operands as they are, forward and backward, plain or on matrix units: sizes in
  /// and beyond tiles of each kernel.
  static let halfKernelCases: [OpCase] = [DType.float16, .bfloat16].flatMap {
    productCases($0) + halfConvolutionCases($0) + halfAttentionCases($0)
  }

  private static func half(_ dtype: DType, _ shapes: [[Int]]) -> [InputSpec] {
    shapes.map { InputSpec($0, dtype, .uniform(-1, 1)) }
  }

  private static func productCases(_ dtype: DType) -> [OpCase] {
    // One row, few rows, tiles with edges, large tiles, batches of which one is broadcast, a long k, sizes that no vector fits.
    let sizes = [
      ([1, 72], [72, 48]), ([6, 64], [64, 40]), ([152, 72], [72, 136]), ([256, 40], [40, 264]),
      ([3, 24, 40], [40, 24]), ([2, 1, 17, 33], [3, 33, 19]), ([20, 3000], [3000, 24]),
      ([65, 63], [63, 67]),
      ([18, 10], [10, 20]),
    ]
    var cases = sizes.map { a, b in
      OpCase(
        "matmul \(dtype) \(a) x \(b)", half(dtype, [a, b]), dtype: dtype, tolerance: .accumulated,
        views: a[0] == 65 || a[0] == 152, run: { $0[0].matmul($0[1]) },
        reference: { NDArray.matmul($0[0], $0[1]) })
    }
    for position in [0, 1] {
      cases.append(
        OpCase(
          "matmul \(dtype) gradient of operand \(position)",
          half(dtype, [[2, 40, 24], [24, 48], [2, 40, 48]]), dtype: dtype, tolerance: .accumulated,
          run: { x in
            gradient(of: position, x) { $0[0].matmul($0[1]) }
          },
          reference: {
            position == 0
              ? NDArray.matmul($0[2], $0[1].transposed())
              : NDArray.matmul($0[0].reshaped([80, 24]).transposed(), $0[2].reshaped([80, 48]))
          }))
    }
    cases.append(
      OpCase(
        "linear \(dtype), relu", half(dtype, [[70, 48], [72, 48], [72]]), dtype: dtype,
        tolerance: .accumulated,
        run: { $0[0].linear(weight: $0[1], bias: $0[2], activation: .relu) },
        reference: { (NDArray.matmul($0[0], $0[1].transposed()) + $0[2]).map(Scalar.relu) }))
    return cases
  }

  private static func halfConvolutionCases(_ dtype: DType) -> [OpCase] {
    let cases: [(x: [Int], filter: [Int], window: Window)] = [
      ([2, 16, 8, 8], [20, 16, 3, 3], Window(padding: (1, 1))),
      ([1, 36, 9, 7], [18, 36, 3, 2], Window(stride: (2, 1), padding: (1, 0))),
      ([1, 64, 5, 5], [48, 32, 1, 1], Window(groups: 2)),
      ([2, 3, 9, 9], [5, 3, 3, 3], Window(padding: (2, 1), dilation: (2, 1))),
      ([1, 8, 6, 8], [8, 1, 3, 3], Window(padding: (1, 1), groups: 8)),
      ([1, 16, 3, 3], [16, 16, 1, 1], Window()),
    ]
    return cases.flatMap { x, filter, window -> [OpCase] in
      let name = "conv2D \(dtype) \(x) * \(filter)"
      @Sendable func run(_ t: [Tensor]) -> Tensor {
        t[0].conv2D(
          t[1], bias: t.count > 2 ? t[2] : nil, stride: window.stride, padding: window.padding,
          dilation: window.dilation, groups: window.groups)
      }
      let shape = NDArray(x) { _ in 0 }.conv2D(NDArray(filter) { _ in 0 }, nil, window).shape
      return [
        OpCase(
          name, half(dtype, [x, filter, [filter[0]]]), dtype: dtype, tolerance: .accumulated,
          run: { run($0) },
          reference: { $0[0].conv2D($0[1], $0[2], window) })
      ]
        + [0, 1].map { position in
          OpCase(
            "\(name), gradient of operand \(position)", half(dtype, [x, filter, shape]), dtype: dtype,
            tolerance: .accumulated, run: { x in gradient(of: position, x) { run(Array($0[..<2])) } },
            reference: { NDArray.conv2DGradients($0[0], $0[1], $0[2], window)[position] })
        }
    }
  }

  private static func halfAttentionCases(_ dtype: DType) -> [OpCase] {
    // Weights are rounded on matrix units, too.
    let tolerance = Tolerance(dtype == .float16 ? 4e-3 : 3e-2, floor: nil)
    let sizes: [(queries: [Int], keys: [Int], values: Int, isCausal: Bool)] = [
      ([2, 4, 70, 16], [2, 2, 75, 16], 24, true), ([1, 1, 33, 64], [1, 1, 66, 64], 64, false),
      ([1, 2, 20, 100], [1, 2, 36, 100], 104, false), ([1, 1, 5, 7], [1, 1, 9, 7], 3, true),
    ]
    return sizes.flatMap { queries, keys, width, isCausal -> [OpCase] in
      let name = "attention \(dtype) \(queries) over \(keys)"
      let values = Array(keys.dropLast()) + [width]
      let run: @Sendable ([Tensor]) -> Tensor = {
        $0[0].attention(keys: $0[1], values: $0[2], isCausal: isCausal)
      }
      let forward = OpCase(
        name, half(dtype, [queries, keys, values]), dtype: dtype, tolerance: tolerance, run: run,
        reference: { AttentionReference($0[0], $0[1], $0[2], isCausal: isCausal).output })
      let backward = (0..<3).map { position in
        OpCase(
          "\(name), gradient of operand \(position)",
          half(dtype, [queries, keys, values, Array(queries.dropLast()) + [width]]), dtype: dtype,
          tolerance: tolerance, run: { x in gradient(of: position, x) { run($0) } },
          reference: {
            AttentionReference($0[0], $0[1], $0[2], isCausal: isCausal).gradients(upstream: $0[3])[position]
          })
      }
      return [forward] + backward
    }
  }

  /// The gradient of a function of tensors with respect to one of them; the last tensor is the result's gradient.
  private static func gradient(
    of position: Int, _ tensors: [Tensor], _ function: ([Tensor]) -> Tensor
  ) -> Tensor {
    var inputs = tensors
    inputs[position] = inputs[position].requiringGradient()
    return function(inputs).gradients(of: [inputs[position]], upstream: tensors[tensors.count - 1])[0]
  }
}
