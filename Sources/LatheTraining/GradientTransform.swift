import Lathe
import LatheNN

/// A callback that replaces gradients between their computation and the step: sums over several processes, noise, a
/// clipping of one's own.
public protocol GradientTransform: TrainerCallback {
  /// The gradients that take the place of others; of several transforms, each is given what the one before it made.
  ///
  /// Called in each step, before other callbacks see the gradients and before `TrainerConfiguration.clipping`. With float16 the gradients
  /// are unscaled, and may hold numbers that are not finite: the step is left out where the result does, so that
  /// processes that share gradients leave out the same steps.
  ///
  /// - Parameters:
  ///   - gradients: Those of `trainer.optimizer.parameters`, in their order.
  ///   - trainer: The run.
  /// - Returns: As many of the same shapes.
  /// - Throws: Whatever keeps the run from going on.
  func transformed(_ gradients: [Tensor], in trainer: Trainer) throws -> [Tensor]
}

extension Trainer {
  /// Gradients after all transforms, and whether they are finite; as they are where there is none.
  func transformed(_ gradients: [Tensor], areFinite: Bool) throws -> (gradients: [Tensor], areFinite: Bool) {
    guard callbacks.contains(where: { $0 is any GradientTransform }) else { return (gradients, areFinite) }
    let result = try transformed(gradients)
    return (result, state.lossScaler == nil ? areFinite : try LossScaler.areFinite(result))
  }

  /// Gradients after all transforms.
  func transformed(_ gradients: [Tensor]) throws -> [Tensor] {
    let transforms = callbacks.compactMap { $0 as? any GradientTransform }
    guard !transforms.isEmpty else { return gradients }
    var result = gradients
    for transform in transforms {
      result = try transform.transformed(result, in: self).map { $0.detached() }
      guard result.map(\.shape) == gradients.map(\.shape) else {
        throw LatheError(
          .invalidArgument,
          "\(type(of: transform)) made gradients of \(result.map(\.shape)) of those of \(gradients.map(\.shape)); give as "
            + "many back, in the same order and of the same shapes")
      }
    }
    // What failed must not reach the parameters.
    for gradient in result { try gradient.computed() }
    return result
  }
}
