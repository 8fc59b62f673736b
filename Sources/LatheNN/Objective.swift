import Lathe

/// What a run makes small, and which answers it counts as right.
public protocol Objective: Sendable {
  /// Runs the model on a batch, in training and in tests alike.
  func callAsFunction(_ model: any Module, _ batch: Batch) -> ObjectiveResult

  /// Whether the model is to give its inputs again, so that a record of the run shows both.
  var reconstructsInputs: Bool { get }
}

extension Objective {
  /// No.
  public var reconstructsInputs: Bool { false }
}

/// An objective that follows from what the model gives for a batch, so that a test takes metrics of the same output.
public protocol OutputObjective: Objective {
  /// What the output says of an example.
  var outputKind: OutputKind { get }
  /// What the output is compared with; the labels unless implemented.
  func targets(_ batch: Batch) -> Tensor
  /// The loss and the right answers of an output.
  func result(_ output: Tensor, _ batch: Batch) -> ObjectiveResult
}

extension OutputObjective {
  /// The labels.
  public func targets(_ batch: Batch) -> Tensor { batch.labels }

  /// Runs the model on a batch.
  public func callAsFunction(_ model: any Module, _ batch: Batch) -> ObjectiveResult {
    result(model(batch), batch)
  }
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
public struct ClassificationObjective: OutputObjective {
  /// How much of the target's weight is spread over all classes.
  public var labelSmoothing: Float

  /// An objective with or without label smoothing.
  public init(labelSmoothing: Float = 0) { self.labelSmoothing = labelSmoothing }

  /// Classes.
  public var outputKind: OutputKind { .classes }

  /// The loss and the right answers of logits.
  public func result(_ logits: Tensor, _ batch: Batch) -> ObjectiveResult {
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
public struct ReconstructionObjective: OutputObjective {
  /// An objective without settings.
  public init() {}

  /// Numbers.
  public var outputKind: OutputKind { .numbers }

  /// Yes.
  public var reconstructsInputs: Bool { true }

  /// The inputs.
  public func targets(_ batch: Batch) -> Tensor { batch.inputs }

  /// The loss of an output.
  public func result(_ output: Tensor, _ batch: Batch) -> ObjectiveResult {
    ObjectiveResult(loss: meanSquaredError(output, batch.inputs))
  }
}
