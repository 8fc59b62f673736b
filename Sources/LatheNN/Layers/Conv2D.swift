import Lathe

/// A 2-D convolution of images [n, c, h, w].
public final class Conv2D: Module {
  /// [out, in / groups, kernel, kernel].
  public let weight: Parameter
  /// [out].
  public let bias: Parameter?
  private let stride: (Int, Int)
  private let padding: (Int, Int)
  private let dilation: (Int, Int)
  private let groups: Int

  /// A layer with square windows and first values as PyTorch draws them.
  public convenience init(
    _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1,
    groups: Int = 1, bias: Bool = true, initializer: Initializer = .standard, generator: Generator = .layers,
    device: Device = .default
  ) {
    self.init(
      inputs, outputs, kernel: (kernel, kernel), stride: (stride, stride), padding: (padding, padding),
      dilation: (dilation, dilation), groups: groups, bias: bias, initializer: initializer,
      generator: generator, device: device)
  }

  /// A layer whose windows may differ vertically and horizontally.
  public init(
    _ inputs: Int, _ outputs: Int, kernel: (Int, Int), stride: (Int, Int) = (1, 1),
    padding: (Int, Int) = (0, 0), dilation: (Int, Int) = (1, 1), groups: Int = 1, bias: Bool = true,
    initializer: Initializer = .standard, generator: Generator = .layers, device: Device = .default
  ) {
    (weight, self.bias) = ConvolutionWeights.make(
      "Conv2D", inputs: inputs, outputs: outputs, groups: groups, window: [kernel.0, kernel.1],
      transposed: false, bias: bias, initializer, generator, device)
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
    self.groups = groups
  }

  /// A layer that convolves every channel by itself, with `multiplier` filters each.
  public static func depthwise(
    _ channels: Int, multiplier: Int = 1, kernel: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1,
    bias: Bool = true, initializer: Initializer = .standard, generator: Generator = .layers,
    device: Device = .default
  ) -> Conv2D {
    Conv2D(
      channels, channels * multiplier, kernel: kernel, stride: stride, padding: padding, dilation: dilation,
      groups: channels, bias: bias, initializer: initializer, generator: generator, device: device)
  }

  /// Computes the layer.
  public func forward(_ input: Tensor) -> Tensor {
    input.conv2D(
      weight.value, bias: bias?.value, stride: stride, padding: padding, dilation: dilation, groups: groups)
  }

  /// Names the weights and the bias.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.parameter("weight", weight)
    visitor.parameter("bias", bias)
  }

  /// A product with the filters at each place of the output.
  public func operationCount(input: Shape, output: Shape) -> Int {
    ConvolutionWeights.operationCount(weight, bias, places: output.elementCount / output[1])
  }
}

/// A transposed 2-D convolution of images [n, c, h, w].
public final class ConvTranspose2D: Module {
  /// [in, out / groups, kernel, kernel].
  public let weight: Parameter
  /// [out].
  public let bias: Parameter?
  private let stride: (Int, Int)
  private let padding: (Int, Int)
  private let outputPadding: (Int, Int)
  private let dilation: (Int, Int)
  private let groups: Int

  /// A layer with square windows and first values as PyTorch draws them.
  public convenience init(
    _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, outputPadding: Int = 0,
    dilation: Int = 1, groups: Int = 1, bias: Bool = true, initializer: Initializer = .standard,
    generator: Generator = .layers, device: Device = .default
  ) {
    self.init(
      inputs, outputs, kernel: (kernel, kernel), stride: (stride, stride), padding: (padding, padding),
      outputPadding: (outputPadding, outputPadding), dilation: (dilation, dilation), groups: groups,
      bias: bias,
      initializer: initializer, generator: generator, device: device)
  }

  /// A layer whose windows may differ vertically and horizontally.
  public init(
    _ inputs: Int, _ outputs: Int, kernel: (Int, Int), stride: (Int, Int) = (1, 1),
    padding: (Int, Int) = (0, 0), outputPadding: (Int, Int) = (0, 0), dilation: (Int, Int) = (1, 1),
    groups: Int = 1, bias: Bool = true, initializer: Initializer = .standard, generator: Generator = .layers,
    device: Device = .default
  ) {
    (weight, self.bias) = ConvolutionWeights.make(
      "ConvTranspose2D", inputs: inputs, outputs: outputs, groups: groups, window: [kernel.0, kernel.1],
      transposed: true, bias: bias, initializer, generator, device)
    self.stride = stride
    self.padding = padding
    self.outputPadding = outputPadding
    self.dilation = dilation
    self.groups = groups
  }

  /// Computes the layer.
  public func forward(_ input: Tensor) -> Tensor {
    input.convTranspose2D(
      weight.value, bias: bias?.value, stride: stride, padding: padding, outputPadding: outputPadding,
      dilation: dilation, groups: groups)
  }

  /// Names the weights and the bias.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.parameter("weight", weight)
    visitor.parameter("bias", bias)
  }

  /// A product with the filters at each place of the input.
  public func operationCount(input: Shape, output: Shape) -> Int {
    ConvolutionWeights.operationCount(weight, nil, places: input.elementCount / input[1])
  }
}
