import Foundation
import Lathe
import LatheCore
import LatheData
import LatheFiles
import LatheNN

/// Trains a model: epochs over a data set, a test after each, checkpoints and exact resume.
///
/// A run that was stopped at any step and resumed ends with the same bits as one that was not: the order of the
/// examples follows from seed and epoch, and a checkpoint holds weights, buffers, optimizer, averages, generator and
/// position.
public final class Trainer {
  /// How a run ended.
  public enum Outcome: Sendable, Equatable {
    /// All epochs are done, or the rule for early stopping holds.
    case finished
    /// Stopped on request, after a checkpoint.
    case stopped
  }

  /// The network.
  public let model: any Module
  /// What changes its parameters.
  public let optimizer: any Optimizer
  /// What dropout draws from; saved with checkpoints.
  public let generator: Generator
  /// What is made small.
  public var objective: any Objective
  /// Further figures of each test, of the same pass over the test set; the objective must be an `OutputObjective`.
  public var metrics: [TestMetric]
  /// Are told what happens, in this order.
  public var callbacks: [any TrainerCallback]
  /// Called every few steps.
  public var onProgress: ((Progress) -> Void)?
  /// Called after each epoch's test.
  public var onEpoch: ((EpochReport) -> Void)?
  /// Called with lines a user should see: a damaged checkpoint, where a run goes on.
  public var onNote: ((String) -> Void)?
  /// Asked before each step whether to write a checkpoint and stop.
  public var shouldStop: (() -> Bool)?

  /// A moving average of the weights, as `averageDecay` asks for.
  public private(set) var average: ExponentialMovingAverage?

  let store: CheckpointStore?
  /// The folder, while this runs or is about to.
  var lock: FolderLock?
  /// Whether a run that stopped before may have left files unwritten that its checkpoint promises.
  var owesFiles = false
  /// Examples of a test's batch, where the device has no room for as many as the data asks for.
  var testBatchSize: Int?
  package let training: any TrainingData
  package let test: (any TrainingData)?
  package let device: Device
  var state: TrainingState
  /// How the loss is scaled while the device judges gradients; ahead of the state's until that is settled.
  var deviceScaler: DeviceLossScaler?
  /// Losses, counts of right answers and gradients' lengths that are still on the device.
  var unread: [UnreadStep] = []
  /// What the epoch's phases took.
  var phases: PhaseClock
  /// The last batch trained on, to find the layer that fails.
  var lastBatch: Batch?
  /// The step of the checkpoint that was written last.
  var lastSaved: Int?
  /// Whether the steps read so far have answers that are right or wrong.
  var hasAnswers = false
  let baseLearningRate: Float
  /// The figures of the epoch that the limit of steps cut off; no part of the state, in which the epoch is under way.
  var cutEpoch: EpochReport?

  /// A run at its start.
  ///
  /// - Parameters:
  ///   - model: The network.
  ///   - optimizer: Made with `model.parameters`.
  ///   - generator: Draws what the run draws; its state is in the checkpoints.
  ///   - training: What is learned from.
  ///   - test: What is tested on; nil for no test, which metrics, monitors and a plateau need.
  ///   - objective: What is made small; the cross-entropy of classes unless given.
  ///   - metrics: Further figures of each test.
  ///   - callbacks: Are told what happens, in this order.
  ///   - configuration: What the run is asked for.
  ///   - folder: Where checkpoints and the model go; nil for none.
  ///   - device: Where the run takes place.
  /// - Throws: `LatheError.invalidArgument` where the configuration asks for what cannot be, such as a batch larger than the
  ///   data set.
  public init(
    model: any Module, optimizer: any Optimizer, generator: Generator, training: any TrainingData,
    test: (any TrainingData)? = nil, objective: any Objective = ClassificationObjective(),
    metrics: [TestMetric] = [], callbacks: [any TrainerCallback] = [], configuration: TrainerConfiguration,
    folder: String? = nil, device: Device = .default
  ) throws {
    self.model = model
    self.optimizer = optimizer
    self.generator = generator
    self.training = training
    self.test = test
    self.objective = objective
    self.metrics = metrics
    self.callbacks = callbacks
    self.device = device
    phases = PhaseClock(device)
    store = folder.map(CheckpointStore.init)
    baseLearningRate = optimizer.learningRate
    state = TrainingState(
      configuration: configuration,
      optimizer: OptimizerDescription(optimizer, learningRate: optimizer.learningRate),
      dataCount: training.count, dataChecksum: training.checksum, generator: generator.state)
    try checkConfiguration()
    begin(after: nil)
  }

  /// What the run is asked for; to be changed before `resume()` and `run()`.
  ///
  /// Changing how the loss is scaled, the plateau or the average begins that anew.
  public var configuration: TrainerConfiguration {
    get { state.configuration }
    set {
      let before = state.configuration
      state.configuration = newValue
      begin(after: before)
    }
  }

  /// Makes what the configuration asks for and the one before it did not.
  private func begin(after before: TrainerConfiguration?) {
    let now = configuration
    if now.precision != before?.precision || now.lossScaler != before?.lossScaler {
      deviceScaler = nil
      state.lossScaler = now.precision == .float16 ? now.lossScaler ?? LossScaler() : nil
    }
    if now.plateau != before?.plateau { state.plateau = now.plateau }
    if now.averageDecay != before?.averageDecay {
      average = now.averageDecay.map { ExponentialMovingAverage(optimizer.parameters, decay: $0) }
    }
    phases.synchronizes = now.synchronizesPhases
  }

  /// Averages parameters, too, that the optimizer was given since.
  func followNewParameters() {
    guard let average, average.parameters.count < optimizer.parameters.count else { return }
    average.add(optimizer.parameters)
  }

  /// The epochs done so far, the last perhaps cut off by `stepLimit`.
  public var history: [EpochReport] { state.history + (cutEpoch.map { [$0] } ?? []) }
  /// Steps done in all.
  public var step: Int { state.step }
  /// Where checkpoints and the model go; nil for none.
  public var folder: String? { store?.folder }
  /// What the optimizer says of itself.
  public var optimizerDescription: OptimizerDescription {
    OptimizerDescription(optimizer, learningRate: baseLearningRate)
  }
  /// How the loss is scaled now with float16; nil for other types.
  public var lossScaler: LossScaler? { (try? deviceScaler?.current()) ?? state.lossScaler }
  /// How far the plateau has lowered the learning rate; nil without one.
  public var plateau: ReduceOnPlateau? { state.plateau }

  /// Trains until all epochs are done, or early stopping or `shouldStop` says so.
  ///
  /// Files of an epoch (the model, the best one, what callbacks write) are on the disk before its checkpoint, so that what
  /// a checkpoint says is done is there.
  /// - Throws: `LatheError`: a metric does not fit or a monitor's is not there, the loss is not a number, the device
  ///   failed, a file could not be written, or another process is at work in the folder.
  public func run() throws -> Outcome {
    try checkConfiguration()
    try checkMetrics()
    try lockFolder()
    defer { lock = nil }
    return try lock.map { try $0.using(runWithCallbacks) } ?? runWithCallbacks()
  }

  /// Checks that the run can do what it is asked for.
  private func checkConfiguration() throws {
    if let problem = configuration.problem { throw LatheError(.invalidArgument, "a run whose \(problem)") }
    guard configuration.batchSize <= training.count else {
      throw LatheError(
        .invalidArgument,
        "a batch of \(configuration.batchSize) is larger than the training set of \(training.count) "
          + "\(training.noun); use a smaller one")
    }
  }

  private func runWithCallbacks() throws -> Outcome {
    store?.removeLeftovers()
    for callback in callbacks { try callback.trainingStarts(self) }
    if owesFiles { try saveOwedModel(isCut: isAtStepLimit) }
    let outcome = try runEpochs()
    for callback in callbacks { try callback.trainingEnded(self, outcome) }
    return outcome
  }

  private func runEpochs() throws -> Outcome {
    while state.epoch < configuration.epochs && !isAtStepLimit {
      if let reason = configuration.earlyStopping?.reason(state.history) {
        onNote?("stopping after epoch \(state.epoch): \(reason)")
        break
      }
      if try runEpoch() == .stopped {
        if lastSaved != state.step { try saveCheckpoint() }
        return .stopped
      }
    }
    return .finished
  }

  var isAtStepLimit: Bool { configuration.stepLimit.map { state.step >= $0 } ?? false }
}
