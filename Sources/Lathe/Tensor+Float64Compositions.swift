import LatheCore

// What has kernels of its own in float32, made of other operations in float64.

extension Tensor {
  /// Softmax along the last axis, or its logarithm.
  func composedSoftmax(logarithm: Bool) -> Tensor {
    if count == 0 { return self }
    let shifted = self - detached().max(axis: -1, keepDims: true)
    let powers = shifted.exp()
    let sum = powers.sum(axis: -1, keepDims: true)
    return logarithm ? shifted - sum.log() : powers / sum
  }

  /// See `rowLosses`; labels are int32.
  func composedRowLosses(
    _ labels: Tensor, _ ignored: Int32?, _ smoothing: Double, ofLogarithms: Bool
  ) -> (losses: Tensor, ignored: Tensor?) {
    let isIgnored = ignored.map { labels .== $0 }
    var (x, picked) = (self, labels)
    if let isIgnored {
      x = Tensor.where(isIgnored.unsqueezed(-1), zero, self)
      picked = Tensor.where(isIgnored, Int32(0), labels)
    }
    // No label counts from the end.
    picked = Tensor.where(picked .< 0, Int32.max, picked)
    let logarithms = ofLogarithms ? x : x.logSoftmax()
    var losses = -logarithms.gather(axis: -1, indices: picked.unsqueezed(-1)).squeezed(-1)
    if smoothing > 0 { losses = losses * (1 - smoothing) - logarithms.mean(axis: -1) * smoothing }
    if let isIgnored { losses = Tensor.where(isIgnored, losses.zero, losses) }
    return (losses, isIgnored)
  }

  /// Windows times filters, a matrix product for each group of channels.
  func composedConvolution(_ filter: Tensor, bias: Tensor?, _ s: Convolution2D) -> Tensor {
    let sums = s.channels / s.groups * s.kernelHeight * s.kernelWidth
    let windows = cast(to: .float64).unfold2D(
      kernel: (s.kernelHeight, s.kernelWidth), stride: (s.strideY, s.strideX),
      padding: (s.paddingY, s.paddingX),
      dilation: (s.dilationY, s.dilationX)
    ).reshaped(to: [s.batch, s.groups, sums, s.outputHeight * s.outputWidth])
    let filters = filter.reshaped(to: [s.groups, s.outputChannels / s.groups, sums])
    let result = filters.matmul(windows)
      .reshaped(to: [s.batch, s.outputChannels, s.outputHeight, s.outputWidth])
    return bias.map { result + $0.reshaped(to: [1, s.outputChannels, 1, 1]) } ?? result
  }

  /// The convolution's gradient for its input; `s` has the sizes of that convolution, whose output this tensor is.
  func composedTransposedConvolution(
    _ filter: Tensor, bias: Tensor?, _ s: Convolution2D, _ outputPadding: (Int, Int)
  ) -> Tensor {
    let rows = s.channels / s.groups * s.kernelHeight * s.kernelWidth
    let filters = filter.reshaped(to: [s.groups, s.outputChannels / s.groups, rows])
    let pixels = cast(to: .float64)
      .reshaped(to: [s.batch, s.groups, s.outputChannels / s.groups, s.outputHeight * s.outputWidth])
    let windows = filters.transposed().matmul(pixels)
      .reshaped(to: [s.batch, s.groups * rows, s.outputHeight * s.outputWidth])
    let whole = (
      s.height + 2 * s.paddingY - outputPadding.0, s.width + 2 * s.paddingX - outputPadding.1
    )
    let image = windows.fold2D(
      output: whole, kernel: (s.kernelHeight, s.kernelWidth), stride: (s.strideY, s.strideX),
      dilation: (s.dilationY, s.dilationX))
    let result = image.padded([(0, outputPadding.0), (0, outputPadding.1)])
      .sliced(axis: 2, from: s.paddingY, to: s.paddingY + s.height)
      .sliced(axis: 3, from: s.paddingX, to: s.paddingX + s.width)
    return bias.map { result + $0.reshaped(to: [1, s.channels, 1, 1]) } ?? result
  }

  /// The first largest element of each window; of windows of several sizes the largest of rows and then of columns.
  func composedMaxPool(_ s: Pool2D) -> Tensor {
    if s.isAdaptive {
      return overSections(axis: 2, s.outputHeight) { $0.firstLargest(axis: 2) }
        .overSections(axis: 3, s.outputWidth) { $0.firstLargest(axis: 3) }
    }
    return padded([(s.paddingY, s.paddingY), (s.paddingX, s.paddingX)], value: -Double.infinity)
      .windows(s).flattenedWindows.firstLargest(axis: -1).squeezed(-1)
  }

  func composedAveragePool(_ s: Pool2D) -> Tensor {
    if s.isAdaptive {
      return overSections(axis: 2, s.outputHeight) { $0.mean(axis: 2, keepDims: true) }
        .overSections(axis: 3, s.outputWidth) { $0.mean(axis: 3, keepDims: true) }
    }
    let sums = padded([(s.paddingY, s.paddingY), (s.paddingX, s.paddingX)]).windows(s)
      .sum(axes: [-2, -1])
    func counts(_ windows: Int, _ length: Int, _ kernel: Int, _ step: Int, _ padding: Int) -> [Double] {
      (0..<windows).map { i in
        let start = i * step - padding
        return s.countsPadding
          ? Double(kernel) : Double(Swift.min(start + kernel, length) - Swift.max(start, 0))
      }
    }
    let rows = counts(s.outputHeight, s.height, s.kernelHeight, s.strideY, s.paddingY)
    let columns = counts(s.outputWidth, s.width, s.kernelWidth, s.strideX, s.paddingX)
    let elements = rows.flatMap { row in columns.map { row * $0 } }
    return sums / Tensor(elements, shape: [s.outputHeight, s.outputWidth], dtype: .float64, device: device)
  }

  /// [n, c, rows, columns, kernel height, kernel width].
  private func windows(_ s: Pool2D) -> Tensor {
    unfold(axis: 2, size: s.kernelHeight, step: s.strideY).unfold(
      axis: 3, size: s.kernelWidth, step: s.strideX)
  }

  private var flattenedWindows: Tensor {
    reshaped(to: Shape(shape.dropLast(2)).appending(shape[rank - 2] * shape[rank - 1]))
  }

  private func firstLargest(axis: Int) -> Tensor {
    gather(axis: axis, indices: detached().argmax(axis: axis, keepDims: true))
  }

  /// A function of each of the `count` sections of an axis that adaptive pooling has, joined.
  private func overSections(axis: Int, _ count: Int, _ body: (Tensor) -> Tensor) -> Tensor {
    let length = shape[axis]
    return Tensor.concatenate(
      (0..<count).map { i in
        body(sliced(axis: axis, from: i * length / count, to: ((i + 1) * length + count - 1) / count))
      }, axis: axis)
  }
}
