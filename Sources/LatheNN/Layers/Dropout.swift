import Lathe

/// What dropouts share: only in training a mask is drawn; in evaluation they do nothing.
public class DropoutLayer: Module {
  private let probability: Float
  private let generator: Generator
  private var isTraining = true

  init(_ probability: Float, _ generator: Generator) {
    require(probability >= 0 && probability <= 1, "\(Self.self): probability \(probability) is not in 0...1")
    self.probability = probability
    self.generator = generator
  }

  /// What a mask is drawn for; the mask is broadcast to the input.
  func masked(_ input: Tensor) -> Shape { input.shape }

  /// Computes the layer.
  public func forward(_ input: Tensor) -> Tensor {
    guard isTraining && probability > 0 else { return input }
    let shape = masked(input)
    if shape == input.shape { return input.dropout(probability: probability, generator: generator) }
    return input
      * Tensor.ones(shape, dtype: input.dtype, device: input.device)
      .dropout(probability: probability, generator: generator)
  }

  /// Names the generator.
  public func visit(_ visitor: inout ModuleVisitor) { visitor.generator("generator", generator) }

  /// Drops only in training.
  public func setTraining(_ isTraining: Bool) { self.isTraining = isTraining }

  /// Whether the layer is in training.
  public var trainingMode: Bool? { isTraining }
}

/// In training sets elements to 0 at random and scales the others up; in evaluation does nothing.
public final class Dropout: DropoutLayer {
  /// - Parameters:
  ///   - probability: How likely an element becomes 0.
  ///   - generator: What masks are drawn from; a trainer's checkpoints hold its state.
  public init(_ probability: Float = 0.5, generator: Generator = .layers) {
    super.init(probability, generator)
  }
}

/// In training sets whole channels of [n, c, ...] to 0 at random and scales the others up (Tompson et al., 2015).
public final class ChannelDropout: DropoutLayer {
  /// - Parameters:
  ///   - probability: How likely a channel becomes 0.
  ///   - generator: What masks are drawn from; a trainer's checkpoints hold its state.
  public init(_ probability: Float = 0.5, generator: Generator = .layers) {
    super.init(probability, generator)
  }

  override func masked(_ input: Tensor) -> Shape {
    require(input.rank >= 2, "ChannelDropout: a tensor of shape \(input.shape), not [n, c, ...]")
    return Shape(input.shape.prefix(2) + Array(repeating: 1, count: input.rank - 2))
  }
}
