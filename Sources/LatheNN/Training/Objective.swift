import Lathe

/// What a run makes small, and which answers it counts as right.
public protocol Objective: Sendable {
  /// Runs the model on a batch, in training and in tests alike.
  func callAsFunction(_ model: any Module, _ batch: Batch) -> ObjectiveResult
}

/// What an objective says of a batch.
public struct ObjectiveResult: Sendable {
  /// The mean loss, a scalar.
  public let loss: Tensor
  /// How many answers are right; nil where there is no right and wrong.
  public let correct: Tensor?

  /// A result from its parts.
  public init(loss: Tensor, correct: Tensor? = nil) {
    self.loss = loss
    self.correct = correct
  }
}

/// The cross-entropy of logits [..., classes] against class indices or shares of classes, and the largest logit as the
/// answer.
public struct ClassificationObjective: Objective {
  /// How much of the target's weight is spread over all classes.
  public var labelSmoothing: Float

  /// An objective with or without label smoothing.
  public init(labelSmoothing: Float = 0) { self.labelSmoothing = labelSmoothing }

  /// Runs the model on a batch.
  public func callAsFunction(_ model: any Module, _ batch: Batch) -> ObjectiveResult {
    let logits = model(batch)
    if batch.labels.dtype.isFloatingPoint {
      return ObjectiveResult(
        loss: crossEntropy(logits, shares: batch.labels, labelSmoothing: labelSmoothing),
        correct: (logits.detached().argmax(axis: -1) .== batch.labels.argmax(axis: -1)).sum())
    }
    return ObjectiveResult(
      loss: crossEntropy(logits, batch.labels, labelSmoothing: labelSmoothing),
      correct: (logits.detached().argmax(axis: -1) .== batch.labels).sum())
  }
}

/// The mean squared difference of a model's output from its input.
public struct ReconstructionObjective: Objective {
  /// An objective without settings.
  public init() {}

  /// Runs the model on a batch.
  public func callAsFunction(_ model: any Module, _ batch: Batch) -> ObjectiveResult {
    ObjectiveResult(loss: meanSquaredError(model(batch.inputs), batch.inputs))
  }
}
