import Lathe
import LatheData
import LatheNN

extension Trainer {
  /// A step's results on the device.
  struct UnreadStep {
    let loss: Tensor
    let correct: Tensor?
    let norm: Tensor?
    let count: Int
    let learningRate: Float
    let peakBytes: Int, bytesInUse: Int
  }

  /// Whether the loss is read before each step: as asked for, else on the CPU.
  public var checksEveryStep: Bool { configuration.checksEveryStep ?? (device == .cpu) }

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
      let result = try phases.measure(.forward) {
        withPrecision(configuration.precision) { objective(model, batch) }
      }
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
    if let clipping = configuration.clipping { (gradients, norm) = clipping(gradients) }
    let factor = configuration.schedule.factor(step: state.step) * (state.plateau?.factor ?? 1)
    optimizer.learningRate = Float(Double(baseLearningRate) * factor)
    guard areFinite else { return nil }
    optimizer.step(gradients)
    average?.update()
    return norm
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
}
