import Foundation
import Lathe
import LatheCore
import LatheData
import LatheNN

extension Trainer {
  /// Whether the step under way is the last before an epoch's report.
  package var isLastStepOfEpoch: Bool {
    state.stepInEpoch + 1 == stepsPerEpoch || state.step + 1 == configuration.stepLimit
  }

  /// The steps of an epoch.
  public var stepsPerEpoch: Int { configuration.stepsPerEpoch(of: training) }

  /// The training batches of an epoch from one on.
  func trainingBatches(epoch: Int, first: Int = 0) -> BatchStream {
    training.batches(
      size: configuration.batchSize, seed: configuration.seed, epoch: epoch, first: first,
      dropsLast: configuration.dropsLast, on: device)
  }

  /// The next batches that make one step; none behind the last.
  func nextGroup(of batches: BatchStream) throws -> [Batch] {
    try (0..<configuration.accumulation).compactMap { _ in try batches.next() }
  }

  /// Does the rest of the epoch under way.
  func runEpoch() throws -> Outcome {
    let batches = trainingBatches(epoch: state.epoch, first: state.stepInEpoch * configuration.accumulation)
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
      if let interval = configuration.testInterval, state.step % interval == 0, state.stepInEpoch < steps {
        try testInside()
      }
      if let interval = configuration.checkpointInterval, state.step % interval == 0,
        state.stepInEpoch < steps
      {
        try saveCheckpoint()
      }
    }
    try readLosses()
    try finishEpoch(
      isCut: isAtStepLimit && state.stepInEpoch < steps, samples: state.sampleCount - before.samples,
      seconds: (ContinuousClock.now - start).seconds, secondsOfSteps: secondsOfSteps())
    return .finished
  }

  /// Tests, stores and reports.
  ///
  /// - Parameter isCut: Whether the limit of steps was reached within the epoch, which stays under way.
  private func finishEpoch(isCut: Bool, samples: Int, seconds: Double, secondsOfSteps: Double) throws {
    let evaluation = try phases.measure(.validation) { try evaluateTest() }
    if let loss = evaluation?.loss, !loss.isFinite { throw notFinite("test loss", loss, step: state.step) }
    let count = Double(max(state.sampleCount, 1))
    let result = EpochReport(
      epoch: state.epoch + 1, trainLoss: state.meanLoss,
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
    state.lossWeight = nil
    state.correctCount = 0
    state.sampleCount = 0
  }
}

extension Duration {
  /// The duration as a number.
  package var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
