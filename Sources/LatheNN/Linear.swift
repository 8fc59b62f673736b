import Lathe

/// A fully connected layer: x W^T + b.
public final class Linear: Module {
  /// [out, in].
  public let weight: Parameter
  /// [out].
  public let bias: Parameter?

  /// A layer with first values as PyTorch draws them.
  public init(
    _ inputs: Int, _ outputs: Int, bias: Bool = true, initializer: Initializer = .standard,
    generator: Generator = .layers, device: Device = .default
  ) {
    precondition(inputs > 0 && outputs > 0, "Linear: \(inputs) inputs and \(outputs) outputs")
    weight = Parameter(initializer([outputs, inputs], generator: generator, device: device))
    self.bias =
      bias
      ? Parameter(Initializer.standardBias(fanIn: inputs)([outputs], generator: generator, device: device))
      : nil
  }

  /// Applies the layer.
  public func callAsFunction(_ input: Tensor) -> Tensor {
    input.linear(weight: weight.value, bias: bias?.value)
  }

  /// Names the weights and the bias.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.parameter("weight", weight)
    visitor.parameter("bias", bias)
  }
}
