import Lathe

extension Trainer {
  /// The mean loss and the share of right answers on the test set, of the averaged weights where there are some.
  func evaluateTest() throws -> (loss: Double, accuracy: Double) {
    guard let average else { return try evaluate(test) }
    return try average.withAverages { try evaluate(test) }
  }

  private func evaluate(_ data: any TrainingData) throws -> (loss: Double, accuracy: Double) {
    model.evaluate()
    defer { model.train() }
    var results: [(result: ObjectiveResult, count: Int)] = []
    try noGradient {
      let batches = data.batches(
        size: Trainer.testBatch(data), seed: nil, epoch: 0, first: 0, on: device)
      while let batch = try batches.next() {
        let result = objective(model, batch)
        results.append(
          (
            ObjectiveResult(loss: try result.loss.evaluated(), correct: try result.correct?.evaluated()),
            batch.count
          ))
      }
    }
    var (loss, correct, count) = (0.0, 0, 0)
    for (result, size) in results {
      loss += Double(try result.loss.item()) * Double(size)
      correct += try result.correct?.item(as: Int.self) ?? 0
      count += size
    }
    return (loss / Double(max(count, 1)), Double(correct) / Double(max(count, 1)))
  }

  /// Images of a test batch as in `Evaluation`; of other data fewer, since each may be long.
  private static func testBatch(_ data: any TrainingData) -> Int { data is ImageDataset ? 250 : 16 }

  func testInside() throws {
    try readLosses()
    let result = try evaluateTest()
    let report = TestReport(step: state.step, loss: result.loss, accuracy: result.accuracy)
    for callback in callbacks { try callback.tested(self, report) }
  }

  /// Stores the model, averaged where there is an average, and as the best one where it is.
  func saveModel() throws {
    guard let store else { return }
    let folder = ModelFolder(store.folder)
    let save = { [self] in
      try folder.save(model, settings: state.settings)
      if let best, best.best(state.history) == state.history.count - 1 {
        try folder.save(model, settings: state.settings, as: "best.safetensors")
      }
    }
    if let average { try average.withAverages(save) } else { try save() }
  }

  /// The class that the model gives each image, of the averaged weights where there are some.
  func predictedClasses(_ dataset: ImageDataset) throws -> [Int] {
    func predict() throws -> [Int] {
      model.evaluate()
      defer { model.train() }
      let batches = dataset.batches(
        size: Trainer.testBatch(dataset), seed: nil, epoch: 0, first: 0, on: device)
      return try noGradient {
        try batches.map { try model($0.inputs).argmax(axis: 1).scalars(as: Int.self) }.flatMap { $0 }
      }
    }
    return try average.map { try $0.withAverages(predict) } ?? predict()
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
    try trainStep([batch])
    state.step += 1
    try readLosses()
    return DryRun(
      input: batch.inputs.shape, dtype: batch.inputs.dtype, examples: batch.count,
      loss: state.lossSum / Double(batch.count))
  }
}
