import Lathe
import LatheData
import LatheNN

extension Trainer {
  /// A step's results on the device.
  struct UnreadStep {
    let loss: Tensor
    let weight: Tensor?
    let correct: Tensor?
    let norm: Tensor?
    let count: Int
    let learningRate: Float
    let peakBytes: Int, bytesInUse: Int
  }

  /// Whether the loss is read before each step: as asked for, else on the CPU.
  public var checksEveryStep: Bool { configuration.checksEveryStep ?? (device == .cpu) }

  /// What some batches give as if they were one.
  struct PassResult {
    /// The mean loss.
    var loss: Tensor
    /// What it is the mean over, where that is not the number of answers.
    var weight: Tensor?
    /// The answers that are right.
    var correct: Tensor?
    /// Of the loss, which a scaler has scaled.
    var gradients: [Tensor]
  }

  /// Runs model and gradients over some batches; those none of whose answers counts are passed over, and where there are no
  /// others the loss and its gradients are 0.
  ///
  /// - Parameter scaled: What a scaler makes of a loss.
  func pass(over batches: [Batch], scaled: ((Tensor) -> Tensor)?) throws -> PassResult {
    let parameters = optimizer.parameters
    let batches = batches.filter { $0.count > 0 }
    let total = Float(batches.reduce(0) { $0 + $1.count })
    var result: PassResult?
    for batch in batches {
      let found = try phases.measure(.forward) {
        withPrecision(configuration.precision) { objective(model, batch) }
      }
      // Of the weight that all have together if each answer weighs 1: sums are as large as a mean's whatever the factors.
      let share = found.weight.map { $0.detached() / total }
      let part =
        batches.count == 1
        ? found.loss : share.map { found.loss * $0 } ?? found.loss * (Float(batch.count) / total)
      let gradients = try phases.measure(.backward) {
        var gradients = (scaled?(part) ?? part).gradients(of: parameters)
        if let before = result?.gradients { gradients = zip(before, gradients).map { $0 + $1 } }
        // What failed must not reach the parameters, and no deferred sum wait behind the next batch.
        for gradient in gradients { try gradient.computed() }
        return gradients
      }
      result = PassResult(
        loss: result.map { $0.loss + part.detached() } ?? part.detached(),
        weight: share.map { share in result?.weight.map { $0 + share } ?? share },
        correct: found.correct.map { right in result?.correct.map { $0 + right } ?? right },
        gradients: gradients)
    }
    guard var result else {
      return PassResult(
        loss: .zeros([], device: device),
        gradients: parameters.map {
          .zeros($0.shape, dtype: $0.value.dtype, device: $0.value.device)
        })
    }
    guard let weight = result.weight else { return result }
    if batches.count > 1 {
      let divisor = Tensor.where(weight .== Float(0), Float(1), weight)
      result.loss = result.loss / divisor
      result.gradients = result.gradients.map { ($0 / divisor).cast(to: $0.dtype) }
    }
    result.weight = weight * total
    return result
  }

  /// The gradients of some batches as if they were one, and a step by them.
  func trainStep(_ batches: [Batch]) throws {
    lastBatch = batches.last
    try chooseScaler()
    let result = try pass(over: batches, scaled: deviceScaler?.scaled ?? state.lossScaler?.scaled)
    if checksEveryStep {
      let value = try phases.measure(.waiting) { Double(try result.loss.item()) }
      guard value.isFinite else { throw notFinite("loss", value, step: state.step + 1) }
    }
    let norm = try phases.measure(.optimizer) { try update(result.gradients) }
    unread.append(
      UnreadStep(
        loss: try result.loss.computed(), weight: try result.weight?.computed(),
        correct: try result.correct?.computed(), norm: try norm?.computed(),
        count: batches.reduce(0) { $0 + $1.count }, learningRate: optimizer.learningRate,
        peakBytes: phases.stepPeak,
        bytesInUse: device.counters.bytesInUse))
  }

  /// Has the device judge float16 gradients where nobody waits for a step's loss anyway, and the optimizer takes verdicts.
  private func chooseScaler() throws {
    let judges = !checksEveryStep && average == nil && (optimizer as? GroupedOptimizer)?.takesVerdicts == true
    guard judges else { return try settleScaler() }
    deviceScaler = deviceScaler ?? state.lossScaler.map { DeviceLossScaler($0, device: device) }
  }

  /// Takes the scale and the count of steps from the device, where they are there.
  func settleScaler() throws {
    guard let scaler = deviceScaler else { return }
    state.lossScaler = try scaler.current()
    deviceScaler = nil
    _ = (optimizer as? GroupedOptimizer)?.stepCount
  }

  /// A step by gradients, which are unscaled and clipped first.
  ///
  /// - Returns: Their length before clipping, where they are clipped and the step is made; not finite where only the device
  ///   knows that it is not.
  private func update(_ gradients: [Tensor]) throws -> Tensor? {
    var gradients = gradients
    var areFinite = true
    var verdict: Tensor?
    if let scaler = deviceScaler {
      gradients = try transformed(scaler.unscaled(gradients))
      let found = try DeviceLossScaler.verdict(on: gradients, device: device)
      try deviceScaler?.update(found)
      verdict = found
    } else {
      if let scaler = state.lossScaler { (gradients, areFinite) = try scaler.unscaled(gradients) }
      (gradients, areFinite) = try transformed(gradients, areFinite: areFinite)
      state.lossScaler?.update(areFinite: areFinite)
    }
    for callback in callbacks { try callback.gradientsComputed(self, gradients) }
    let found = gradients
    var norm: Tensor?
    if let clipping = configuration.clipping { (gradients, norm) = clipping(gradients) }
    let factor = configuration.schedule.factor(step: state.step) * (state.plateau?.factor ?? 1)
    optimizer.learningRate = Float(Double(baseLearningRate) * factor)
    if let verdict, let optimizer = optimizer as? GroupedOptimizer {
      try optimizer.step(gradients, where: verdict)
      for callback in callbacks { try callback.parametersChanged(self, found) }
      return norm
    }
    guard areFinite else { return nil }
    followNewParameters()
    optimizer.step(gradients)
    for callback in callbacks { try callback.parametersChanged(self, found) }
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
    try phases.measure(.waiting) { try settleScaler() }
    for (index, result) in results.enumerated() {
      let loss = Double(try result.loss.item())
      guard loss.isFinite else { throw notFinite("loss", loss, step: first + index + 1) }
      let weight = try result.weight.map { Double(try $0.item()) }
      if let weight { state.lossWeight = (state.lossWeight ?? Double(state.sampleCount)) + weight }
      state.lossSum += loss * (weight ?? Double(result.count))
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
