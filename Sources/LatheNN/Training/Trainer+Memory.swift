import Lathe

extension Trainer {
  /// A step; where the device has no room for it, the error says what would fit.
  func trainStepThatFits(_ batches: [Batch]) throws {
    do {
      try trainStep(batches)
    } catch let error as LatheError where error.kind == .outOfMemory {
      throw doesNotFit(error, batches)
    }
  }

  /// The error of a step that the device has no room for, with the batch size that it would have.
  ///
  /// Found by trying: forward and backward passes of parts of the failing batch, without a step.
  private func doesNotFit(_ error: LatheError, _ batches: [Batch]) -> LatheError {
    guard let batch = batches.max(by: { $0.inputs.shape[0] < $1.inputs.shape[0] }) else { return error }
    let count = batch.inputs.shape[0]
    let (known, bytes) = largestFitting(batch)
    let advice =
      switch known {
      case 0:
        "not even one \(count > 1 ? "of its examples " : "")fits; use a smaller model or shorter examples, or give the "
          + "device more memory (LATHE_MEMORY_LIMIT sets the limit)"
      default:
        "a batch of \(known) fits and takes \(bytes) bytes beside what stays; use that and gather the gradients of "
          + "\((count + known - 1) / known) batches a step, or keep less by checkpointing or 16-bit precision"
      }
    return LatheError(
      .outOfMemory,
      "epoch \(state.epoch + 1), step \(state.step + 1): a batch of \(count) does not fit: \(advice) (\(error.message))"
    )
  }

  /// How many examples of a batch fit, and the memory that their passes take; to about a thirtieth of the batch.
  private func largestFitting(_ batch: Batch) -> (count: Int, bytes: Int) {
    var fits = (count: 0, bytes: 0)
    var tooLarge = batch.inputs.shape[0]
    let exactness = max(1, tooLarge / 32)
    while tooLarge - fits.count > exactness || (fits.count == 0 && tooLarge > 1) {
      let tried = (fits.count + tooLarge) / 2
      if let bytes = passes(batch.prefix(tried)) { fits = (tried, bytes) } else { tooLarge = tried }
    }
    return fits
  }

  /// The peak memory of a batch's forward and backward pass; nil where it does not fit.
  private func passes(_ batch: Batch) -> Int? {
    let counters = device.backend.counters
    counters.startPeak()
    let before = counters.recentPeak
    do {
      let loss = withPrecision(precision) { objective(model, batch) }.loss
      for gradient in loss.gradients(of: optimizer.parameters) { try gradient.evaluated() }
      try device.synchronize()
    } catch {
      return nil
    }
    return counters.recentPeak - before
  }
}

extension Batch {
  /// The first examples.
  func prefix(_ count: Int) -> Batch {
    let total = inputs.shape[0]
    return Batch(
      inputs: inputs[0..<count], labels: labels[0..<count], count: self.count * count / max(total, 1),
      lengths: lengths.map { Array($0.prefix(count)) })
  }
}
