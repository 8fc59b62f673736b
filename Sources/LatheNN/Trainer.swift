import Foundation
import Lathe

/// Trains a classifier of images: epochs over a data set, a test after each, checkpoints and exact resume.
///
/// A run that was stopped at any step and resumed ends with the same bits as one that was not: the order of the images
/// follows from seed and epoch, and a checkpoint holds the weights, the optimizer, the generator and the position.
public final class Trainer {
  /// What a run shows of itself while an epoch is under way.
  public struct Progress: Sendable {
    /// The epoch under way, counted from 1, and how many there will be.
    public let epoch: Int, epochs: Int
    /// Steps done in the epoch, and how many it has.
    public let step: Int, steps: Int
    /// Means over the epoch so far.
    public let loss: Double, accuracy: Double
    /// Training images a second so far.
    public let samplesPerSecond: Double
    /// Seconds until the epoch ends at this speed.
    public let secondsLeft: Double
  }

  /// How a run ended.
  public enum Outcome: Sendable, Equatable {
    /// All epochs are done.
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

  let store: CheckpointStore?
  let training: ImageDataset
  let test: ImageDataset
  let device: Device
  var state: TrainingState
  /// Losses and counts of right answers that are still on the device.
  var unread: [(loss: Tensor, correct: Tensor, count: Int)] = []
  private var lastSaved: Int?

  /// A run at its start.
  ///
  /// - Parameters:
  ///   - folder: Where checkpoints and the model go; nil for none.
  ///   - optimizer: Made with `model.parameters`.
  /// - Throws: `LatheError.invalidArgument` where the batch is larger than the data set.
  public init(
    model: any Module, optimizer: any Optimizer, generator: Generator, training: ImageDataset,
    test: ImageDataset, epochs: Int, settings: TrainingSettings, folder: String? = nil,
    device: Device = .default
  ) throws {
    guard settings.batchSize <= training.count else {
      throw LatheError(
        .invalidArgument,
        "a batch of \(settings.batchSize) is larger than the training set of \(training.count) images; use a smaller "
          + "one")
    }
    self.model = model
    self.optimizer = optimizer
    self.generator = generator
    self.training = training
    self.test = test
    self.epochs = epochs
    self.device = device
    store = folder.map(CheckpointStore.init)
    state = TrainingState(
      settings: settings, dataCount: training.count, dataChecksum: CRC32.checksum([training.labels]),
      generator: generator.state)
  }

  /// The epochs done so far.
  public var history: [EpochReport] { state.history }
  /// Steps done in all.
  public var step: Int { state.step }

  /// Trains until all epochs are done or `shouldStop` says so.
  ///
  /// - Throws: `LatheError`: the loss is not a number, the device failed, a checkpoint could not be written.
  public func run() throws -> Outcome {
    store?.removeLeftovers()
    while state.epoch < epochs {
      if try runEpoch() == .stopped {
        if lastSaved != state.step { try saveCheckpoint() }
        return .stopped
      }
    }
    return .finished
  }

  private func runEpoch() throws -> Outcome {
    let loader = DataLoader(
      training, batchSize: state.settings.batchSize, shuffled: true, seed: state.settings.seed,
      epoch: state.epoch, firstBatch: state.stepInEpoch, on: device)
    let steps = loader.batchCount
    let parameters = optimizer.parameters
    let start = ContinuousClock.now
    var lastRead = start
    let before = state.sampleCount
    model.train()
    for batch in loader {
      if shouldStop?() == true {
        try readLosses()
        return .stopped
      }
      let logits = model(batch.inputs)
      let loss = crossEntropy(logits, batch.labels)
      optimizer.step(loss.gradients(of: parameters))
      let correct = (logits.detached().argmax(axis: 1) .== batch.labels).sum()
      unread.append((try loss.detached().evaluated(), try correct.evaluated(), batch.count))
      state.stepInEpoch += 1
      state.step += 1
      // Reading waits for the device, so it is done for many steps at once.
      let now = ContinuousClock.now
      if unread.count >= 50 || now - lastRead > .milliseconds(500) || state.stepInEpoch == steps {
        try readLosses()
        lastRead = .now
        report(steps: steps, samples: state.sampleCount - before, seconds: (lastRead - start).seconds)
      }
      if let interval = checkpointInterval, state.step % interval == 0, state.stepInEpoch < steps {
        try saveCheckpoint()
      }
    }
    try readLosses()
    try finishEpoch(samples: state.sampleCount - before, seconds: (ContinuousClock.now - start).seconds)
    return .finished
  }

  private func finishEpoch(samples: Int, seconds: Double) throws {
    let evaluation = try Evaluation(of: model, on: test, device: device)
    guard evaluation.loss.isFinite else { throw notFinite("test loss", evaluation.loss, step: state.step) }
    let count = Double(max(state.sampleCount, 1))
    let result = EpochReport(
      epoch: state.epoch + 1, trainLoss: state.lossSum / count,
      trainAccuracy: Double(state.correctCount) / count, testLoss: evaluation.loss,
      testAccuracy: evaluation.accuracy, samplesPerSecond: Double(samples) / max(seconds, 1e-9),
      seconds: seconds, device: device.name)
    state.history.append(result)
    state.epoch += 1
    state.stepInEpoch = 0
    state.lossSum = 0
    state.correctCount = 0
    state.sampleCount = 0
    try saveCheckpoint()
    if let store { try ModelFolder(store.folder).save(model, settings: state.settings) }
    onEpoch?(result)
  }

  /// Adds what the steps since the last call left on the device to the epoch's sums.
  private func readLosses() throws {
    let first = state.step - unread.count
    let results = unread
    unread.removeAll(keepingCapacity: true)
    for (index, result) in results.enumerated() {
      let loss = Double(try result.loss.item())
      guard loss.isFinite else { throw notFinite("loss", loss, step: first + index + 1) }
      state.lossSum += loss * Double(result.count)
      state.correctCount += try result.correct.item(as: Int.self)
      state.sampleCount += result.count
    }
  }

  func notFinite(_ what: String, _ value: Double, step: Int) -> LatheError {
    let checkpoint = store.flatMap { store in
      store.steps.first.map { "the last good checkpoint is \(store.path(step: $0))" }
    }
    return LatheError(
      .training,
      "epoch \(state.epoch + 1), step \(step): the \(what) is \(value); \(checkpoint ?? "there is no checkpoint yet"); "
        + "start anew with a lower learning rate")
  }

  private func report(steps: Int, samples: Int, seconds: Double) {
    guard let onProgress else { return }
    let count = Double(max(state.sampleCount, 1))
    let speed = Double(samples) / max(seconds, 1e-9)
    onProgress(
      Progress(
        epoch: state.epoch + 1, epochs: epochs, step: state.stepInEpoch, steps: steps,
        loss: state.lossSum / count, accuracy: Double(state.correctCount) / count, samplesPerSecond: speed,
        secondsLeft: Double(training.count - state.sampleCount) / max(speed, 1e-9)))
  }

  private func saveCheckpoint() throws {
    guard let store else { return }
    try readLosses()
    try store.save(snapshot(), tensors: tensors())
    lastSaved = state.step
  }
}

extension Duration {
  /// The duration as a number.
  package var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
