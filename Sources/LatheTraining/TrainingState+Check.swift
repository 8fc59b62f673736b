import Lathe
import LatheNN

extension TrainingState {
  /// What cannot be true of any run; nil where nothing is wrong.
  ///
  /// A checksum shows that a file is as it was written, not that a run wrote it.
  var problem: String? {
    let most = 1 << 48
    let counts = [
      ("dataCount", dataCount), ("epoch", epoch), ("stepInEpoch", stepInEpoch), ("step", step),
      ("correctCount", correctCount), ("sampleCount", sampleCount), ("optimizerStep", optimizerStep),
      ("tensorBytes", tensorBytes),
    ]
    for (name, value) in counts where !(0...most).contains(value) {
      return "\(name) is \(value), not in 0...\(most)"
    }
    if let problem = configuration.problem { return problem }
    guard history.count == epoch else { return "reports of \(history.count) epochs, but \(epoch) are done" }
    guard step >= epoch, step >= stepInEpoch, (epoch > 0) || step == stepInEpoch else {
      return "step \(step) is not step \(stepInEpoch) of epoch \(epoch + 1)"
    }
    guard lossSum.isFinite, lossWeight?.isFinite ?? true, correctCount <= sampleCount,
      stepInEpoch > 0 || sampleCount == 0
    else {
      return "\(correctCount) of \(sampleCount) answers right in \(stepInEpoch) steps, losses \(lossSum)"
    }
    for (place, report) in history.enumerated() {
      if let problem = report.problem(place: place) { return problem }
    }
    return plateau?.problem ?? lossScaler?.problem
  }
}

extension EpochReport {
  /// What cannot be true of the report at a place of a history; nil where nothing is wrong.
  fileprivate func problem(place: Int) -> String? {
    guard epoch == place + 1 else { return "the report of epoch \(epoch) stands for epoch \(place + 1)" }
    let shares = [trainAccuracy, testAccuracy].compactMap { $0 }
    guard trainLoss.isFinite, testLoss?.isFinite ?? true, shares.allSatisfy({ (0...1).contains($0) }) else {
      return "epoch \(epoch) has losses \(trainLoss), \(testLoss ?? 0) and accuracies \(shares)"
    }
    guard (0...1e15).contains(samplesPerSecond), (0...1e15).contains(seconds) else {
      return "epoch \(epoch) took \(seconds) s at \(samplesPerSecond) examples a second"
    }
    return nil
  }
}

extension LossScaler {
  /// What a scaler cannot be; nil where nothing is wrong.
  fileprivate var problem: String? {
    let isRight =
      scale.isFinite && scale >= 0 && growth.isFinite && growth > 1 && backoff > 0 && backoff < 1
      && growthInterval > 0 && (0...growthInterval).contains(goodSteps)
    return isRight ? nil : "losses are scaled by \(scale) after \(goodSteps) good steps of \(growthInterval)"
  }
}
