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
    precondition(
      groups > 0 && inputs > 0 && outputs > 0 && inputs % groups == 0 && outputs % groups == 0,
      "Conv2D: \(inputs) inputs and \(outputs) outputs in \(groups) groups")
    let shape: Shape = [outputs, inputs / groups, kernel.0, kernel.1]
    weight = Parameter(initializer(shape, generator: generator, device: device))
    let fanIn = inputs / groups * kernel.0 * kernel.1
    self.bias =
      bias
      ? Parameter(Initializer.standardBias(fanIn: fanIn)([outputs], generator: generator, device: device))
      : nil
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
    self.groups = groups
  }

  /// Applies the layer.
  public func callAsFunction(_ input: Tensor) -> Tensor {
    input.conv2D(
      weight.value, bias: bias?.value, stride: stride, padding: padding, dilation: dilation, groups: groups)
  }

  /// Names the weights and the bias.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.parameter("weight", weight)
    visitor.parameter("bias", bias)
  }
}
