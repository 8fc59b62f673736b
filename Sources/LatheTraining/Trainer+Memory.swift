import Lathe
import LatheData
import LatheNN

extension Trainer {
  /// A step; where the device has no room for it, the error says what would fit.
  func trainStepThatFits(_ batches: [Batch]) throws {
    do {
      if state.step == 0 { try makeOptimizerState() }
      try trainStep(batches)
    } catch let error as LatheError where error.kind == .outOfMemory {
      throw doesNotFit(error, batches)
    }
  }

  /// Gives the optimizer's state its memory, so that what has no room for it fails before parameters are changed.
  private func makeOptimizerState() throws {
    for tensor in optimizer.state.slots.values.joined() { try tensor.computed() }
  }

  /// The error of a step that the device has no room for, with the batch size that it would have.
  ///
  /// Found by trying: all of a step with parts of the failing batch, but for the change of the parameters.
  private func doesNotFit(_ error: LatheError, _ batches: [Batch]) -> LatheError {
    guard let batch = batches.max(by: { $0.exampleCount < $1.exampleCount }) else { return error }
    let count = batch.exampleCount
    let total = batches.reduce(0) { $0 + $1.exampleCount }
    let (known, bytes) = largestFitting(batch)
    let advice =
      switch known {
      case 0:
        "not even one \(count > 1 ? "of its examples " : "")fits beside what is held; use a smaller model, shorter "
          + "examples\(count > 1 ? " or far smaller batches" : ""), or give the device more memory "
          + "(LATHE_MEMORY_LIMIT sets the limit)"
      default:
        "a batch of \(known) fits and takes \(bytes) bytes beside what stays; use that and gather the gradients of "
          + "\((total + known - 1) / known) batches a step, or keep less by recomputation or 16-bit precision"
      }
    return LatheError(
      .outOfMemory,
      "epoch \(state.epoch + 1), step \(state.step + 1): a batch of \(count) does not fit: \(advice) (\(error.message))"
    )
  }

  /// How many examples of a batch fit, and the memory that steps with so many take; to about a thirtieth of the batch.
  ///
  /// Rather too few than too many: the failing batches, and those that were prepared behind them, are still held.
  private func largestFitting(_ batch: Batch) -> (count: Int, bytes: Int) {
    // An optimizer that had no room for its work leaves parameters without values.
    let values = optimizer.parameters.map(\.value)
    defer { for (parameter, value) in zip(optimizer.parameters, values) { parameter.value = value } }
    var fits = (count: 0, bytes: 0)
    guard (try? makeValues()) != nil else { return fits }
    var tooLarge = batch.exampleCount
    let exactness = max(1, tooLarge / 32)
    while tooLarge - fits.count > exactness || (fits.count == 0 && tooLarge > 1) {
      let tried = (fits.count + tooLarge) / 2
      if let bytes = stepBytes(batch.prefix(tried)) { fits = (tried, bytes) } else { tooLarge = tried }
    }
    return fits
  }

  /// Gives parameters without values stand-ins.
  private func makeValues() throws {
    for parameter in optimizer.parameters where (try? parameter.value.computed()) == nil {
      parameter.value = try room(for: parameter.value)
    }
  }

  /// The most memory that steps with batches of a size take at once; nil where it is not there.
  private func stepBytes(_ batch: Batch) -> Int? {
    let counters = device.backend.counters
    counters.startPeak()
    let before = counters.recentPeak
    do {
      // Batches prepared ahead, one that does not divide a step evenly, and three results of each of fifty steps, which are
      // read at once; a pool takes 512 bytes for each.
      let ahead = try (0...DataLoaderDefaults.prefetch).map { _ in
        try [room(for: batch.inputs), room(for: batch.labels)]
      }
      let unread = try Tensor.zeros([3 * 50 * 512], dtype: .uint8, device: device).computed()
      try withExtendedLifetime((ahead, unread)) { try pass(batch) }
      try device.synchronize()
    } catch {
      return nil
    }
    return counters.recentPeak - before
  }

  /// Takes the memory of a step: gradients of a batch beside those of the batches before it, and their sums.
  ///
  /// When they are summed, the room of the two is free for the optimizer's own work and for what one of scaling and
  /// clipping makes of the sums.
  private func pass(_ batch: Batch) throws {
    let earlier = try optimizer.parameters.map { try room(for: $0.value) }
    let loss = withPrecision(configuration.precision) { objective(model, batch) }.loss
    let found = (deviceScaler?.scaled(loss) ?? state.lossScaler?.scaled(loss) ?? loss).gradients(
      of: optimizer.parameters)
    for gradient in found { try gradient.computed() }
    let copies = state.lossScaler != nil && configuration.clipping != nil ? 2 : 1
    let sums = try (0..<copies).flatMap { _ in try found.map { try room(for: $0) } }
    withExtendedLifetime((earlier, found, sums)) {}
  }

  /// Memory like that of a tensor.
  private func room(for tensor: Tensor) throws -> Tensor {
    try Tensor.zeros(tensor.shape, dtype: tensor.dtype, device: device).computed()
  }
}

extension Batch {
  /// The first examples.
  func prefix(_ count: Int) -> Batch {
    Batch(
      inputs: inputs[0..<count], labels: labels[0..<count],
      count: self.count * count / max(exampleCount, 1),
      lengths: lengths.map { Array($0.prefix(count)) }, named: named.mapValues { $0[0..<count] })
  }
}
