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
  /// Which targets count, in the loss and in figures of tests: bools of the targets' shape; nil, unless implemented, where
  /// all do.
  func countedTargets(_ batch: Batch) -> Tensor?
  /// What the model gives for a batch.
  func output(of model: any Module, _ batch: Batch) -> Tensor
  /// The loss and the right answers of an output.
  func result(_ output: Tensor, _ batch: Batch) -> ObjectiveResult
}

extension OutputObjective {
  /// The labels.
  public func targets(_ batch: Batch) -> Tensor { batch.labels }

  /// Nil: all of them.
  public func countedTargets(_ batch: Batch) -> Tensor? { nil }

  /// The output, `NamedTensors.output` of a model that gives several.
  public func output(of model: any Module, _ batch: Batch) -> Tensor { model(batch) }

  /// Runs the model on a batch.
  public func callAsFunction(_ model: any Module, _ batch: Batch) -> ObjectiveResult {
    result(output(of: model, batch), batch)
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
///
/// Where the batch names factors of the labels (`NamedTensors.lossMask`, of the labels' shape), the loss is their weighted mean,
/// and answers with the factor 0 do not count.
public struct ClassificationObjective: OutputObjective {
  /// How much of the target's weight is spread over all classes.
  public var labelSmoothing: Float
  /// Labels of this number do not count, neither in the loss nor as answers; the batch's `count` is that of the others.
  public var ignoredIndex: Int?
  /// Which output of a model of several holds the logits.
  public var output: String

  /// An objective with or without label smoothing.
  ///
  /// - Parameters:
  ///   - labelSmoothing: How much of the target's weight is spread over all classes.
  ///   - ignoredIndex: Labels of this number do not count, such as PyTorch's -100.
  ///   - output: Which output of a model of several holds the logits.
  public init(labelSmoothing: Float = 0, ignoredIndex: Int? = nil, output: String = NamedTensors.output) {
    self.labelSmoothing = labelSmoothing
    self.ignoredIndex = ignoredIndex
    self.output = output
  }

  /// Classes.
  public var outputKind: OutputKind { .classes }

  /// The logits.
  public func output(of model: any Module, _ batch: Batch) -> Tensor { model.outputs(of: batch)[output] }

  /// Labels that are not the ignored index, and whose factor in the loss is not 0.
  public func countedTargets(_ batch: Batch) -> Tensor? {
    let factors = batch.named.find(NamedTensors.lossMask)
    guard !batch.labels.dtype.isFloatingPoint else {
      require(
        ignoredIndex == nil && factors == nil,
        "ClassificationObjective: labels are shares of classes, none of which can be ignored or masked")
      return nil
    }
    let known = ignoredIndex.map { batch.labels .!= Int32($0) }
    guard let factors else { return known }
    require(
      factors.shape == batch.labels.shape,
      "ClassificationObjective: \(NamedTensors.lossMask) \(factors.shape) for labels \(batch.labels.shape)")
    let weighed = factors.cast(to: .float32) .!= Float(0)
    return known.map { $0 .&& weighed } ?? weighed
  }

  /// The loss and the right answers of logits.
  public func result(_ logits: Tensor, _ batch: Batch) -> ObjectiveResult {
    let counted = countedTargets(batch)
    if batch.labels.dtype.isFloatingPoint {
      return ObjectiveResult(
        loss: crossEntropy(logits, shares: batch.labels, labelSmoothing: labelSmoothing),
        correct: (logits.detached().argmax(axis: -1) .== batch.labels.argmax(axis: -1)).sum())
    }
    var right = logits.detached().argmax(axis: -1) .== batch.labels
    if let counted { right = right .&& counted }
    guard let factors = batch.named.find(NamedTensors.lossMask) else {
      return ObjectiveResult(
        loss: crossEntropy(logits, batch.labels, ignoredIndex: ignoredIndex, labelSmoothing: labelSmoothing),
        correct: right.sum())
    }
    var weights = factors.cast(to: .float32)
    if let ignoredIndex { weights = weights * (batch.labels .!= Int32(ignoredIndex)).cast(to: .float32) }
    let losses = crossEntropy(
      logits, batch.labels, ignoredIndex: ignoredIndex, labelSmoothing: labelSmoothing, reduction: .none)
    return ObjectiveResult(
      loss: (losses * weights).sum() / weights.sum(), correct: right.sum())
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
