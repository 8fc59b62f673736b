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
  /// What the loss was divided by, a scalar, where answers count more or less than others; nil where each of the batch's
  /// `count` answers counts once.
  public let weight: Tensor?

  /// A result from its parts.
  ///
  /// - Parameters:
  ///   - loss: The mean loss, a scalar.
  ///   - correct: How many answers are right.
  ///   - weight: The sum of the answers' factors, by which means of several batches are joined.
  public init(loss: Tensor, correct: Tensor? = nil, weight: Tensor? = nil) {
    self.loss = loss
    self.correct = correct
    self.weight = weight
  }
}

/// The cross-entropy of logits [..., classes] against class indices or shares of classes, and the largest logit as the
/// answer.
///
/// Where the batch names factors of the labels (`NamedTensors.lossMask`, of the labels' shape), the loss is their weighted mean,
/// and answers with the factor 0 do not count, whatever the logits hold there. Where none counts, the loss is 0.
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
    let known = ignoredIndex.map { batch.labels .!= $0 }
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
    let right = logits.detached().argmax(axis: -1) .== batch.labels
    guard let counted else {
      return ObjectiveResult(
        loss: crossEntropy(logits, batch.labels, labelSmoothing: labelSmoothing), correct: right.sum())
    }
    let factors = batch.named.find(NamedTensors.lossMask)
    // What does not count gets a label that no class has.
    let (ignored, wide) = (Int(Int32.min), DType.promote(batch.labels.dtype, .int32))
    let labels = Tensor.where(counted, batch.labels.cast(to: wide), ignored)
    let losses = crossEntropy(
      logits, labels, ignoredIndex: ignored, labelSmoothing: labelSmoothing, reduction: .none)
    let weights = factors.map { Tensor.where(counted, $0.cast(to: .float32), Float(0)) }
    let weight = weights?.sum() ?? counted.sum().cast(to: .float32)
    let sum = (weights.map { losses * $0 } ?? losses).sum()
    return ObjectiveResult(
      loss: sum / Tensor.where(weight .== Float(0), Float(1), weight), correct: (right .&& counted).sum(),
      weight: factors == nil ? nil : weight)
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
