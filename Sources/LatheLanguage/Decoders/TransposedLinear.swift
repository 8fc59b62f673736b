import Lathe
import LatheNN

/// A fully connected layer whose weight is [in, out], as GPT-2's files have it: x W + b.
public final class TransposedLinear: Module {
  /// [in, out].
  public let weight: Parameter
  /// [out].
  public let bias: Parameter?

  /// A layer of given parameters.
  public init(weight: Parameter, bias: Parameter? = nil) {
    require(
      weight.shape.rank == 2 && bias.map { $0.shape == [weight.shape[1]] } ?? true,
      "TransposedLinear: weight \(weight.shape) and bias \(bias?.shape ?? [])")
    self.weight = weight
    self.bias = bias
  }

  /// Computes the layer.
  public func forward(_ input: Tensor) -> Tensor {
    input.linear(weight: weight.value.transposed(), bias: bias?.value)
  }

  /// Names the weights and the bias.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.parameter("weight", weight)
    visitor.parameter("bias", bias)
  }

  /// A product with the weights for each row.
  public func operationCount(input: Shape, output: Shape) -> Int {
    input.elementCount / max(weight.shape[0], 1) * (2 * weight.shape.elementCount + (bias?.shape[0] ?? 0))
  }
}
