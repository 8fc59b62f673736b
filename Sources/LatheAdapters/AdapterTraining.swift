import Lathe
import LatheNN
import LatheTraining

/// A trainer's callback that shares out the ranks of an AdaLoRA adapter after each step.
public final class AdapterTraining: TrainerCallback {
  private let allocator: RankAllocator

  /// A callback.
  ///
  /// - Parameter allocator: Has the ranks.
  public init(_ allocator: RankAllocator) { self.allocator = allocator }

  /// Takes ranks away where it is time.
  public func parametersChanged(_ trainer: Trainer, _ gradients: [Tensor]) throws {
    try allocator.update(
      step: trainer.step,
      gradients: zip(trainer.optimizer.parameters, gradients).map { (parameter: $0, gradient: $1) })
  }
}
