import Lathe

extension Objective {
  /// The mean loss over a data set and the share of right answers, nil where there is no right and wrong, in evaluation
  /// mode.
  ///
  /// - Throws: `LatheError` where the device fails or an example cannot be read.
  public func means(of model: any Module, on data: any TrainingData, device: Device = .default) throws -> (
    loss: Double, accuracy: Double?
  ) {
    model.evaluate()
    defer { model.train() }
    var results: [(result: ObjectiveResult, count: Int)] = []
    try noGradient {
      let batches = data.batches(size: data.testBatchSize, seed: nil, epoch: 0, first: 0, on: device)
      while let batch = try batches.next() {
        let result = self(model, batch)
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
    let share = Double(correct) / Double(max(count, 1))
    return (loss / Double(max(count, 1)), results.contains { $0.result.correct != nil } ? share : nil)
  }
}

/// How well a model classifies a data set.
public struct Evaluation: Sendable {
  /// How well one class is found.
  public struct ClassScore: Sendable {
    /// The class.
    public let name: String
    /// Of the images given this class, the share that belong to it; 0 where none was.
    public let precision: Double
    /// Of the images of this class, the share that was found; 0 where there are none.
    public let recall: Double
    /// The harmonic mean of the two.
    public let f1: Double
    /// Images of this class.
    public let count: Int
  }

  /// The mean cross-entropy.
  public let loss: Double
  /// The share of images given their class.
  public let accuracy: Double
  /// Counts of images by true class and given class.
  public let confusion: [[Int]]
  /// One score a class.
  public let classes: [ClassScore]

  /// Runs a model over a data set in evaluation mode.
  ///
  /// - Throws: `LatheError` where the device fails.
  public init(
    of model: any Module, on dataset: ImageDataset, batchSize: Int = 250, device: Device = .default
  ) throws {
    try self.init(
      of: model, on: dataset, classNames: dataset.classNames, batchSize: batchSize, device: device)
  }

  /// Runs a model over any data with class indices as labels.
  ///
  /// - Throws: `LatheError` where the device fails or an example cannot be read.
  public init(
    of model: any Module, on data: any TrainingData, classNames: [String], batchSize: Int? = nil,
    device: Device = .default
  ) throws {
    model.evaluate()
    defer { model.train() }
    var results: [(loss: Tensor, given: Tensor, labels: Tensor)] = []
    let batches = data.batches(
      size: batchSize ?? data.testBatchSize, seed: nil, epoch: 0, first: 0, on: device)
    try noGradient {
      while let batch = try batches.next() {
        let logits = model(batch)
        let loss = crossEntropy(logits, batch.labels, reduction: .sum)
        results.append((try loss.evaluated(), try logits.argmax(axis: 1).evaluated(), batch.labels))
      }
    }
    var total = 0.0
    var confusion = [[Int]](
      repeating: [Int](repeating: 0, count: classNames.count), count: classNames.count)
    for result in results {
      total += Double(try result.loss.item())
      let labels = try result.labels.scalars(as: Int.self)
      for (label, given) in zip(labels, try result.given.scalars(as: Int.self)) {
        confusion[label][given] += 1
      }
    }
    self.init(loss: total / Double(max(data.count, 1)), confusion: confusion, names: classNames)
  }

  init(loss: Double, confusion: [[Int]], names: [String]) {
    func share(_ part: Int, _ whole: Int) -> Double { whole == 0 ? 0 : Double(part) / Double(whole) }
    let right = confusion.indices.map { confusion[$0][$0] }
    self.loss = loss
    self.confusion = confusion
    accuracy = share(right.reduce(0, +), confusion.joined().reduce(0, +))
    classes = names.enumerated().map { index, name in
      let count = confusion[index].reduce(0, +)
      let precision = share(right[index], confusion.reduce(0) { $0 + $1[index] })
      let recall = share(right[index], count)
      let sum = precision + recall
      return ClassScore(
        name: name, precision: precision, recall: recall, f1: sum == 0 ? 0 : 2 * precision * recall / sum,
        count: count)
    }
  }
}
