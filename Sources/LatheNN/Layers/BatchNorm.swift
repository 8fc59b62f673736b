import Lathe

/// Batch normalisation of [n, c, ...] over all axes but the second (Ioffe and Szegedy, 2015).
///
/// Training normalises by the batch's statistics and keeps running ones, with the unbiased variance as PyTorch's:
/// running = (1 - momentum) * running + momentum * batch. Evaluation uses the running ones.
public class BatchNorm: Module {
  /// One factor per channel.
  public let weight: Parameter?
  /// One summand per channel.
  public let bias: Parameter?
  /// The running mean per channel; nil where none is kept.
  public let runningMean: ModuleBuffer?
  /// The running unbiased variance per channel.
  public let runningVariance: ModuleBuffer?
  private let channels: Int
  private let epsilon: Float
  private let momentum: Float
  private let ranks: ClosedRange<Int>
  private var isTraining = true

  init(
    _ channels: Int, epsilon: Float, momentum: Float, affine: Bool, tracksStatistics: Bool,
    ranks: ClosedRange<Int>, device: Device
  ) {
    require(channels > 0, "\(Self.self): \(channels) channels")
    let shape: Shape = [channels]
    weight = affine ? Parameter(.ones(shape, device: device)) : nil
    bias = affine ? Parameter(.zeros(shape, device: device)) : nil
    runningMean = tracksStatistics ? ModuleBuffer(.zeros(shape, device: device)) : nil
    runningVariance = tracksStatistics ? ModuleBuffer(.ones(shape, device: device)) : nil
    self.channels = channels
    self.epsilon = epsilon
    self.momentum = momentum
    self.ranks = ranks
  }

  /// Computes the layer.
  public func forward(_ input: Tensor) -> Tensor {
    require(
      ranks.contains(input.rank) && input.shape[1] == channels,
      "\(Self.self): input \(input.shape), expected \(channels) channels in axis 1 of \(ranks.lowerBound) to "
        + "\(ranks.upperBound) axes")
    if !isTraining, let runningMean, let runningVariance {
      return input.batchNorm(
        mean: runningMean.value, variance: runningVariance.value, weight: weight?.value, bias: bias?.value,
        epsilon: epsilon)
    }
    let count = input.count / channels
    // Data decides how large a batch is, the last of an epoch above all: no mistake of the program, so that it is thrown.
    guard count > 1 || !isTraining else {
      return input.failing(
        LatheError(
          .invalidArgument,
          "\(Self.self): a batch \(input.shape) has one value per channel, which has no variance to train by; leave "
            + "out a last batch that is smaller (dropsLast, --drop-last), or take another batch size or larger inputs"
        ))
    }
    let result = input.batchNorm(weight: weight?.value, bias: bias?.value, epsilon: epsilon)
    if isTraining, !Recomputation.isUnderWay, let runningMean, let runningVariance {
      let unbiased = Float(count) / Float(count - 1)
      runningMean.value = runningMean.value * (1 - momentum) + result.mean * momentum
      runningVariance.value = runningVariance.value * (1 - momentum) + result.variance * (momentum * unbiased)
    }
    return result.output
  }

  /// Names the parameters and the running statistics as PyTorch does.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.parameter("weight", weight)
    visitor.parameter("bias", bias)
    visitor.buffer("running_mean", runningMean)
    visitor.buffer("running_var", runningVariance)
  }

  /// Uses the batch's statistics only in training.
  public func setTraining(_ isTraining: Bool) { self.isTraining = isTraining }

  /// Whether the layer is in training.
  public var trainingMode: Bool? { isTraining }

  /// Mean, variance, and a multiply-add for each element.
  public func operationCount(input: Shape, output: Shape) -> Int { 2 * input.elementCount }
}

/// Batch normalisation of [n, c] or [n, c, length].
public final class BatchNorm1D: BatchNorm {
  /// - Parameters:
  ///   - channels: How many channels there are.
  ///   - epsilon: Added to the variance.
  ///   - momentum: How much of the batch's statistics enters the running ones.
  ///   - affine: Whether there are a weight and a bias.
  ///   - tracksStatistics: Without running statistics evaluation uses the batch's too.
  ///   - device: Where its tensors live.
  public init(
    _ channels: Int, epsilon: Float = 1e-5, momentum: Float = 0.1, affine: Bool = true,
    tracksStatistics: Bool = true, device: Device = .default
  ) {
    super.init(
      channels, epsilon: epsilon, momentum: momentum, affine: affine, tracksStatistics: tracksStatistics,
      ranks: 2...3, device: device)
  }
}

/// Batch normalisation of images [n, c, h, w].
public final class BatchNorm2D: BatchNorm {
  /// - Parameters:
  ///   - channels: How many channels there are.
  ///   - epsilon: Added to the variance.
  ///   - momentum: How much of the batch's statistics enters the running ones.
  ///   - affine: Whether there are a weight and a bias.
  ///   - tracksStatistics: Without running statistics evaluation uses the batch's too.
  ///   - device: Where its tensors live.
  public init(
    _ channels: Int, epsilon: Float = 1e-5, momentum: Float = 0.1, affine: Bool = true,
    tracksStatistics: Bool = true, device: Device = .default
  ) {
    super.init(
      channels, epsilon: epsilon, momentum: momentum, affine: affine, tracksStatistics: tracksStatistics,
      ranks: 4...4, device: device)
  }
}
