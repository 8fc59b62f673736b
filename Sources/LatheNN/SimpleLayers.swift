import Lathe

/// The largest value of each window of images [n, c, h, w].
public final class MaxPool2D: Module {
  private let kernel: Int
  private let stride: Int
  private let padding: Int

  /// Square windows; the stride is the window's size where not given.
  public init(_ kernel: Int, stride: Int? = nil, padding: Int = 0) {
    self.kernel = kernel
    self.stride = stride ?? kernel
    self.padding = padding
  }

  /// Applies the layer.
  public func callAsFunction(_ input: Tensor) -> Tensor {
    input.maxPool2D(kernel: (kernel, kernel), stride: (stride, stride), padding: (padding, padding))
  }
}

/// All axes but the first made into one.
public final class Flatten: Module {
  /// A layer without parameters.
  public init() {}

  /// Applies the layer.
  public func callAsFunction(_ input: Tensor) -> Tensor { input.flattened(from: 1) }
}

/// max(x, 0).
public final class ReLU: Module {
  /// A layer without parameters.
  public init() {}

  /// Applies the layer.
  public func callAsFunction(_ input: Tensor) -> Tensor { input.relu() }
}

/// In training sets elements to 0 at random and scales the others up; in evaluation does nothing.
public final class Dropout: Module {
  private let probability: Float
  private let generator: Generator
  private var isTraining = true

  /// - Parameters:
  ///   - probability: How likely an element becomes 0.
  ///   - generator: Give the trainer's own, so that its state is saved with checkpoints.
  public init(_ probability: Float = 0.5, generator: Generator = .layers) {
    self.probability = probability
    self.generator = generator
  }

  /// Applies the layer.
  public func callAsFunction(_ input: Tensor) -> Tensor {
    isTraining ? input.dropout(probability: probability, generator: generator) : input
  }

  /// Drops only in training.
  public func setTraining(_ isTraining: Bool) { self.isTraining = isTraining }
}
