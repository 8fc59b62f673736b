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
  /// What a run shows of itself while an epoch is under way.
  public struct Progress: Sendable {
    /// The epoch under way, counted from 1, and how many there will be.
    public let epoch: Int, epochs: Int
    /// Steps done in the epoch, and how many it has.
    public let step: Int, steps: Int
    /// The mean over the epoch so far.
    public let loss: Double
    /// The share of right answers so far; nil where there is no right and wrong.
    public let accuracy: Double?
    /// Training examples (of text, tokens) a second so far; `TrainingData.unit` says what they are.
    public let samplesPerSecond: Double
    /// Seconds until the epoch ends at this speed.
    public let secondsLeft: Double
  }

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
  /// Epochs to do in all.
  public let epochs: Int
  /// Called every few steps.
  public var onProgress: ((Progress) -> Void)?
  /// Called after each epoch's test.
  public var onEpoch: ((EpochReport) -> Void)?
  /// Called with lines a user should see: a damaged checkpoint, where a run goes on.
  public var onNote: ((String) -> Void)?
  /// Asked before each step whether to write a checkpoint and stop.
  public var shouldStop: (() -> Bool)?
  /// Writes a checkpoint every so many steps, besides those at the end of each epoch.
  public var checkpointInterval: Int?
  /// Tests every so many steps, besides the test at the end of each epoch.
  public var testInterval: Int?
  /// What is made small; the cross-entropy of classes unless given.
  public var objective: any Objective = ClassificationObjective()
  /// The learning rate by step.
  public var schedule = LearningRateSchedule.constant
  /// Limits gradients before each step.
  public var clipping: GradientClipping?
  /// Batches whose gradients make one step, as if they were one batch.
  public var accumulation = 1
  /// Leaves out an epoch's last batch where it is smaller; set before the run.
  ///
  /// Batch normalisation cannot learn from one value per channel, as a last batch of one example may have.
  public var dropsLast = false
  /// The type in which the model's products and convolutions work; set before the run.
  ///
  /// With float16 the loss is scaled, which waits for the device at each step.
  public var precision: Precision {
    get { state.precision ?? .float32 }
    set {
      state.precision = newValue == .float32 ? nil : newValue
      state.lossScaler = newValue == .float16 ? LossScaler() : nil
    }
  }
  /// How the loss is scaled with float16; nil for other types.
  public var lossScaler: LossScaler? {
    get { state.lossScaler }
    set { state.lossScaler = newValue }
  }
  /// A moving average of the weights, which then is what is tested and stored as the model.
  public var average: ExponentialMovingAverage?
  /// Ends the run after so many steps in all, within an epoch if need be.
  ///
  /// A run with a higher limit, or none, goes on from there with the same bits.
  public var stepLimit: Int?
  /// Further figures of each test, of the same pass over the test set; the objective must be an `OutputObjective`.
  public var metrics: [TestMetric] = []
  /// When to end before all epochs are done.
  public var earlyStopping: EarlyStopping?
  /// Keeps the weights of the best epoch by this figure as `best.safetensors`.
  public var best: Monitor?
  /// How many checkpoints stay.
  public var keptCheckpoints = 2
  /// Reads the loss before each step, to stop with the weights that made a number that is not finite.
  ///
  /// The layer can then be named. On by default on the CPU, where nothing waits; elsewhere it costs speed.
  public var checksEveryStep: Bool
  /// Waits for the device after each phase, so that `EpochReport.phases` holds its time by phase; costs speed.
  public var synchronizesPhases: Bool {
    get { phases.synchronizes }
    set { phases.synchronizes = newValue }
  }
  /// Are told what happens, in this order.
  public var callbacks: [any TrainerCallback] = []

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
  /// Losses, counts of right answers and gradients' lengths that are still on the device.
  var unread: [UnreadStep] = []
  /// What the epoch's phases took.
  var phases: PhaseClock
  /// The last batch trained on, to find the layer that fails.
  var lastBatch: Batch?
  private var lastSaved: Int?
  /// Whether the steps read so far have answers that are right or wrong.
  private var hasAnswers = false
  private let baseLearningRate: Float
  /// The figures of the epoch that the limit of steps cut off; no part of the state, in which the epoch is under way.
  private var cutEpoch: EpochReport?

  /// A step's results on the device.
  struct UnreadStep {
    let loss: Tensor
    let correct: Tensor?
    let norm: Tensor?
    let count: Int
    let learningRate: Float
    let peakBytes: Int, bytesInUse: Int
  }

  /// A run at its start.
  ///
  /// - Parameters:
  ///   - model: The network.
  ///   - optimizer: Made with `model.parameters`.
  ///   - generator: Draws what the run draws; its state is in the checkpoints.
  ///   - training: What is learned from.
  ///   - test: What is tested on; nil for no test, which metrics, monitors and `plateau` need.
  ///   - epochs: How often the training set is gone through.
  ///   - settings: What the run was asked for.
  ///   - folder: Where checkpoints and the model go; nil for none.
  ///   - device: Where the run takes place.
  /// - Throws: `LatheError.invalidArgument` where the batch is larger than the data set.
  public init(
    model: any Module, optimizer: any Optimizer, generator: Generator, training: any TrainingData,
    test: (any TrainingData)? = nil, epochs: Int, settings: TrainingSettings, folder: String? = nil,
    device: Device = .default
  ) throws {
    guard settings.batchSize <= training.count else {
      throw LatheError(
        .invalidArgument,
        "a batch of \(settings.batchSize) is larger than the training set of \(training.count) \(training.noun); "
          + "use a smaller "
          + "one")
    }
    self.model = model
    self.optimizer = optimizer
    self.generator = generator
    self.training = training
    self.test = test
    self.epochs = epochs
    self.device = device
    phases = PhaseClock(device)
    store = folder.map(CheckpointStore.init)
    baseLearningRate = optimizer.learningRate
    checksEveryStep = device == .cpu
    state = TrainingState(
      settings: settings, dataCount: training.count, dataChecksum: training.checksum,
      generator: generator.state)
  }

  /// What the run was started with.
  public var settings: TrainingSettings { state.settings }
  /// The epochs done so far, the last perhaps cut off by `stepLimit`.
  public var history: [EpochReport] { state.history + (cutEpoch.map { [$0] } ?? []) }
  /// Steps done in all.
  public var step: Int { state.step }
  /// Where checkpoints and the model go; nil for none.
  public var folder: String? { store?.folder }

  /// A rule that lowers the learning rate when the test loss no longer falls; its state is part of checkpoints.
  public var plateau: ReduceOnPlateau? {
    get { state.plateau }
    set { state.plateau = newValue }
  }

  /// Trains until all epochs are done, `earlyStopping` or `shouldStop` says so.
  ///
  /// Files of an epoch (the model, the best one, what callbacks write) are on the disk before its checkpoint, so that what
  /// a checkpoint says is done is there.
  /// - Throws: `LatheError`: a metric does not fit or a monitor's is not there, the loss is not a number, the device
  ///   failed, a file could not be written, or another process is at work in the folder.
  public func run() throws -> Outcome {
    require(
      accumulation > 0 && keptCheckpoints > 0,
      "Trainer: \(accumulation) batches a step, \(keptCheckpoints) kept")
    try checkMetrics()
    try lockFolder()
    defer { lock = nil }
    return try lock.map { try $0.using(runWithCallbacks) } ?? runWithCallbacks()
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
    while state.epoch < epochs && !isAtStepLimit {
      if let reason = earlyStopping?.reason(state.history) {
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

  private var isAtStepLimit: Bool { stepLimit.map { state.step >= $0 } ?? false }

  /// Whether the step under way is the last before an epoch's report.
  package var isLastStepOfEpoch: Bool {
    state.stepInEpoch + 1 == stepsPerEpoch || state.step + 1 == stepLimit
  }

  /// The steps of an epoch.
  public var stepsPerEpoch: Int {
    let batches = training.batchCount(size: state.settings.batchSize, dropsLast: dropsLast)
    return (batches + accumulation - 1) / accumulation
  }

  /// The steps of an epoch of so many examples.
  ///
  /// - Parameters:
  ///   - examples: How many there are.
  ///   - batch: Examples a batch.
  ///   - accumulation: Batches a step.
  ///   - dropsLast: Whether a last batch that is smaller is left out.
  public static func stepsPerEpoch(
    examples: Int, batch: Int, accumulation: Int = 1, dropsLast: Bool = false
  ) -> Int {
    let batches = (examples + (dropsLast ? 0 : batch - 1)) / batch
    return (batches + accumulation - 1) / accumulation
  }

  /// The training batches of an epoch from one on.
  func trainingBatches(epoch: Int, first: Int = 0) -> BatchStream {
    training.batches(
      size: state.settings.batchSize, seed: state.settings.seed, epoch: epoch, first: first,
      dropsLast: dropsLast, on: device)
  }

  /// The next batches that make one step; none behind the last.
  func nextGroup(of batches: BatchStream) throws -> [Batch] {
    try (0..<accumulation).compactMap { _ in try batches.next() }
  }

  private func runEpoch() throws -> Outcome {
    let batches = trainingBatches(epoch: state.epoch, first: state.stepInEpoch * accumulation)
    let steps = stepsPerEpoch
    let start = ContinuousClock.now
    let compiled = KernelBuilds.seconds
    /// Seconds so far without those in which kernels were compiled, which later epochs do not take.
    func secondsOfSteps() -> Double {
      max((ContinuousClock.now - start).seconds - (KernelBuilds.seconds - compiled), 0)
    }
    var lastRead = start
    let before = (samples: state.sampleCount, step: state.stepInEpoch)
    model.train()
    while state.stepInEpoch < steps && !isAtStepLimit {
      phases.startStep()
      let group = try phases.measure(.data) { try nextGroup(of: batches) }
      guard !group.isEmpty else { break }
      if shouldStop?() == true {
        try readLosses()
        return .stopped
      }
      try Trace.span("step") { try trainStepThatFits(group) }
      state.stepInEpoch += 1
      state.step += 1
      // Reading waits for the device, so it is done for many steps at once.
      let now = ContinuousClock.now
      if unread.count >= 50 || now - lastRead > .milliseconds(500) || state.stepInEpoch == steps
        || isAtStepLimit
      {
        try readLosses()
        lastRead = .now
        report(steps: steps, before: before, seconds: secondsOfSteps())
      }
      if let interval = testInterval, state.step % interval == 0, state.stepInEpoch < steps {
        try testInside()
      }
      if let interval = checkpointInterval, state.step % interval == 0, state.stepInEpoch < steps {
        try saveCheckpoint()
      }
    }
    try readLosses()
    try finishEpoch(
      isCut: isAtStepLimit && state.stepInEpoch < steps, samples: state.sampleCount - before.samples,
      seconds: (ContinuousClock.now - start).seconds, secondsOfSteps: secondsOfSteps())
    return .finished
  }

  /// The mean loss of some batches as if they were one, the answers that are right, and the gradients of the loss, which
  /// a scaler has scaled.
  func pass(over batches: [Batch], scaler: LossScaler?) throws -> (
    loss: Tensor?, correct: Tensor?, gradients: [Tensor]
  ) {
    let parameters = optimizer.parameters
    let total = batches.reduce(0) { $0 + $1.count }
    var loss: Tensor?
    var correct: Tensor?
    var gradients: [Tensor] = []
    for batch in batches {
      let result = try phases.measure(.forward) { withPrecision(precision) { objective(model, batch) } }
      let part = batches.count == 1 ? result.loss : result.loss * (Float(batch.count) / Float(total))
      try phases.measure(.backward) {
        let found = (scaler?.scaled(part) ?? part).gradients(of: parameters)
        gradients = gradients.isEmpty ? found : zip(gradients, found).map { $0 + $1 }
        // What failed must not reach the parameters, and no deferred sum wait behind the next batch.
        for gradient in gradients { try gradient.computed() }
      }
      loss = loss.map { $0 + part.detached() } ?? part.detached()
      if let right = result.correct { correct = correct.map { $0 + right } ?? right }
    }
    return (loss, correct, gradients)
  }

  /// The gradients of some batches as if they were one, and a step by them.
  func trainStep(_ batches: [Batch]) throws {
    lastBatch = batches.last
    let (loss, correct, gradients) = try pass(over: batches, scaler: state.lossScaler)
    if checksEveryStep, let loss {
      let value = try phases.measure(.waiting) { Double(try loss.item()) }
      guard value.isFinite else { throw notFinite("loss", value, step: state.step + 1) }
    }
    let norm = try phases.measure(.optimizer) { try update(gradients) }
    guard let loss else { return }
    unread.append(
      UnreadStep(
        loss: try loss.computed(), correct: try correct?.computed(), norm: try norm?.computed(),
        count: batches.reduce(0) { $0 + $1.count }, learningRate: optimizer.learningRate,
        peakBytes: phases.stepPeak,
        bytesInUse: device.counters.bytesInUse))
  }

  /// A step by gradients, which are unscaled and clipped first.
  ///
  /// - Returns: Their length before clipping, where they are clipped and the step is made.
  private func update(_ gradients: [Tensor]) throws -> Tensor? {
    var gradients = gradients
    var areFinite = true
    if let scaler = state.lossScaler {
      (gradients, areFinite) = try scaler.unscaled(gradients)
    }
    (gradients, areFinite) = try transformed(gradients, areFinite: areFinite)
    state.lossScaler?.update(areFinite: areFinite)
    for callback in callbacks { try callback.gradientsComputed(self, gradients) }
    var norm: Tensor?
    if let clipping { (gradients, norm) = clipping(gradients) }
    let factor = schedule.factor(step: state.step) * (state.plateau?.factor ?? 1)
    optimizer.learningRate = Float(Double(baseLearningRate) * factor)
    guard areFinite else { return nil }
    optimizer.step(gradients)
    average?.update()
    return norm
  }

  /// Tests, stores and reports.
  ///
  /// - Parameter isCut: Whether the limit of steps was reached within the epoch, which stays under way.
  private func finishEpoch(isCut: Bool, samples: Int, seconds: Double, secondsOfSteps: Double) throws {
    let evaluation = try phases.measure(.validation) { try evaluateTest() }
    if let loss = evaluation?.loss, !loss.isFinite { throw notFinite("test loss", loss, step: state.step) }
    let count = Double(max(state.sampleCount, 1))
    let result = EpochReport(
      epoch: state.epoch + 1, trainLoss: state.lossSum / count,
      trainAccuracy: evaluation.map { $0.accuracy != nil } ?? hasAnswers
        ? Double(state.correctCount) / count : nil,
      testLoss: evaluation?.loss, testAccuracy: evaluation?.accuracy,
      samplesPerSecond: Double(samples) / max(secondsOfSteps, 1e-9),
      seconds: seconds, device: device.name, phases: phases.take(), metrics: evaluation?.metrics)
    noteMissingFigures(of: result)
    if isCut { cutEpoch = result } else { startNextEpoch(after: result) }
    try saveModel(asBest: true)
    for callback in callbacks { try callback.epochEnded(self, result) }
    try saveCheckpoint()
    onEpoch?(result)
  }

  private func startNextEpoch(after report: EpochReport) {
    state.history.append(report)
    if let loss = report.testLoss { state.plateau?.report(loss) }
    state.epoch += 1
    state.stepInEpoch = 0
    state.lossSum = 0
    state.correctCount = 0
    state.sampleCount = 0
  }

  /// Adds what the steps since the last call left on the device to the epoch's sums.
  func readLosses() throws {
    let first = state.step - unread.count
    let results = unread
    unread.removeAll(keepingCapacity: true)
    var reports: [StepReport] = []
    if let last = results.last { _ = try phases.measure(.waiting) { try last.loss.item() } }
    for (index, result) in results.enumerated() {
      let loss = Double(try result.loss.item())
      guard loss.isFinite else { throw notFinite("loss", loss, step: first + index + 1) }
      state.lossSum += loss * Double(result.count)
      if let correct = result.correct {
        state.correctCount += try correct.item(as: Int.self)
        hasAnswers = true
      }
      state.sampleCount += result.count
      guard !callbacks.isEmpty else { continue }
      reports.append(
        StepReport(
          step: first + index + 1, loss: loss, learningRate: result.learningRate,
          gradientNorm: try result.norm.map { Double(try $0.item()) }.flatMap { $0.isFinite ? $0 : nil },
          peakBytes: result.peakBytes, bytesInUse: result.bytesInUse))
    }
    if !reports.isEmpty { for callback in callbacks { try callback.stepsRead(self, reports) } }
  }

  private func report(steps: Int, before: (samples: Int, step: Int), seconds: Double) {
    guard let onProgress else { return }
    let count = Double(max(state.sampleCount, 1))
    let speed = Double(state.sampleCount - before.samples) / max(seconds, 1e-9)
    let stepTime = seconds / Double(max(state.stepInEpoch - before.step, 1))
    onProgress(
      Progress(
        epoch: state.epoch + 1, epochs: epochs, step: state.stepInEpoch, steps: steps,
        loss: state.lossSum / count, accuracy: hasAnswers ? Double(state.correctCount) / count : nil,
        samplesPerSecond: speed,
        secondsLeft: stepTime * Double(steps - state.stepInEpoch)))
  }

  private func saveCheckpoint() throws {
    guard let store else { return }
    try readLosses()
    for callback in callbacks { try callback.checkpointStarts(self) }
    try store.save(snapshot(), tensors: tensors(), keeping: keptCheckpoints)
    lastSaved = state.step
  }
}

extension Duration {
  /// The duration as a number.
  package var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
