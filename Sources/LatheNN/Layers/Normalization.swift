import Lathe

/// Layer normalisation over the last axes (Ba et al., 2016).
public final class LayerNorm: Module {
  /// One factor per element of the normalised axes.
  public let weight: Parameter?
  /// One summand per element of the normalised axes.
  public let bias: Parameter?
  private let shape: Shape
  private let epsilon: Float

  /// Normalises over the last `shape.rank` axes, whose sizes are `shape`.
  public init(
    _ shape: Shape, epsilon: Float = 1e-5, affine: Bool = true, bias: Bool = true, device: Device = .default
  ) {
    require(shape.rank > 0 && shape.elementCount > 0, "LayerNorm: shape \(shape)")
    weight = affine ? Parameter(.ones(shape, device: device)) : nil
    self.bias = affine && bias ? Parameter(.zeros(shape, device: device)) : nil
    self.shape = shape
    self.epsilon = epsilon
  }

  /// Normalises over the last axis, of size `width`.
  public convenience init(
    _ width: Int, epsilon: Float = 1e-5, affine: Bool = true, bias: Bool = true, device: Device = .default
  ) {
    self.init([width] as Shape, epsilon: epsilon, affine: affine, bias: bias, device: device)
  }

  /// Normalises over the last axes with given parameters.
  ///
  /// - Parameters:
  ///   - weight: One factor per element of the normalised axes.
  ///   - bias: One summand each.
  ///   - epsilon: Added to the variance.
  public init(weight: Parameter, bias: Parameter? = nil, epsilon: Float = 1e-5) {
    require(
      weight.shape.rank > 0 && bias.map { $0.shape == weight.shape } ?? true,
      "LayerNorm: weight \(weight.shape), bias \(bias?.shape ?? [])")
    self.weight = weight
    self.bias = bias
    self.shape = weight.shape
    self.epsilon = epsilon
  }

  /// Computes the layer.
  public func forward(_ input: Tensor) -> Tensor {
    require(
      input.rank >= shape.rank && Shape(input.shape.suffix(shape.rank)) == shape,
      "LayerNorm: input \(input.shape), expected the last sizes to be \(shape)")
    let size = shape.elementCount
    return input.reshaped(to: Shape(input.shape.dropLast(shape.rank)).appending(size))
      .layerNorm(
        weight: weight?.value.reshaped(to: [size]), bias: bias?.value.reshaped(to: [size]), epsilon: epsilon
      ).reshaped(to: input.shape)
  }

  /// Names the weights and the bias.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.parameter("weight", weight)
    visitor.parameter("bias", bias)
  }

  /// Mean, variance, and a multiply-add for each element.
  public func operationCount(input: Shape, output: Shape) -> Int { 7 * input.elementCount }
}

/// Root mean square normalisation over the last axis (Zhang and Sennrich, 2019).
public final class RMSNorm: Module {
  /// One factor per element of the last axis.
  public let weight: Parameter?
  private let width: Int
  private let epsilon: Float

  /// - Parameters:
  ///   - width: Elements of the last axis.
  ///   - epsilon: PyTorch's default, the smallest step of float32 at 1.
  ///   - affine: Whether there are factors, and summands where the norm has them.
  ///   - device: Where its tensors live.
  public init(_ width: Int, epsilon: Float = 1.1920929e-7, affine: Bool = true, device: Device = .default) {
    require(width > 0, "RMSNorm: width \(width)")
    weight = affine ? Parameter(.ones([width], device: device)) : nil
    self.width = width
    self.epsilon = epsilon
  }

  /// A norm with given factors, one for each element of the last axis.
  public init(weight: Parameter, epsilon: Float = 1.1920929e-7) {
    require(weight.shape.rank == 1, "RMSNorm: weight \(weight.shape)")
    self.weight = weight
    width = weight.shape[0]
    self.epsilon = epsilon
  }

  /// Computes the layer.
  public func forward(_ input: Tensor) -> Tensor {
    require(input.shape.last == width, "RMSNorm: input \(input.shape), expected the last size to be \(width)")
    return input.rmsNorm(weight: weight?.value, epsilon: epsilon)
  }

  /// Names the weights.
  public func visit(_ visitor: inout ModuleVisitor) { visitor.parameter("weight", weight) }

  /// The mean square and two products for each element.
  public func operationCount(input: Shape, output: Shape) -> Int { 4 * input.elementCount }
}

/// Normalisation over groups of channels of each example [n, c, ...] (Wu and He, 2018).
public final class GroupNorm: Module {
  /// One factor per channel.
  public let weight: Parameter?
  /// One summand per channel.
  public let bias: Parameter?
  private let groups: Int
  private let channels: Int
  private let epsilon: Float

  /// - Parameters:
  ///   - groups: Divides the channels; 1 is layer normalisation, `channels` instance normalisation.
  ///   - channels: The size of axis 1.
  ///   - epsilon: Added to the variance.
  ///   - affine: Whether there are factors, and summands where the norm has them.
  ///   - device: Where its tensors live.
  public init(
    groups: Int, _ channels: Int, epsilon: Float = 1e-5, affine: Bool = true, device: Device = .default
  ) {
    require(
      groups > 0 && channels > 0 && channels % groups == 0,
      "GroupNorm: \(groups) groups of \(channels) channels")
    weight = affine ? Parameter(.ones([channels], device: device)) : nil
    bias = affine ? Parameter(.zeros([channels], device: device)) : nil
    self.groups = groups
    self.channels = channels
    self.epsilon = epsilon
  }

  /// Computes the layer.
  public func forward(_ input: Tensor) -> Tensor {
    require(
      input.rank >= 2 && input.shape[1] == channels,
      "GroupNorm: input \(input.shape), expected \(channels) channels in axis 1")
    return input.groupNorm(groups: groups, weight: weight?.value, bias: bias?.value, epsilon: epsilon)
  }

  /// Names the weights and the bias.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.parameter("weight", weight)
    visitor.parameter("bias", bias)
  }

  /// Mean, variance, and a multiply-add for each element.
  public func operationCount(input: Shape, output: Shape) -> Int { 7 * input.elementCount }
}
