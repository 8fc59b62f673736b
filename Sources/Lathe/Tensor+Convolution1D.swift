import LatheCore

/// Convolutions and pooling of sequences [n, c, length], as images of height 1.
extension Tensor {
  private func asImage(_ name: StaticString) -> Tensor {
    require(rank == 3, "\(name): a tensor of shape \(shape), not [n, c, length]")
    return unsqueezed(2)
  }

  /// The 1-D convolution (cross-correlation) of sequences with filters.
  ///
  /// - Parameters:
  ///   - filter: [out, in / groups, kernel].
  ///   - bias: [out].
  ///   - stride: Steps of the window.
  ///   - padding: Elements added on each side.
  ///   - dilation: Steps between the elements of a filter.
  ///   - groups: Parts of the channels that have filters of their own.
  /// - Returns: [n, out, outLength] for a tensor [n, in, length].
  public func conv1D(
    _ filter: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, dilation: Int = 1,
    groups: Int = 1
  ) -> Tensor {
    asImage("conv1D").conv2D(
      filter.asImage("conv1D filter"), bias: bias, stride: (1, stride), padding: (0, padding),
      dilation: (1, dilation), groups: groups
    ).squeezed(2)
  }

  /// The transposed 1-D convolution; see `convTranspose2D`.
  ///
  /// - Parameters:
  ///   - filter: [in, out / groups, kernel].
  ///   - bias: [out].
  ///   - stride: Steps of the window.
  ///   - padding: Elements added on each side.
  ///   - outputPadding: Elements added to one end of the result.
  ///   - dilation: Steps between the elements of a filter.
  ///   - groups: Parts of the channels that have filters of their own.
  public func convTranspose1D(
    _ filter: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, outputPadding: Int = 0,
    dilation: Int = 1, groups: Int = 1
  ) -> Tensor {
    asImage("convTranspose1D").convTranspose2D(
      filter.asImage("convTranspose1D filter"), bias: bias, stride: (1, stride), padding: (0, padding),
      outputPadding: (0, outputPadding), dilation: (1, dilation), groups: groups
    ).squeezed(2)
  }

  /// The largest element of each window of [n, c, length]; the stride is the kernel where nil.
  ///
  /// - Parameters:
  ///   - kernel: The size of the window.
  ///   - stride: Steps of the window.
  ///   - padding: Places added on each side, which are never the largest.
  ///   - dilation: Steps between the elements of a window.
  ///   - ceilMode: Whether a window that the sequence ends in counts, too, as long as it begins inside.
  public func maxPool1D(
    kernel: Int, stride: Int? = nil, padding: Int = 0, dilation: Int = 1, ceilMode: Bool = false
  ) -> Tensor {
    asImage("maxPool1D").maxPool2D(
      kernel: (1, kernel), stride: (1, stride ?? kernel), padding: (0, padding), dilation: (1, dilation),
      ceilMode: ceilMode
    ).squeezed(2)
  }

  /// The mean of each window of [n, c, length]; the stride is the kernel where nil.
  ///
  /// - Parameters:
  ///   - kernel: The size of the window.
  ///   - stride: Steps of the window.
  ///   - padding: Elements added on each side.
  ///   - countsPadding: Whether padding counts as elements of value 0.
  ///   - ceilMode: Whether a window that the sequence ends in counts, too, as long as it begins inside.
  public func averagePool1D(
    kernel: Int, stride: Int? = nil, padding: Int = 0, countsPadding: Bool = true, ceilMode: Bool = false
  ) -> Tensor {
    asImage("averagePool1D").averagePool2D(
      kernel: (1, kernel), stride: (1, stride ?? kernel), padding: (0, padding), countsPadding: countsPadding,
      ceilMode: ceilMode
    ).squeezed(2)
  }
}
