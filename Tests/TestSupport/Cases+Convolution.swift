import Lathe

extension OpCase {
  private static func convolution(
    _ x: [Int], _ filter: [Int], _ window: Window = Window(), bias: Bool = true, gradient: Bool = true,
    secondOrder: Bool = false, views: Bool = false, tolerance: Tolerance = .accumulated
  ) -> OpCase {
    OpCase(
      "conv2D \(x) * \(filter) stride \(window.stride) padding \(window.padding) dilation \(window.dilation)"
        + " groups \(window.groups)\(bias ? "" : " no bias")",
      [.float(x), .float(filter)] + (bias ? [.float([filter[0]])] : []), tolerance: tolerance,
      gradient: gradient ? (bias ? [0, 1, 2] : [0, 1]) : [], secondOrder: secondOrder, views: views,
      run: {
        $0[0].conv2D(
          $0[1], bias: bias ? $0[2] : nil, stride: window.stride, padding: window.padding,
          dilation: window.dilation,
          groups: window.groups)
      }, reference: { $0[0].conv2D($0[1], bias ? $0[2] : nil, window) })
  }

  static let convolutionCases: [OpCase] =
    [
      convolution([1, 1, 3, 3], [1, 1, 1, 1], secondOrder: true),
      convolution([2, 3, 5, 6], [4, 3, 3, 2], secondOrder: true, views: true),
      convolution([2, 2, 5, 5], [3, 2, 3, 3], Window(padding: (1, 1)), views: true),
      convolution([1, 2, 7, 6], [2, 2, 3, 3], Window(stride: (2, 3)), secondOrder: true),
      convolution([1, 2, 7, 6], [2, 2, 3, 2], Window(stride: (2, 1), padding: (1, 2))),
      convolution([1, 1, 9, 8], [2, 1, 3, 3], Window(padding: (2, 0), dilation: (2, 3))),
      convolution(
        [1, 2, 8, 8], [2, 2, 2, 3], Window(stride: (3, 2), padding: (1, 1), dilation: (2, 1)), bias: false),
      convolution([2, 4, 4, 4], [6, 2, 3, 3], Window(padding: (1, 1), groups: 2), views: true),
      convolution([1, 3, 4, 5], [6, 1, 2, 2], Window(stride: (1, 2), groups: 3), secondOrder: true),
      convolution([1, 2, 1, 7], [2, 2, 1, 3], Window(padding: (0, 1))),
      convolution([2, 3, 4, 4], [5, 3, 1, 1], bias: false, views: true),
      convolution([1, 1, 4, 4], [1, 1, 4, 4]),
      convolution([1, 1, 2, 2], [1, 1, 3, 3], Window(stride: (2, 2), padding: (2, 2))),
      // The layers of LeNet, and sizes beyond one tile in every direction.
      convolution([3, 1, 28, 28], [10, 1, 5, 5], gradient: false),
      convolution([3, 10, 12, 12], [20, 10, 5, 5], gradient: false),
      convolution([2, 33, 9, 9], [65, 33, 3, 3], Window(padding: (1, 1)), gradient: false),
      convolution([1, 3, 33, 31], [7, 3, 3, 3], Window(stride: (2, 2), padding: (1, 1)), gradient: false),
      // 3x3 filters between many channels, with results in whole tiles of 4x4: inside, at and across the edges.
      convolution(
        [3, 36, 8, 12], [40, 36, 3, 3], Window(padding: (1, 1)), gradient: false, views: true,
        tolerance: .transformed),
      convolution([2, 32, 10, 14], [33, 32, 3, 3], bias: false, gradient: false, tolerance: .transformed),
      convolution(
        [1, 270, 6, 6], [50, 270, 3, 3], Window(padding: (2, 2)), gradient: false, tolerance: .transformed),
      // So much of it that GPUs of few compute units transform tiles, too.
      convolution(
        [1, 64, 30, 32], [68, 64, 3, 3], Window(padding: (1, 1)), gradient: false, tolerance: .transformed),
      convolution([0, 2, 5, 5], [3, 2, 3, 3], gradient: false),
      // No channels: the bias, or zeros.
      convolution([1, 0, 4, 4], [2, 0, 3, 3], Window(padding: (1, 1))),
      convolution([1, 0, 4, 4], [2, 0, 3, 3], bias: false),
      // Filter gradients with 16 channels to a vector: a second one of one channel, strides, dilation, groups, all lines
      // of the filter at once and one by one.
      convolution([3, 17, 5, 4], [4, 17, 3, 3], Window(padding: (1, 1)), views: true),
      convolution(
        [2, 16, 6, 9], [3, 16, 3, 2], Window(stride: (2, 3), padding: (1, 2), dilation: (1, 2)), bias: false),
      convolution([1, 32, 4, 5], [4, 16, 5, 5], Window(padding: (2, 2), groups: 2), bias: false),
      convolution([1, 16, 5, 4], [2, 16, 7, 7], Window(padding: (3, 3)), bias: false),
      // A channel in each group: rows of whole fours of pixels and others, several results to a channel, strides, dilation.
      convolution([2, 3, 5, 8], [6, 1, 3, 3], Window(padding: (1, 1), groups: 3), views: true),
      convolution(
        [2, 4, 7, 6], [4, 1, 3, 5], Window(stride: (2, 1), padding: (1, 2), dilation: (2, 1), groups: 4),
        secondOrder: true),
      convolution(
        [1, 2, 6, 12], [6, 1, 2, 3], Window(stride: (3, 3), padding: (0, 1), groups: 2), bias: false),
      // The largest tiles, and sums that are added to in memory.
      convolution([2, 8, 16, 16], [72, 8, 3, 3], Window(padding: (1, 1)), gradient: false),
      convolution([1, 64, 4, 4], [5, 64, 3, 3], Window(stride: (2, 2), padding: (1, 1)), gradient: false),
    ] + convolutionGradientCases

  /// The gradients of larger convolutions, themselves checked as values: against the transposed reference.
  private static let convolutionGradientCases: [OpCase] = [
    ([3, 10, 12, 12], [20, 10, 5, 5], Window()), ([2, 33, 9, 9], [65, 33, 3, 3], Window(padding: (1, 1))),
    ([4, 1, 28, 28], [10, 1, 5, 5], Window()), ([2, 36, 8, 12], [40, 36, 3, 3], Window(padding: (1, 1))),
    ([9, 32, 18, 18], [34, 32, 3, 3], Window()), ([2, 18, 11, 180], [5, 18, 3, 3], Window(padding: (1, 1))),
    ([33, 16, 4, 4], [5, 16, 3, 3], Window(padding: (1, 1))),
    ([2, 72, 16, 16], [8, 72, 3, 3], Window(padding: (1, 1))),
    ([2, 64, 31, 30], [64, 64, 3, 3], Window(padding: (1, 1))),
  ].flatMap { (x: [Int], filter: [Int], window: Window) -> [OpCase] in
    let oh = x[2] + 2 * window.padding.0 - filter[2] + 1
    let ow = x[3] + 2 * window.padding.1 - filter[3] + 1
    let inputs: [InputSpec] = [.float(x), .float(filter), .float([x[0], filter[0], oh, ow])]
    return [
      OpCase(
        "conv2D input gradient \(x) * \(filter)", inputs, tolerance: .transformed,
        run: { values in
          let x = values[0].requiringGradient()
          return x.conv2D(values[1], padding: window.padding).gradients(of: [x], upstream: values[2])[0]
        }, reference: { $0[2].convTranspose2D($0[1], nil, window) }),
      OpCase(
        "conv2D filter gradient \(x) * \(filter)", inputs, tolerance: .transformed,
        run: { values in
          let filter = values[1].requiringGradient()
          return values[0].conv2D(filter, padding: window.padding).gradients(
            of: [filter], upstream: values[2])[0]
        },
        reference: { values in
          // dfilter[o, c] = sum over images of x[n, c] convolved with dy[n, o].
          values[0].transposed(0, 1).conv2D(values[2].transposed(0, 1), nil, window).transposed(0, 1)
        }),
    ]
  }

  static let transposedConvolutionCases: [OpCase] = [
    ([1, 1, 3, 3], [1, 1, 2, 2], Window()),
    ([2, 3, 3, 4], [3, 2, 3, 2], Window(stride: (2, 2))),
    ([1, 2, 3, 3], [2, 3, 3, 3], Window(stride: (2, 3), padding: (1, 1), outputPadding: (1, 2))),
    ([1, 2, 4, 3], [2, 2, 2, 3], Window(padding: (1, 0), dilation: (2, 1))),
    ([1, 4, 3, 3], [4, 3, 2, 2], Window(stride: (2, 1), groups: 2)),
    ([2, 17, 6, 6], [17, 9, 4, 4], Window(stride: (2, 2), padding: (1, 1))),
    // Output padding of a stride or more, below the dilation: pixels that no window reaches.
    ([1, 4, 2, 2], [4, 2, 1, 1], Window(dilation: (2, 2), groups: 2, outputPadding: (1, 1))),
    ([2, 3, 3, 2], [3, 2, 2, 3], Window(padding: (1, 0), dilation: (3, 2), outputPadding: (2, 1))),
    ([1, 2, 3, 3], [2, 2, 3, 2], Window(stride: (2, 1), dilation: (4, 3), outputPadding: (3, 2))),
    ([1, 3, 40, 40], [3, 4, 3, 3], Window(padding: (2, 2), dilation: (2, 2), outputPadding: (1, 1))),
  ].flatMap { (x: [Int], filter: [Int], window: Window) -> [OpCase] in
    let small = x.reduce(1, *) <= 100
    let outputs = filter[1] * window.groups
    return [true, false].compactMap { bias in
      if !bias && x[0] != 2 { return nil }
      return OpCase(
        "convTranspose2D \(x) * \(filter) stride \(window.stride) padding \(window.padding) + \(window.outputPadding)"
          + " dilation \(window.dilation) groups \(window.groups)\(bias ? "" : " no bias")",
        [.float(x), .float(filter)] + (bias ? [.float([outputs])] : []), tolerance: .accumulated,
        gradient: small ? (bias ? [0, 1, 2] : [0, 1]) : [], secondOrder: small && x[0] == 1,
        views: small && !bias,
        run: {
          $0[0].convTranspose2D(
            $0[1], bias: bias ? $0[2] : nil, stride: window.stride, padding: window.padding,
            outputPadding: window.outputPadding, dilation: window.dilation, groups: window.groups)
        }, reference: { $0[0].convTranspose2D($0[1], bias ? $0[2] : nil, window) })
    }
  }

  static let poolingCases: [OpCase] = {
    var cases: [OpCase] = []
    for (shape, kernel, window) in [
      ([2, 3, 6, 6], (2, 2), Window(stride: (2, 2))), ([1, 2, 5, 7], (3, 2), Window(stride: (2, 1))),
      ([1, 2, 5, 5], (3, 3), Window(stride: (2, 2), padding: (1, 1))),
      ([1, 1, 4, 4], (4, 4), Window(stride: (4, 4))),
      ([1, 2, 4, 5], (3, 3), Window(padding: (1, 1))), ([1, 1, 1, 1], (1, 1), Window()),
      ([2, 2, 7, 3], (2, 1), Window(stride: (3, 2), padding: (1, 0))),
      ([3, 10, 24, 24], (2, 2), Window(stride: (2, 2))), ([1, 2, 3, 27], (2, 2), Window(stride: (2, 2))),
    ] as [([Int], (Int, Int), Window)] {
      let small = shape.reduce(1, *) <= 250
      let suffix = "\(shape) kernel \(kernel) stride \(window.stride) padding \(window.padding)"
      cases.append(
        OpCase(
          "maxPool2D \(suffix)", [.float(shape, .distinct(-3, 3))], gradient: small ? [0] : [],
          views: shape[0] == 2,
          run: { $0[0].maxPool2D(kernel: kernel, stride: window.stride, padding: window.padding) },
          reference: { $0[0].maxPool2D(kernel, window) }))
      cases.append(
        OpCase(
          "maxPool2D squared \(suffix)", [.float(shape, .distinct(-3, 3))], gradient: small ? [0] : [],
          secondOrder: shape[1] == 2,
          run: { $0[0].maxPool2D(kernel: kernel, stride: window.stride, padding: window.padding).square() },
          reference: { $0[0].maxPool2D(kernel, window).map { $0 * $0 } }))
      for counts in [true, false] where counts || window.padding != (0, 0) {
        cases.append(
          OpCase(
            "averagePool2D \(suffix)\(counts ? "" : " padding not counted")", [.float(shape)],
            tolerance: .accumulated,
            gradient: small ? [0] : [], secondOrder: shape[1] == 2, views: shape[0] == 2 && counts,
            run: {
              $0[0].averagePool2D(
                kernel: kernel, stride: window.stride, padding: window.padding, countsPadding: counts)
            }, reference: { $0[0].averagePool2D(kernel, window, countsPadding: counts) }))
      }
    }
    cases += [
      OpCase(
        "maxPool2D default stride", [.float([1, 2, 7, 7])], run: { $0[0].maxPool2D(kernel: (3, 2)) },
        reference: { $0[0].maxPool2D((3, 2), Window(stride: (3, 2))) }),
      OpCase(
        "maxPool2D special values", [.float([1, 1, 4, 4], .list([1, .nan, -.infinity, -.infinity, 3]))],
        run: { $0[0].maxPool2D(kernel: (2, 2), padding: (1, 1)) },
        reference: { $0[0].maxPool2D((2, 2), Window(stride: (2, 2), padding: (1, 1))) }),
      OpCase(
        "maxPool2D special values in long lines",
        [.float([1, 1, 4, 26], .list([1, .nan, -.infinity, 2, -.infinity, 2, 3]))],
        run: { $0[0].maxPool2D(kernel: (2, 2)) },
        reference: { $0[0].maxPool2D((2, 2), Window(stride: (2, 2))) }),
      OpCase(
        "maxPool2D of nothing", [.float([0, 1, 4, 4])], run: { $0[0].maxPool2D(kernel: (2, 2)) },
        reference: { $0[0].maxPool2D((2, 2), Window(stride: (2, 2))) }),
      OpCase(
        "globalAveragePool2D", [.float([2, 3, 4, 5])], tolerance: .accumulated, gradient: [0], views: true,
        run: { $0[0].globalAveragePool2D() }, reference: { $0[0].mean([2, 3], keepDims: true) }),
      OpCase(
        "globalMaxPool2D", [.float([2, 3, 4, 5], .distinct(-2, 2))], gradient: [0],
        run: { $0[0].globalMaxPool2D() },
        reference: { $0[0].max([2, 3], keepDims: true) }),
    ]
    return cases
  }()
}
