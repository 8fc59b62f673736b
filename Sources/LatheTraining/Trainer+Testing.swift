import Lathe
import LatheData
import LatheFiles
import LatheNN

extension Trainer {
  /// The figures of the test set, of the averaged weights where there are some; nil without a test set.
  func evaluateTest() throws -> TestFigures? {
    guard let test else { return nil }
    func figures() throws -> TestFigures {
      try TestBatches.fitting(testBatchSize ?? test.testBatchSize, smaller: testSmaller) { size in
        try withPrecision(configuration.precision) {
          try objective.figures(of: model, on: test, metrics: metrics, batchSize: size, device: device)
        }
      }
    }
    guard let average else { return try figures() }
    return try average.withAverages(figures)
  }

  /// Tests fewer examples at a time from here on.
  private func testSmaller(_ size: Int) {
    testBatchSize = size
    onNote?(
      "\(device.name) has no room for larger batches in the test; testing \(size) \(test?.noun ?? "examples") at a time"
    )
  }

  func testInside() throws {
    try readLosses()
    guard let result = try phases.measure(.validation, { try evaluateTest() }) else { return }
    let report = TestReport(
      step: state.step, loss: result.loss, accuracy: result.accuracy, metrics: result.metrics)
    for callback in callbacks { try callback.tested(self, report) }
  }

  /// Stores the model, averaged where there is an average.
  ///
  /// - Parameter asBest: Whether it is stored as the best one, too, where it is.
  func saveModel(asBest: Bool) throws {
    guard let store else { return }
    let folder = ModelFolder(store.folder)
    let save = { [self] in
      try folder.save(model, configuration: configuration)
      if asBest, let best = configuration.best, best.best(history) == history.count - 1 {
        try folder.save(model, configuration: configuration, as: ModelFolder.bestName)
      }
    }
    if let average { try average.withAverages(save) } else { try save() }
  }

  /// Stores what the checkpoint that a run goes on from stands for, where nothing may come that would: the model at the end
  /// of an epoch, or of the steps asked for.
  ///
  /// A program that wrote the checkpoint first may have been stopped before it wrote these.
  func saveOwedModel(isCut: Bool) throws {
    owesFiles = false
    let isEndOfEpoch = state.stepInEpoch == 0 && state.epoch > 0
    if isEndOfEpoch || isCut { try saveModel(asBest: isEndOfEpoch) }
    guard let store, let best = configuration.best, let place = best.best(state.history),
      place < state.history.count - 1
    else {
      return
    }
    if !FileErrors.exists("\(store.folder)/\(ModelFolder.bestName)") {
      onNote?(
        "\(store.folder)/\(ModelFolder.bestName) is missing: the weights of epoch \(place + 1) cannot be made again"
      )
    }
  }

  /// What tests look at of what the model gives for a batch: the objective's output, where it has one.
  func output(_ batch: Batch) -> Tensor {
    withPrecision(configuration.precision) {
      (objective as? any OutputObjective)?.output(of: model, batch) ?? model(batch)
    }
  }

  /// Calls a function with each batch of the test set and what the model gives for it, of the averaged weights where
  /// there are some; not at all without a test set.
  ///
  /// - Parameter limit: So many batches at most; all where nil.
  package func withTestOutputs(
    limit: Int? = nil, _ body: (_ batch: Batch, _ output: Tensor) throws -> Void
  ) throws {
    guard let test else { return }
    func run() throws {
      let size = testBatchSize ?? test.testBatchSize
      let batches = test.batches(size: size, seed: nil, epoch: 0, first: 0, on: device)
      try model.inEvalMode {
        try noGradient {
          var count = 0
          while count != limit, let batch = try batches.next() {
            try body(batch, output(batch))
            count += 1
          }
        }
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
    guard let batch = try trainingBatches(epoch: 0).next() else {
      throw LatheError(.invalidArgument, "the training set has no \(training.noun)")
    }
    model.train()
    try trainStepThatFits([batch])
    state.step += 1
    try readLosses()
    return DryRun(
      input: batch.inputs.shape, dtype: batch.inputs.dtype, examples: batch.count,
      loss: state.meanLoss)
  }
}
