import LatheCore

// Windows of volumes are boxes: the largest element, and the mean, of one is that along the depth of those of its slices.
// Of several largest the first slice's first, and of NaN the last slice's last, get the gradient, as in one pass.

extension Tensor {
  /// The largest element of each window of [n, c, d, h, w]; the stride is the kernel where nil.
  ///
  /// The gradient goes to the first largest element of a window, or to its last NaN.
  ///
  /// - Parameters:
  ///   - kernel: The size of the window (depth, vertical, horizontal).
  ///   - stride: Steps of the window.
  ///   - padding: Places added on each side, which are never the largest.
  ///   - dilation: Steps between the elements of a window.
  ///   - ceilMode: Whether a window that the volume ends in counts, too, as long as it begins inside.
  public func maxPool3D(
    kernel: (Int, Int, Int), stride: (Int, Int, Int)? = nil, padding: (Int, Int, Int) = (0, 0, 0),
    dilation: (Int, Int, Int) = (1, 1, 1), ceilMode: Bool = false
  ) -> Tensor {
    let step = stride ?? kernel
    checkVolume("maxPool3D", kernel, step, padding, dilation)
    return bySlices {
      $0.maxPool2D(
        kernel: (kernel.1, kernel.2), stride: (step.1, step.2), padding: (padding.1, padding.2),
        dilation: (dilation.1, dilation.2), ceilMode: ceilMode)
    } alongDepth: {
      $0.maxPool2D(
        kernel: (kernel.0, 1), stride: (step.0, 1), padding: (padding.0, 0), dilation: (dilation.0, 1),
        ceilMode: ceilMode)
    }
  }

  /// The mean of each window of [n, c, d, h, w]; the stride is the kernel where nil.
  ///
  /// - Parameters:
  ///   - kernel: The size of the window (depth, vertical, horizontal).
  ///   - stride: Steps of the window.
  ///   - padding: Zeros added on each side.
  ///   - countsPadding: Whether padding counts as elements of value 0.
  ///   - ceilMode: Whether a window that the volume ends in counts, too, as long as it begins inside.
  public func averagePool3D(
    kernel: (Int, Int, Int), stride: (Int, Int, Int)? = nil, padding: (Int, Int, Int) = (0, 0, 0),
    countsPadding: Bool = true, ceilMode: Bool = false
  ) -> Tensor {
    let step = stride ?? kernel
    checkVolume("averagePool3D", kernel, step, padding, (1, 1, 1))
    return inFloatType.bySlices {
      $0.averagePool2D(
        kernel: (kernel.1, kernel.2), stride: (step.1, step.2), padding: (padding.1, padding.2),
        countsPadding: countsPadding, ceilMode: ceilMode)
    } alongDepth: {
      $0.averagePool2D(
        kernel: (kernel.0, 1), stride: (step.0, 1), padding: (padding.0, 0), countsPadding: countsPadding,
        ceilMode: ceilMode)
    }.cast(to: dtype)
  }

  /// The means of [n, c, d, h, w] over windows that divide each volume into `output` pieces.
  public func adaptiveAveragePool3D(output: (Int, Int, Int)) -> Tensor {
    checkVolume("adaptiveAveragePool3D", output)
    return inFloatType.bySlices {
      $0.adaptiveAveragePool2D(output: (output.1, output.2))
    } alongDepth: {
      $0.adaptiveAveragePool2D(output: (output.0, output.1 * output.2))
    }.cast(to: dtype)
  }

  /// The largest elements of [n, c, d, h, w] in windows that divide each volume into `output` pieces; the gradient goes
  /// to the first largest element of a window, or to its last NaN.
  public func adaptiveMaxPool3D(output: (Int, Int, Int)) -> Tensor {
    checkVolume("adaptiveMaxPool3D", output)
    return bySlices {
      $0.adaptiveMaxPool2D(output: (output.1, output.2))
    } alongDepth: {
      $0.adaptiveMaxPool2D(output: (output.0, output.1 * output.2))
    }
  }

  /// Pools slices as images, then what they give along the depth, as images whose rows are slices.
  private func bySlices(_ pool: (Tensor) -> Tensor, alongDepth: (Tensor) -> Tensor) -> Tensor {
    let (n, c, depth) = (shape[0], shape[1], shape[2])
    let slices = pool(reshaped(to: [n, c * depth, shape[3], shape[4]]))
    let (height, width) = (slices.shape[2], slices.shape[3])
    let pooled = alongDepth(slices.reshaped(to: [n, c, depth, height * width]))
    return pooled.reshaped(to: [n, c, pooled.shape[2], height, width])
  }

  private func checkVolume(_ name: StaticString, _ output: (Int, Int, Int)) {
    require(
      rank == 5 && dtype.isFloatingPoint && shape.dropFirst(2).allSatisfy { $0 > 0 },
      "\(name): \(dtype) of shape \(shape), not floats [n, c, d, h, w] with elements")
    require(
      output.0 > 0 && output.1 > 0 && output.2 > 0, "\(name): output \(output) for a tensor of shape \(shape)"
    )
  }

  /// Checks the windows of a pooling.
  private func checkVolume(
    _ name: StaticString, _ kernel: (Int, Int, Int), _ stride: (Int, Int, Int), _ padding: (Int, Int, Int),
    _ dilation: (Int, Int, Int)
  ) {
    checkVolume(name, (1, 1, 1))
    let axes = [
      (shape[2], kernel.0, stride.0, padding.0, dilation.0),
      (shape[3], kernel.1, stride.1, padding.1, dilation.1),
      (shape[4], kernel.2, stride.2, padding.2, dilation.2),
    ]
    for (length, size, step, margin, gap) in axes {
      require(
        size > 0 && step > 0 && gap > 0 && margin >= 0 && 2 * margin <= size,
        "\(name): kernel \(kernel), stride \(stride), padding \(padding), dilation \(dilation): padding is at most half "
          + "the kernel")
      require(
        length + 2 * margin >= gap * (size - 1) + 1,
        "\(name): the window \(kernel) is larger than the padded input \(shape)")
    }
  }
}
