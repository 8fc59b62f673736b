import Lathe

/// In training sets elements to 0 at random and scales the others up; in evaluation does nothing.
public final class Dropout: Module {
  private let probability: Float
  private let generator: Generator
  private var isTraining = true

  /// - Parameters:
  ///   - probability: How likely an element becomes 0.
  ///   - generator: Give the trainer's own, so that its state is saved with checkpoints.
  public init(_ probability: Float = 0.5, generator: Generator = .layers) {
    require(probability >= 0 && probability < 1, "Dropout: probability \(probability) is not in 0..<1")
    self.probability = probability
    self.generator = generator
  }

  /// Computes the layer.
  public func forward(_ input: Tensor) -> Tensor {
    isTraining ? input.dropout(probability: probability, generator: generator) : input
  }

  /// Drops only in training.
  public func setTraining(_ isTraining: Bool) { self.isTraining = isTraining }
}

/// In training sets whole channels of [n, c, ...] to 0 at random and scales the others up (Tompson et al., 2015).
public final class ChannelDropout: Module {
  private let probability: Float
  private let generator: Generator
  private var isTraining = true

  /// - Parameters:
  ///   - probability: How likely a channel becomes 0.
  ///   - generator: Give the trainer's own, so that its state is saved with checkpoints.
  public init(_ probability: Float = 0.5, generator: Generator = .layers) {
    require(probability >= 0 && probability < 1, "ChannelDropout: probability \(probability) is not in 0..<1")
    self.probability = probability
    self.generator = generator
  }

  /// Computes the layer.
  public func forward(_ input: Tensor) -> Tensor {
    guard isTraining && probability > 0 else { return input }
    require(input.rank >= 2, "ChannelDropout: a tensor of shape \(input.shape), not [n, c, ...]")
    var shape = Shape(repeating: 1, rank: input.rank)
    (shape[0], shape[1]) = (input.shape[0], input.shape[1])
    let mask = Tensor.ones(shape, dtype: input.dtype, device: input.device)
      .dropout(probability: probability, generator: generator)
    return input * mask
  }

  /// Drops only in training.
  public func setTraining(_ isTraining: Bool) { self.isTraining = isTraining }
}
