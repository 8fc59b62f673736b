import Lathe

/// A 1-D convolution of sequences [n, c, length].
public final class Conv1D: Module {
  /// [out, in / groups, kernel].
  public let weight: Parameter
  /// [out].
  public let bias: Parameter?
  private let stride: Int
  private let padding: Int
  private let dilation: Int
  private let groups: Int

  /// A layer with first values as PyTorch draws them.
  public init(
    _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1,
    groups: Int = 1, bias: Bool = true, initializer: Initializer = .standard, generator: Generator = .layers,
    device: Device = .default
  ) {
    (weight, self.bias) = ConvolutionWeights.make(
      "Conv1D", inputs: inputs, outputs: outputs, groups: groups, window: [kernel], transposed: false,
      bias: bias,
      initializer, generator, device)
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
    self.groups = groups
  }

  /// Computes the layer.
  public func forward(_ input: Tensor) -> Tensor {
    input.conv1D(
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

/// A transposed 1-D convolution of sequences [n, c, length].
public final class ConvTranspose1D: Module {
  /// [in, out / groups, kernel].
  public let weight: Parameter
  /// [out].
  public let bias: Parameter?
  private let stride: Int
  private let padding: Int
  private let outputPadding: Int
  private let dilation: Int
  private let groups: Int

  /// A layer with first values as PyTorch draws them.
  public init(
    _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, outputPadding: Int = 0,
    dilation: Int = 1, groups: Int = 1, bias: Bool = true, initializer: Initializer = .standard,
    generator: Generator = .layers, device: Device = .default
  ) {
    (weight, self.bias) = ConvolutionWeights.make(
      "ConvTranspose1D", inputs: inputs, outputs: outputs, groups: groups, window: [kernel], transposed: true,
      bias: bias, initializer, generator, device)
    self.stride = stride
    self.padding = padding
    self.outputPadding = outputPadding
    self.dilation = dilation
    self.groups = groups
  }

  /// Computes the layer.
  public func forward(_ input: Tensor) -> Tensor {
    input.convTranspose1D(
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
