import LatheCore

extension Tensor {
  /// The 2-D convolution (cross-correlation) of images with filters.
  ///
  /// - Parameters:
  ///   - filter: [out, in / groups, height, width].
  ///   - bias: [out].
  ///   - stride: Steps of the window (vertical, horizontal); likewise padding with zeros on each side and dilation.
  ///   - padding: Zeros added on each side (vertical, horizontal).
  ///   - dilation: Steps between the elements of a filter (vertical, horizontal).
  ///   - groups: Parts of the channels that have filters of their own.
  /// - Returns: [images, out, outHeight, outWidth] for a tensor [images, in, height, width].
  public func conv2D(
    _ filter: Tensor, bias: Tensor? = nil, stride: (Int, Int) = (1, 1), padding: (Int, Int) = (0, 0),
    dilation: (Int, Int) = (1, 1), groups: Int = 1
  ) -> Tensor {
    require(
      rank == 4 && filter.rank == 4 && groups > 0 && shape[1] == filter.shape[1] * groups
        && filter.shape[0] % groups == 0,
      "conv2D: input \(shape) and filter \(filter.shape) with \(groups) groups: expected [n, c, h, w] and "
        + "[o, c / groups, kh, kw] with o a multiple of groups")
    require(
      bias.map { $0.shape == [filter.shape[0]] } ?? true,
      "conv2D: bias \(bias?.shape ?? []) for filter \(filter.shape)")
    Tensor.checkWindow("conv2D", self, filter, stride, padding, dilation)
    let height = (shape[2] + 2 * padding.0 - dilation.0 * (filter.shape[2] - 1) - 1) / stride.0 + 1
    let width = (shape[3] + 2 * padding.1 - dilation.1 * (filter.shape[3] - 1) - 1) / stride.1 + 1
    require(
      shape[2] + 2 * padding.0 >= dilation.0 * (filter.shape[2] - 1) + 1
        && shape[3] + 2 * padding.1 >= dilation.1 * (filter.shape[3] - 1) + 1,
      "conv2D: the filter \(filter.shape) is larger than the padded input \(shape)")
    let sizes = Convolution2D(
      batch: shape[0], channels: shape[1], height: shape[2], width: shape[3], outputChannels: filter.shape[0],
      groups: groups, kernelHeight: filter.shape[2], kernelWidth: filter.shape[3], strideY: stride.0,
      strideX: stride.1, paddingY: padding.0, paddingX: padding.1, dilationY: dilation.0,
      dilationX: dilation.1,
      outputHeight: height, outputWidth: width)
    require(
      DType.promote(dtype, filter.dtype).isFloatingPoint, "conv2D: not defined on \(dtype)")
    if Tensor.hasFloat64(self, filter, bias) { return composedConvolution(filter, bias: bias, sizes) }
    return Tensor.convolution(
      KernelOperand(activation: self), KernelOperand(parameter: filter),
      bias: bias.map { KernelOperand(parameter: $0) }, sizes)
  }

  /// The transposed 2-D convolution: the gradient of `conv2D` with respect to its input, as a layer.
  ///
  /// - Parameters:
  ///   - filter: [in, out / groups, height, width].
  ///   - bias: [out].
  ///   - stride: Steps of the window (vertical, horizontal).
  ///   - padding: Zeros added on each side (vertical, horizontal).
  ///   - outputPadding: Rows and columns added below and on the right of the result, along each axis fewer than the
  ///     stride or than the dilation; where no window reaches them they hold the bias.
  ///   - dilation: Steps between the elements of a filter (vertical, horizontal).
  ///   - groups: Parts of the channels that have filters of their own.
  /// - Returns: [images, out, outHeight, outWidth], with
  ///   outHeight = (height - 1) * stride - 2 * padding + dilation * (kernel - 1) + outputPadding + 1.
  public func convTranspose2D(
    _ filter: Tensor, bias: Tensor? = nil, stride: (Int, Int) = (1, 1), padding: (Int, Int) = (0, 0),
    outputPadding: (Int, Int) = (0, 0), dilation: (Int, Int) = (1, 1), groups: Int = 1
  ) -> Tensor {
    require(
      rank == 4 && filter.rank == 4 && groups > 0 && shape[1] == filter.shape[0] && shape[1] % groups == 0,
      "convTranspose2D: input \(shape) and filter \(filter.shape) with \(groups) groups: expected [n, c, h, w] and "
        + "[c, o / groups, kh, kw] with c a multiple of groups")
    let channels = filter.shape[1] * groups
    require(
      bias.map { $0.shape == [channels] } ?? true,
      "convTranspose2D: bias \(bias?.shape ?? []) for \(channels) output channels")
    Tensor.checkWindow("convTranspose2D", self, filter, stride, padding, dilation)
    require(
      outputPadding.0 >= 0 && outputPadding.1 >= 0 && outputPadding.0 < Swift.max(stride.0, dilation.0)
        && outputPadding.1 < Swift.max(stride.1, dilation.1),
      "convTranspose2D: output padding \(outputPadding) for stride \(stride) and dilation \(dilation): it is smaller "
        + "than one of them along each axis")
    let height =
      (shape[2] - 1) * stride.0 - 2 * padding.0 + dilation.0 * (filter.shape[2] - 1) + outputPadding.0 + 1
    let width =
      (shape[3] - 1) * stride.1 - 2 * padding.1 + dilation.1 * (filter.shape[3] - 1) + outputPadding.1 + 1
    require(
      height > 0 && width > 0, "convTranspose2D: an output of \(height) x \(width) for input \(shape)")
    let sizes = Convolution2D(
      batch: shape[0], channels: channels, height: height, width: width, outputChannels: shape[1],
      groups: groups,
      kernelHeight: filter.shape[2], kernelWidth: filter.shape[3], strideY: stride.0, strideX: stride.1,
      paddingY: padding.0, paddingX: padding.1, dilationY: dilation.0, dilationX: dilation.1,
      outputHeight: shape[2], outputWidth: shape[3])
    require(
      DType.promote(dtype, filter.dtype).isFloatingPoint, "convTranspose2D: not defined on \(dtype)")
    if Tensor.hasFloat64(self, filter, bias) {
      return composedTransposedConvolution(filter, bias: bias, sizes, outputPadding)
    }
    let result = Tensor.convolutionInputGradient(
      KernelOperand(activation: self), KernelOperand(parameter: filter), sizes)
    guard let bias else { return result }
    return (result + KernelOperand(parameter: bias).wide.reshaped(to: [1, channels, 1, 1])).cast(
      to: result.dtype)
  }

  private static func checkWindow(
    _ name: StaticString, _ input: Tensor, _ filter: Tensor, _ stride: (Int, Int), _ padding: (Int, Int),
    _ dilation: (Int, Int)
  ) {
    require(
      input.shape[2] > 0 && input.shape[3] > 0 && filter.shape[2] > 0 && filter.shape[3] > 0,
      "\(name): input \(input.shape) and filter \(filter.shape): an image and a filter have pixels")
    require(
      stride.0 > 0 && stride.1 > 0 && padding.0 >= 0 && padding.1 >= 0 && dilation.0 > 0 && dilation.1 > 0,
      "\(name): stride \(stride), padding \(padding), dilation \(dilation)")
  }

  // A convolution is linear in its input and in its filter: the gradient of each of the three operations below is
  // made of the other two, to any order.

  private static func convolution(
    _ x: KernelOperand, _ filter: KernelOperand, bias: KernelOperand?, _ sizes: Convolution2D
  ) -> Tensor {
    var forward = sizes
    forward.hasBias = bias != nil
    let savedInput = filter.tensor.node == nil ? nil : x
    let savedFilter = x.tensor.node == nil ? nil : filter
    let biasType = bias.flatMap { $0.tensor.node == nil ? nil : $0.tensor.dtype }
    let types = (x.tensor.dtype, filter.tensor.dtype)
    let tensors = bias.map { [x.tensor, filter.tensor, $0.tensor] } ?? [x.tensor, filter.tensor]
    let shape: Shape = [sizes.batch, sizes.outputChannels, sizes.outputHeight, sizes.outputWidth]
    let common = DType.promote(x.dtype, filter.dtype)
    let result: Tensor
    if sizes.channels > 0 {
      let inputs = KernelOperand.inputs(x, filter, of: .convolutions)
      result = convolved(forward, inputs + (bias.map { [$0.kernelInput] } ?? []), shape, common)
    } else {
      result = sumOfNothing(shape, device: x.tensor.device, bias: bias?.kernelInput)
    }
    return result.stored(as: common)
      .recorded("conv2D", tensors) { gradient, _ in
        let g = KernelOperand(gradient: gradient, of: .convolutions)
        return [
          savedFilter.map { convolutionInputGradient(g, $0, sizes, as: types.0) },
          savedInput.map { convolutionFilterGradient(g, $0, sizes).cast(to: types.1) },
          biasType.map { g.wide.sum(axes: [0, 2, 3]).cast(to: $0) },
        ]
      }
  }

  /// The longest sum over channels and taps that is left to a device's kernel.
  ///
  /// Longer ones are added in halves of the channels, so that they keep their digits. Kernels of the CPU do so themselves.
  private static let longestSum = 1 << 14

  private static func isLong(_ sizes: Convolution2D, channels: Int, on device: Device) -> Bool {
    device != .cpu && sizes.groups == 1 && channels > 1
      && channels * sizes.kernelHeight * sizes.kernelWidth > longestSum
  }

  /// The forward pass of x, filter and perhaps bias, in a narrow type where the kernel gives it.
  private static func convolved(
    _ sizes: Convolution2D, _ inputs: [Tensor], _ shape: Shape, _ narrow: DType
  ) -> Tensor {
    guard isLong(sizes, channels: sizes.channels, on: inputs[0].device) else {
      return run(
        .convolution(sizes), inputs.map { $0.detached().contiguous() }, output: shape,
        dtype: inputs[0].dtype.isHalf ? narrow : .float32)
    }
    var half = sizes
    half.hasBias = false
    let middle = sizes.channels / 2
    let sums = [0..<middle, middle..<sizes.channels].map { part in
      half.channels = part.count
      let operands = inputs.prefix(2).map { $0.sliced(axis: 1, from: part.lowerBound, to: part.upperBound) }
      return convolved(half, Array(operands), shape, .float32)
    }
    let sum = sums[0] + sums[1]
    return sizes.hasBias ? sum + inputs[2].reshaped(to: [1, shape[1], 1, 1]) : sum
  }

  private static func convolvedBackward(
    _ sizes: Convolution2D, _ g: Tensor, _ filter: Tensor, _ shape: Shape, _ narrow: DType
  ) -> Tensor {
    guard isLong(sizes, channels: sizes.outputChannels, on: g.device) else {
      return run(
        .convolutionBackwardInput(sizes), [g.detached().contiguous(), filter.detached().contiguous()],
        output: shape, dtype: g.dtype.isHalf ? narrow : .float32)
    }
    var half = sizes
    let middle = sizes.outputChannels / 2
    let sums = [0..<middle, middle..<sizes.outputChannels].map { part in
      half.outputChannels = part.count
      return convolvedBackward(
        half, g.sliced(axis: 1, from: part.lowerBound, to: part.upperBound),
        filter.sliced(axis: 0, from: part.lowerBound, to: part.upperBound), shape, .float32)
    }
    return sums[0] + sums[1]
  }

  /// What is left where there are no channels to sum over.
  private static func sumOfNothing(_ shape: Shape, device: Device, bias: Tensor? = nil) -> Tensor {
    let start = bias?.detached().reshaped(to: [1, shape[1], 1, 1]) ?? Tensor.zeros([], device: device)
    return start.expanded(to: shape).contiguous()
  }

  /// In a type, that of the operands where none is named.
  private static func convolutionInputGradient(
    _ g: KernelOperand, _ filter: KernelOperand, _ sizes: Convolution2D, as named: DType? = nil
  ) -> Tensor {
    let savedGradient = filter.tensor.node == nil ? nil : g
    let savedFilter = g.tensor.node == nil ? nil : filter
    let types = (g.tensor.dtype, filter.tensor.dtype)
    let shape: Shape = [sizes.batch, sizes.channels, sizes.height, sizes.width]
    let common = DType.promote(g.dtype, filter.dtype)
    let result: Tensor
    if sizes.outputChannels > 0 {
      let inputs = KernelOperand.inputs(g, filter, of: .convolutions)
      result = convolvedBackward(sizes, inputs[0], inputs[1], shape, named ?? common)
    } else {
      result = sumOfNothing(shape, device: g.tensor.device)
    }
    return (named.map { result.cast(to: $0) } ?? result.stored(as: common))
      .recorded("conv2D input gradient", [g.tensor, filter.tensor]) { gradient, _ in
        let dx = KernelOperand(gradient: gradient, of: .convolutions)
        return [
          savedFilter.map { convolution(dx, $0, bias: nil, sizes).cast(to: types.0) },
          savedGradient.map { convolutionFilterGradient($0, dx, sizes).cast(to: types.1) },
        ]
      }
  }

  private static func convolutionFilterGradient(
    _ g: KernelOperand, _ x: KernelOperand, _ sizes: Convolution2D
  ) -> Tensor {
    let savedGradient = x.tensor.node == nil ? nil : g
    let savedInput = g.tensor.node == nil ? nil : x
    let shape: Shape = [
      sizes.outputChannels, sizes.channels / sizes.groups, sizes.kernelHeight, sizes.kernelWidth,
    ]
    let types = (g.tensor.dtype, x.tensor.dtype)
    let inputs = KernelOperand.inputs(g, x, of: .convolutions)
    return run(
      .convolutionBackwardFilter(sizes), inputs.map { $0.detached().contiguous() },
      output: shape
    )
    .recorded("conv2D filter gradient", [g.tensor, x.tensor]) { gradient, _ in
      let dfilter = KernelOperand(gradient)
      return [
        savedInput.map { convolution($0, dfilter, bias: nil, sizes).cast(to: types.0) },
        savedGradient.map { convolutionInputGradient($0, dfilter, sizes).cast(to: types.1) },
      ]
    }
  }
}
