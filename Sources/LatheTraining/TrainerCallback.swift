import Lathe

/// Is told what happens in a run.
public protocol TrainerCallback: AnyObject {
  /// Before the first step of this process.
  func trainingStarts(_ trainer: Trainer) throws
  /// In each step, with the gradients of `trainer.optimizer.parameters` before they are clipped.
  func gradientsComputed(_ trainer: Trainer, _ gradients: [Tensor]) throws
  /// In each step that is made, with the gradients that `gradientsComputed` saw, after the parameters have changed.
  func parametersChanged(_ trainer: Trainer, _ gradients: [Tensor]) throws
  /// After steps whose losses were read, oldest first.
  func stepsRead(_ trainer: Trainer, _ steps: [StepReport]) throws
  /// After a test inside an epoch.
  func tested(_ trainer: Trainer, _ report: TestReport) throws
  /// After each epoch's test, before its checkpoint: where this throws, a resumed run does the epoch again.
  func epochEnded(_ trainer: Trainer, _ report: EpochReport) throws
  /// Before a checkpoint is written: what was recorded so far is to be on the disk, since nobody records it again.
  func checkpointStarts(_ trainer: Trainer) throws
  /// After the last step of this process.
  func trainingEnded(_ trainer: Trainer, _ outcome: Trainer.Outcome) throws
}

extension TrainerCallback {
  /// Nothing.
  public func trainingStarts(_ trainer: Trainer) throws {}
  /// Nothing.
  public func gradientsComputed(_ trainer: Trainer, _ gradients: [Tensor]) throws {}
  /// Nothing.
  public func parametersChanged(_ trainer: Trainer, _ gradients: [Tensor]) throws {}
  /// Nothing.
  public func stepsRead(_ trainer: Trainer, _ steps: [StepReport]) throws {}
  /// Nothing.
  public func tested(_ trainer: Trainer, _ report: TestReport) throws {}
  /// Nothing.
  public func epochEnded(_ trainer: Trainer, _ report: EpochReport) throws {}
  /// Nothing.
  public func checkpointStarts(_ trainer: Trainer) throws {}
  /// Nothing.
  public func trainingEnded(_ trainer: Trainer, _ outcome: Trainer.Outcome) throws {}
}

/// The figures of a step.
public struct StepReport: Codable, Hashable, Sendable {
  /// Steps done in all, this one included.
  public var step: Int
  /// The mean loss of the step's examples.
  public var loss: Double
  /// The step size.
  public var learningRate: Float
  /// The length of all gradients before clipping; nil where they are not clipped, where it is not finite and where
  /// the step was left out.
  public var gradientNorm: Double?
  /// The most bytes of the device that tensors held during the step, its batches' included.
  public var peakBytes: Int?
  /// The bytes that tensors held after it.
  public var bytesInUse: Int?
}

/// The figures of a test inside an epoch.
public struct TestReport: Codable, Hashable, Sendable {
  /// Steps done before.
  public var step: Int
  /// The mean loss on the test set.
  public var loss: Double
  /// The share of right answers on the test set; nil where there is no right and wrong.
  public var accuracy: Double?
  /// The trainer's metrics by their names, those without a finite value left out; nil where it has none.
  public var metrics: [String: Double]?
}
