import LatheCore

extension Tensor {
  private func poolSizes(
    _ name: StaticString, _ kernel: (Int, Int), _ stride: (Int, Int)?, _ padding: (Int, Int)
  ) -> Pool2D {
    let step = stride ?? kernel
    require(
      rank == 4 && shape[2] > 0 && shape[3] > 0,
      "\(name): a tensor of shape \(shape), not [n, c, h, w] with pixels")
    require(dtype.isFloatingPoint, "\(name): not defined on \(dtype)")
    require(
      kernel.0 > 0 && kernel.1 > 0 && step.0 > 0 && step.1 > 0 && padding.0 >= 0 && padding.1 >= 0
        && 2 * padding.0 <= kernel.0 && 2 * padding.1 <= kernel.1,
      "\(name): kernel \(kernel), stride \(step), padding \(padding): padding is at most half the kernel")
    require(
      shape[2] + 2 * padding.0 >= kernel.0 && shape[3] + 2 * padding.1 >= kernel.1,
      "\(name): the window \(kernel) is larger than the padded input \(shape)")
    checkPlane(name)
    return Pool2D(
      planes: shape[0] * shape[1], height: shape[2], width: shape[3], kernelHeight: kernel.0,
      kernelWidth: kernel.1,
      strideY: step.0, strideX: step.1, paddingY: padding.0, paddingX: padding.1,
      outputHeight: (shape[2] + 2 * padding.0 - kernel.0) / step.0 + 1,
      outputWidth: (shape[3] + 2 * padding.1 - kernel.1) / step.1 + 1)
  }

  /// Kernels count the pixels of a plane in int32.
  func checkPlane(_ name: StaticString) {
    require(
      shape[2] <= Int(Int32.max) / shape[3],
      "\(name): planes of \(shape[2]) x \(shape[3]): they have at most \(Int32.max) pixels")
  }

  /// The largest element of each window of [n, c, h, w]; the stride is the kernel where nil.
  ///
  /// The gradient goes to the first largest element of a window, or to its last NaN.
  ///
  /// - Parameters:
  ///   - kernel: The size of the window (vertical, horizontal).
  ///   - stride: Steps of the window.
  ///   - padding: Places added on each side, which are never the largest.
  ///   - dilation: Steps between the elements of a window.
  ///   - ceilMode: Whether a window that the image ends in counts, too, as long as it begins inside.
  public func maxPool2D(
    kernel: (Int, Int), stride: (Int, Int)? = nil, padding: (Int, Int) = (0, 0),
    dilation: (Int, Int) = (1, 1),
    ceilMode: Bool = false
  ) -> Tensor {
    guard ceilMode || dilation != (1, 1) else {
      return maxPool2D(poolSizes("maxPool2D", kernel, stride, padding))
    }
    let plan = PartialWindows("maxPool2D", self, kernel, stride, padding, dilation, ceilMode: ceilMode)
    if dilation != (1, 1) { return dilatedMaxPool2D(plan) }
    return padded([(0, plan.missing.0), (0, plan.missing.1)], value: -Float.infinity)
      .maxPool2D(kernel: kernel, stride: plan.stride, padding: padding)
  }

  func maxPool2D(_ sizes: Pool2D) -> Tensor {
    if dtype == .float64 { return composedMaxPool(sizes) }
    let x = cast(to: .float32)
    let target: Shape = [shape[0], shape[1], sizes.outputHeight, sizes.outputWidth]
    let results = Tensor.run(
      .maxPool(sizes), [x.detached().contiguous()], outputs: [(target, .float32), (target, .int32)])
    let winners = results[1]
    let original = shape
    return results[0].recorded("maxPool2D", [x]) { gradient, _ in
      [Tensor.maxPoolGradient(gradient, winners, sizes, original)]
    }.cast(to: dtype)
  }

  private static func maxPoolGradient(_ g: Tensor, _ winners: Tensor, _ sizes: Pool2D, _ shape: Shape)
    -> Tensor
  {
    run(
      .maxPoolBackward(sizes), [g.cast(to: .float32).detached().contiguous(), winners],
      output: shape
    )
    .recorded("maxPool2D gradient", [g]) { gradient, _ in
      // Each output takes its winner's element of the plane.
      let planes: Shape = [shape[0], shape[1], shape[2] * shape[3]]
      let picked = winners.reshaped(to: [shape[0], shape[1], sizes.outputHeight * sizes.outputWidth])
      return [gradient.reshaped(to: planes).gather(axis: 2, indices: picked).reshaped(to: winners.shape)]
    }
  }

  /// The mean of each window of [n, c, h, w]; the stride is the kernel where nil.
  ///
  /// - Parameters:
  ///   - kernel: The size of the window (vertical, horizontal).
  ///   - stride: Steps of the window.
  ///   - padding: Zeros added on each side.
  ///   - countsPadding: Whether padding counts as elements of value 0.
  ///   - ceilMode: Whether a window that the image ends in counts, too, as long as it begins inside.
  public func averagePool2D(
    kernel: (Int, Int), stride: (Int, Int)? = nil, padding: (Int, Int) = (0, 0), countsPadding: Bool = true,
    ceilMode: Bool = false
  ) -> Tensor {
    if ceilMode {
      let plan = PartialWindows("averagePool2D", self, kernel, stride, padding, (1, 1), ceilMode: true)
      if plan.missing != (0, 0) { return partialAveragePool2D(plan, countsPadding: countsPadding) }
    }
    var sizes = poolSizes("averagePool2D", kernel, stride, padding)
    sizes.countsPadding = countsPadding
    return averagePool2D(sizes)
  }

  func averagePool2D(_ sizes: Pool2D) -> Tensor {
    if dtype == .float64 { return composedAveragePool(sizes) }
    return Tensor.averagePool(cast(to: .float32), sizes, shape).cast(to: dtype)
  }

  private static func averagePool(_ x: Tensor, _ sizes: Pool2D, _ shape: Shape) -> Tensor {
    let target: Shape = [shape[0], shape[1], sizes.outputHeight, sizes.outputWidth]
    return run(.averagePool(sizes), [x.detached().contiguous()], output: target)
      .recorded("averagePool2D", [x]) { gradient, _ in [averagePoolGradient(gradient, sizes, shape)] }
  }

  private static func averagePoolGradient(_ g: Tensor, _ sizes: Pool2D, _ shape: Shape) -> Tensor {
    run(.averagePoolBackward(sizes), [g.detached().contiguous()], output: shape)
      .recorded("averagePool2D gradient", [g]) { gradient, _ in [averagePool(gradient, sizes, shape)] }
  }

  /// The mean of each plane of [n, c, h, w]: [n, c, 1, 1].
  public func globalAveragePool2D() -> Tensor {
    require(rank == 4, "globalAveragePool2D: a tensor of shape \(shape), not [n, c, h, w]")
    return mean(axes: [2, 3], keepDims: true)
  }

  /// The largest element of each plane of [n, c, h, w]: [n, c, 1, 1]; the gradient goes to the first.
  public func globalMaxPool2D() -> Tensor {
    require(rank == 4, "globalMaxPool2D: a tensor of shape \(shape), not [n, c, h, w]")
    guard dtype.isFloatingPoint else { return max(axes: [2, 3], keepDims: true) }
    return adaptiveMaxPool2D(output: (1, 1))
  }
}
