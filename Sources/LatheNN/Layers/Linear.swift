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
    require(inputs > 0 && outputs > 0, "Linear: \(inputs) inputs and \(outputs) outputs")
    weight = Parameter(initializer([outputs, inputs], generator: generator, device: device))
    self.bias =
      bias
      ? Parameter(Initializer.standardBias(fanIn: inputs)([outputs], generator: generator, device: device))
      : nil
  }

  /// A layer of given parameters, which it may share with others.
  public init(weight: Parameter, bias: Parameter? = nil) {
    require(
      weight.shape.rank == 2 && bias.map { $0.shape == [weight.shape[0]] } ?? true,
      "Linear: weight \(weight.shape) and bias \(bias?.shape ?? [])")
    self.weight = weight
    self.bias = bias
  }

  /// Computes the layer.
  public func forward(_ input: Tensor) -> Tensor {
    input.linear(weight: weight.value, bias: bias?.value)
  }

  /// Names the weights and the bias.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.parameter("weight", weight)
    visitor.parameter("bias", bias)
  }

  /// A product with the weights for each row.
  public func operationCount(input: Shape, output: Shape) -> Int {
    input.elementCount / max(weight.shape[1], 1) * (2 * weight.shape.elementCount + (bias?.shape[0] ?? 0))
  }
}

/// A bilinear layer of two inputs: y_k = a^T W_k b + bias_k.
public final class Bilinear: ParameterContainer {
  /// [out, first in, second in].
  public let weight: Parameter
  /// [out].
  public let bias: Parameter?

  /// A layer with first values as PyTorch draws them: uniform within 1 / sqrt(first in).
  public init(
    _ first: Int, _ second: Int, _ outputs: Int, bias: Bool = true, generator: Generator = .layers,
    device: Device = .default
  ) {
    require(
      first > 0 && second > 0 && outputs > 0, "Bilinear: \(first) and \(second) inputs, \(outputs) outputs")
    let values = Initializer.standardBias(fanIn: first)
    weight = Parameter(values([outputs, first, second], generator: generator, device: device))
    self.bias = bias ? Parameter(values([outputs], generator: generator, device: device)) : nil
  }

  /// Applies the layer to [..., first in] and [..., second in].
  public func callAsFunction(_ a: Tensor, _ b: Tensor) -> Tensor {
    let (outputs, first, second) = (weight.shape[0], weight.shape[1], weight.shape[2])
    require(
      a.rank >= 1 && a.shape.last == first && b.shape.last == second
        && a.shape.dropLast() == b.shape.dropLast(),
      "Bilinear: inputs \(a.shape) and \(b.shape), expected [..., \(first)] and [..., \(second)]")
    return observed(input: a) {
      let matrix = weight.value.permuted([1, 0, 2]).reshaped(to: [first, outputs * second])
      let rows = Shape(a.shape.dropLast())
      let left = a.matmul(matrix).reshaped(to: rows.appending(outputs).appending(second))
      let product = (left * b.unsqueezed(-2)).sum(axis: -1)
      return bias.map { product + $0.value } ?? product
    }
  }

  /// Names the weights and the bias.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.parameter("weight", weight)
    visitor.parameter("bias", bias)
  }

  /// A product with the weights for each row.
  public func operationCount(input: Shape, output: Shape) -> Int {
    2 * input.elementCount / max(weight.shape[1], 1) * weight.shape.elementCount
  }
}
