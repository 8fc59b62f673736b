import Lathe

extension Trainer {
  /// The figures of the test set, of the averaged weights where there are some.
  func evaluateTest() throws -> TestFigures {
    func figures() throws -> TestFigures {
      try withPrecision(precision) {
        try objective.figures(of: model, on: test, metrics: metrics, device: device)
      }
    }
    guard let average else { return try figures() }
    return try average.withAverages(figures)
  }

  func testInside() throws {
    try readLosses()
    let result = try phases.measure(.validation) { try evaluateTest() }
    let report = TestReport(
      step: state.step, loss: result.loss, accuracy: result.accuracy ?? 0, metrics: result.metrics)
    for callback in callbacks { try callback.tested(self, report) }
  }

  /// Stores the model, averaged where there is an average, and as the best one where it is.
  func saveModel() throws {
    guard let store else { return }
    let folder = ModelFolder(store.folder)
    let save = { [self] in
      try folder.save(model, settings: state.settings)
      if let best, best.best(history) == history.count - 1 {
        try folder.save(model, settings: state.settings, as: "best.safetensors")
      }
    }
    if let average { try average.withAverages(save) } else { try save() }
  }

  /// Calls a function with each batch of the test set and what the model gives for it, of the averaged weights where
  /// there are some.
  func withTestOutputs(_ body: (_ batch: Batch, _ output: Tensor) throws -> Void) throws {
    func run() throws {
      model.evaluate()
      defer { model.train() }
      let batches = test.batches(size: test.testBatchSize, seed: nil, epoch: 0, first: 0, on: device)
      try noGradient {
        while let batch = try batches.next() { try body(batch, withPrecision(precision) { model(batch) }) }
      }
    }
    if let average { try average.withAverages(run) } else { try run() }
  }

  /// What one step showed.
  public struct DryRun: Sendable {
    /// The batch's shape and element type.
    public let input: Shape, dtype: DType
    /// Examples of the batch.
    public let examples: Int
    /// The mean loss before the step.
    public let loss: Double
  }

  /// Does one step on one batch and writes nothing; the model is not to be trained on afterwards.
  public func dryRun() throws -> DryRun {
    let batches = training.batches(
      size: state.settings.batchSize, seed: state.settings.seed, epoch: 0, first: 0, on: device)
    guard let batch = try batches.next() else {
      throw LatheError(.invalidArgument, "the training set has no \(training.noun)")
    }
    model.train()
    try trainStepThatFits([batch])
    state.step += 1
    try readLosses()
    return DryRun(
      input: batch.inputs.shape, dtype: batch.inputs.dtype, examples: batch.count,
      loss: state.lossSum / Double(batch.count))
  }
}
