import LatheCore

// Convolutions of volumes are convolutions of images whose channels are those of all slices that a filter covers.

extension Tensor {
  /// The 3-D convolution (cross-correlation) of volumes with filters.
  ///
  /// - Parameters:
  ///   - filter: [out, in / groups, depth, height, width].
  ///   - bias: [out].
  ///   - stride: Steps of the window (depth, vertical, horizontal).
  ///   - padding: Zeros added on each side.
  ///   - dilation: Steps between the elements of a filter.
  ///   - groups: Parts of the channels that have filters of their own.
  /// - Returns: [n, out, outDepth, outHeight, outWidth] for a tensor [n, in, depth, height, width].
  public func conv3D(
    _ filter: Tensor, bias: Tensor? = nil, stride: (Int, Int, Int) = (1, 1, 1),
    padding: (Int, Int, Int) = (0, 0, 0), dilation: (Int, Int, Int) = (1, 1, 1), groups: Int = 1
  ) -> Tensor {
    require(
      rank == 5 && filter.rank == 5 && groups > 0 && shape[1] == filter.shape[1] * groups
        && filter.shape[0] % groups == 0,
      "conv3D: input \(shape) and filter \(filter.shape) with \(groups) groups: expected [n, c, d, h, w] and "
        + "[o, c / groups, kd, kh, kw] with o a multiple of groups")
    require(padding.0 >= 0, "conv3D: padding \(padding)")
    let kernel = filter.shape
    let slices = padded([(padding.0, padding.0), (0, 0), (0, 0)])
      .unfold(axis: 2, size: kernel[2], step: stride.0, dilation: dilation.0)
    let depth = slices.shape[2]
    let images = slices.permuted([0, 2, 1, 5, 3, 4])
      .reshaped(to: [shape[0] * depth, shape[1] * kernel[2], shape[3], shape[4]])
    let result = images.conv2D(
      filter.reshaped(to: [kernel[0], kernel[1] * kernel[2], kernel[3], kernel[4]]), bias: bias,
      stride: (stride.1, stride.2), padding: (padding.1, padding.2), dilation: (dilation.1, dilation.2),
      groups: groups)
    return result.reshaped(to: [shape[0], depth, kernel[0], result.shape[2], result.shape[3]])
      .permuted([0, 2, 1, 3, 4])
  }

  /// The transposed 3-D convolution: the gradient of `conv3D` with respect to its input, as a layer.
  ///
  /// - Parameters:
  ///   - filter: [in, out / groups, depth, height, width].
  ///   - bias: [out].
  ///   - stride: Steps of the window (depth, vertical, horizontal).
  ///   - padding: Zeros added on each side of the convolution that it turns around.
  ///   - outputPadding: Added behind the last element of each axis of the result; smaller than the stride or the dilation.
  ///   - dilation: Steps between the elements of a filter.
  ///   - groups: Parts of the channels that have filters of their own.
  /// - Returns: [n, out, outDepth, outHeight, outWidth], each size as for `convTranspose2D`.
  public func convTranspose3D(
    _ filter: Tensor, bias: Tensor? = nil, stride: (Int, Int, Int) = (1, 1, 1),
    padding: (Int, Int, Int) = (0, 0, 0), outputPadding: (Int, Int, Int) = (0, 0, 0),
    dilation: (Int, Int, Int) = (1, 1, 1), groups: Int = 1
  ) -> Tensor {
    require(
      rank == 5 && filter.rank == 5 && groups > 0 && shape[1] == filter.shape[0] && shape[1] % groups == 0,
      "convTranspose3D: input \(shape) and filter \(filter.shape) with \(groups) groups: expected [n, c, d, h, w] and "
        + "[c, o / groups, kd, kh, kw] with c a multiple of groups")
    let (n, depth, kernel) = (shape[0], shape[2], filter.shape)
    let channels = kernel[1] * groups
    require(
      bias.map { $0.shape == [channels] } ?? true,
      "convTranspose3D: bias \(bias?.shape ?? []) for \(channels) output channels")
    require(
      depth > 0 && kernel[2] > 0 && stride.0 > 0 && padding.0 >= 0 && dilation.0 > 0 && outputPadding.0 >= 0
        && outputPadding.0 < Swift.max(stride.0, dilation.0),
      "convTranspose3D: input \(shape), stride \(stride), padding \(padding), dilation \(dilation), output padding "
        + "\(outputPadding): it is smaller than the stride or the dilation")
    let whole = (depth - 1) * stride.0 + dilation.0 * (kernel[2] - 1) + 1 + outputPadding.0
    require(whole > 2 * padding.0, "convTranspose3D: an output without depth for input \(shape)")
    let images = permuted([0, 2, 1, 3, 4]).reshaped(to: [n * depth, shape[1], shape[3], shape[4]])
    let slices = images.convTranspose2D(
      filter.reshaped(to: [kernel[0], kernel[1] * kernel[2], kernel[3], kernel[4]]),
      stride: (stride.1, stride.2), padding: (padding.1, padding.2),
      outputPadding: (outputPadding.1, outputPadding.2), dilation: (dilation.1, dilation.2), groups: groups)
    let (height, width) = (slices.shape[2], slices.shape[3])
    let windows = AxisWindows(
      "convTranspose3D", axis: 2, of: whole - outputPadding.0, size: kernel[2], step: stride.0,
      dilation: dilation.0)
    let volume = slices.reshaped(to: [n, depth, channels, kernel[2], height, width])
      .permuted([0, 2, 1, 4, 5, 3])
      .folded(windows, into: [n, channels, whole, height, width])
      .sliced(axis: 2, from: padding.0, to: whole - padding.0)
    guard let bias else { return volume }
    return (volume + bias.reshaped(to: [1, channels, 1, 1, 1])).cast(to: volume.dtype)
  }
}
