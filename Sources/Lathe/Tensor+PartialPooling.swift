import LatheCore

/// Windows of a pooling that may reach beyond the image, or have gaps.
struct PartialWindows {
  let kernel: (Int, Int), stride: (Int, Int), padding: (Int, Int), dilation: (Int, Int)
  /// Windows along each axis.
  let output: (Int, Int)
  /// Rows and columns that the last windows lack behind the padding.
  let missing: (Int, Int)

  init(
    _ name: StaticString, _ x: Tensor, _ kernel: (Int, Int), _ stride: (Int, Int)?, _ padding: (Int, Int),
    _ dilation: (Int, Int), ceilMode: Bool
  ) {
    let step = stride ?? kernel
    require(
      x.rank == 4 && x.shape[2] > 0 && x.shape[3] > 0 && x.dtype.isFloatingPoint,
      "\(name): a tensor of shape \(x.shape) of \(x.dtype), not [n, c, h, w] with pixels")
    require(
      kernel.0 > 0 && kernel.1 > 0 && step.0 > 0 && step.1 > 0 && dilation.0 > 0 && dilation.1 > 0
        && padding.0 >= 0 && padding.1 >= 0 && 2 * padding.0 <= kernel.0 && 2 * padding.1 <= kernel.1,
      "\(name): kernel \(kernel), stride \(step), padding \(padding), dilation \(dilation): padding is at most half the kernel"
    )
    func count(_ length: Int, _ k: Int, _ s: Int, _ p: Int, _ d: Int) -> (Int, Int) {
      let extent = d * (k - 1) + 1
      let room = length + 2 * p - extent
      require(room >= 0, "\(name): the window \(kernel) is larger than the padded input \(x.shape)")
      var n = room / s + 1
      // One more that begins inside the image or the padding in front of it.
      if ceilMode && room % s != 0 && n * s < length + p { n += 1 }
      return (n, max(0, (n - 1) * s - room))
    }
    let rows = count(x.shape[2], kernel.0, step.0, padding.0, dilation.0)
    let columns = count(x.shape[3], kernel.1, step.1, padding.1, dilation.1)
    self.kernel = kernel
    self.stride = step
    self.padding = padding
    self.dilation = dilation
    output = (rows.0, columns.0)
    missing = (rows.1, columns.1)
  }
}

extension Tensor {
  /// The largest elements of windows with gaps, by their places among the windows' elements.
  func dilatedMaxPool2D(_ plan: PartialWindows) -> Tensor {
    let windows = padded(
      [(plan.padding.0, plan.padding.0 + plan.missing.0), (plan.padding.1, plan.padding.1 + plan.missing.1)],
      value: -Float.infinity
    )
    .unfold(axis: 2, size: plan.kernel.0, step: plan.stride.0, dilation: plan.dilation.0)
    .unfold(axis: 3, size: plan.kernel.1, step: plan.stride.1, dilation: plan.dilation.1)
    let elements = windows.reshaped(
      to: [shape[0], shape[1], plan.output.0, plan.output.1, plan.kernel.0 * plan.kernel.1])
    let places = elements.detached().argmax(axis: -1, keepDims: true)
    return elements.gather(axis: -1, indices: places).squeezed(-1)
  }

  /// The means of windows that reach beyond the image: each divided by the elements that it has there, or in the padding.
  func partialAveragePool2D(_ plan: PartialWindows, countsPadding: Bool) -> Tensor {
    func elements(_ window: Int, _ length: Int, _ k: Int, _ s: Int, _ p: Int) -> Int {
      let start = window * s - p
      let end = Swift.min(start + k, length + p)
      return countsPadding ? end - start : Swift.min(end, length) - Swift.max(start, 0)
    }
    var shares: [Double] = []
    for y in 0..<plan.output.0 {
      let rows = elements(y, shape[2], plan.kernel.0, plan.stride.0, plan.padding.0)
      for x in 0..<plan.output.1 {
        let columns = elements(x, shape[3], plan.kernel.1, plan.stride.1, plan.padding.1)
        shares.append(Double(plan.kernel.0 * plan.kernel.1) / Double(rows * columns))
      }
    }
    let means = inFloatType.padded([(0, plan.missing.0), (0, plan.missing.1)])
      .averagePool2D(kernel: plan.kernel, stride: plan.stride, padding: plan.padding)
    return
      (means * Tensor(shares, shape: [plan.output.0, plan.output.1], dtype: means.dtype, device: device))
      .cast(to: dtype)
  }

  /// The `order`-th root of the sum of each window's elements to the power of `order`, as PyTorch's `lp_pool2d`; the
  /// gradient of a sum of 0 is 0.
  ///
  /// - Parameters:
  ///   - order: The power; elements below 0 keep their sign in an odd one.
  ///   - kernel: The size of the window (vertical, horizontal).
  ///   - stride: Steps of the window; the kernel where nil.
  ///   - ceilMode: Whether a window that the image ends in counts, too, as long as it begins inside; its mean stands for what
  ///     it lacks.
  public func lpPool2D(order: Float, kernel: (Int, Int), stride: (Int, Int)? = nil, ceilMode: Bool = false)
    -> Tensor
  {
    require(order != 0 && order.isFinite, "lpPool2D: order \(order)")
    let powers = inFloatType.pow(order)
    let sums =
      powers.averagePool2D(kernel: kernel, stride: stride, ceilMode: ceilMode) * Float(kernel.0 * kernel.1)
    let isZero = sums .== 0
    return Tensor.where(
      isZero, Float(0),
      Tensor.where(isZero, Float(1), sums).pow(dtype == .float64 ? 1 / Double(order) : Double(1 / order))
    ).cast(to: dtype)
  }
}
