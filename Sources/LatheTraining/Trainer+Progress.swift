extension Trainer {
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

  /// Tells how far the epoch is.
  ///
  /// - Parameters:
  ///   - steps: The epoch's.
  ///   - before: Where this process began.
  ///   - seconds: Those since then.
  func report(steps: Int, before: (samples: Int, step: Int), seconds: Double) {
    guard let onProgress else { return }
    let count = Double(max(state.sampleCount, 1))
    let speed = Double(state.sampleCount - before.samples) / max(seconds, 1e-9)
    let stepTime = seconds / Double(max(state.stepInEpoch - before.step, 1))
    onProgress(
      Progress(
        epoch: state.epoch + 1, epochs: configuration.epochs, step: state.stepInEpoch, steps: steps,
        loss: state.meanLoss, accuracy: hasAnswers ? Double(state.correctCount) / count : nil,
        samplesPerSecond: speed,
        secondsLeft: stepTime * Double(steps - state.stepInEpoch)))
  }
}
