import Lathe
import LatheData
import LatheNN

/// The figures of a pass over a test set.
package struct TestFigures {
  /// The mean loss.
  package let loss: Double
  /// The share of right answers; nil where there is no right and wrong.
  package let accuracy: Double?
  /// The metrics that have a finite value, by their names; nil where none were asked for.
  package let metrics: [String: Double]?
}

extension Objective {
  /// The mean loss over a data set and the share of right answers, nil where there is no right and wrong, in evaluation
  /// mode.
  ///
  /// - Throws: `LatheError` where the device fails or an example cannot be read.
  public func means(of model: any Module, on data: any TrainingData, device: Device = .default) throws -> (
    loss: Double, accuracy: Double?
  ) {
    let found = try TestBatches.fitting(data.testBatchSize) { size in
      try figures(of: model, on: data, batchSize: size, device: device)
    }
    return (found.loss, found.accuracy)
  }

  /// The means and further metrics, which fit the objective, by one pass over a data set in evaluation mode.
  ///
  /// - Parameter batchSize: Examples at a time; as the data says unless given.
  package func figures(
    of model: any Module, on data: any TrainingData, metrics: [TestMetric] = [], batchSize: Int? = nil,
    device: Device
  ) throws -> TestFigures {
    try model.inEvalMode {
      try pass(over: data, metrics, model, batchSize ?? data.testBatchSize, device)
    }
  }

  private func pass(
    over data: any TrainingData, _ metrics: [TestMetric], _ model: any Module, _ batchSize: Int,
    _ device: Device
  ) throws -> TestFigures {
    let passes = metrics.map { $0.pass() }
    var isFinite = true
    var results: [(result: ObjectiveResult, count: Int)] = []
    try noGradient {
      let batches = data.batches(size: batchSize, seed: nil, epoch: 0, first: 0, on: device)
      while let batch = try batches.next() {
        // Of answers none of which counts there is no mean.
        guard batch.count > 0 else { continue }
        let result: ObjectiveResult
        if !metrics.isEmpty, let objective = self as? any OutputObjective {
          let output = try objective.output(of: model, batch).computed()
          result = objective.result(output, batch)
          let seen = try TestOutput(
            output, targets: objective.targets(batch), counted: objective.countedTargets(batch),
            kind: objective.outputKind)
          // A loss that is not finite says more than metrics, which may not take the batch.
          isFinite = try isFinite && result.loss.item().isFinite
          if isFinite && !seen.isEmpty { for pass in passes { try pass.update(seen) } }
        } else {
          result = self(model, batch)
        }
        results.append(
          (
            ObjectiveResult(
              loss: try result.loss.computed(), correct: try result.correct?.computed(),
              weight: try result.weight?.computed()),
            batch.count
          ))
      }
    }
    var (loss, weights, correct, count) = (0.0, 0.0, 0, 0)
    for (result, size) in results {
      let weight = try result.weight.map { Double(try $0.item()) } ?? Double(size)
      loss += Double(try result.loss.item()) * weight
      weights += weight
      correct += try result.correct?.item(as: Int.self) ?? 0
      count += size
    }
    let share = Double(correct) / Double(max(count, 1))
    let values = zip(metrics, passes).map { ($0.name, $1.value()) }.filter { $0.1.isFinite }
    return TestFigures(
      loss: weights == 0 ? 0 : loss / weights,
      accuracy: results.contains { $0.result.correct != nil } ? share : nil,
      metrics: metrics.isEmpty || !isFinite ? nil : Dictionary(values) { first, _ in first })
  }
}

/// How well a model classifies a data set.
public struct Evaluation: Sendable {
  /// The mean cross-entropy.
  public let loss: Double
  /// Counts of examples by true class and given class, and the scores of the classes.
  public let confusion: ConfusionMatrix
  /// The classes' names, in the order of their indices.
  public let classNames: [String]

  /// The share of examples given their class.
  public var accuracy: Double { confusion.accuracy }

  /// Runs a model over a data set in evaluation mode.
  ///
  /// - Throws: `LatheError` where the device fails.
  public init(
    of model: any Module, on dataset: ImageDataset, batchSize: Int = 250, device: Device = .default
  ) throws {
    try self.init(
      of: model, on: dataset, classNames: dataset.classNames, batchSize: batchSize, device: device)
  }

  /// Runs a model over any data with class indices as labels, one an example or one for each of its tokens.
  ///
  /// - Throws: `LatheError` where the device fails or an example cannot be read.
  public init(
    of model: any Module, on data: any TrainingData, classNames: [String], batchSize: Int? = nil,
    device: Device = .default
  ) throws {
    (loss, confusion) = try TestBatches.fitting(batchSize ?? data.testBatchSize) { size in
      try model.inEvalMode { try Evaluation.pass(over: data, model, classNames.count, size, device) }
    }
    self.classNames = classNames
  }

  /// The mean loss and the counts of answers.
  private static func pass(
    over data: any TrainingData, _ model: any Module, _ classes: Int, _ batchSize: Int, _ device: Device
  ) throws -> (loss: Double, matrix: ConfusionMatrix) {
    var results: [(loss: Tensor, given: Tensor, labels: Tensor)] = []
    let batches = data.batches(size: batchSize, seed: nil, epoch: 0, first: 0, on: device)
    try noGradient {
      while let batch = try batches.next() {
        let logits = model(batch)
        let loss = crossEntropy(logits, batch.labels, reduction: .sum)
        results.append((try loss.computed(), try logits.argmax(axis: -1).computed(), batch.labels))
      }
    }
    var total = 0.0
    var matrix = ConfusionMatrix(classes: classes)
    for result in results {
      total += Double(try result.loss.item())
      try matrix.update(
        predicted: result.given.scalars(as: Int.self), labels: result.labels.scalars(as: Int.self))
    }
    return (total / Double(max(matrix.total, 1)), matrix)
  }
}
