import Lathe

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
    model.evaluate()
    defer { model.train() }
    var results: [(loss: Tensor, classes: Tensor)] = []
    try noGradient {
      for batch in DataLoader(dataset, batchSize: batchSize, on: device) {
        let logits = model(batch.inputs)
        let loss = crossEntropy(logits, batch.labels, reduction: .sum)
        results.append((try loss.evaluated(), try logits.argmax(axis: 1).evaluated()))
      }
    }
    var total = 0.0
    var position = 0
    var confusion = [[Int]](
      repeating: [Int](repeating: 0, count: dataset.classNames.count), count: dataset.classNames.count)
    for result in results {
      total += Double(try result.loss.item())
      for given in try result.classes.scalars(as: Int.self) {
        confusion[Int(dataset.labels[position])][given] += 1
        position += 1
      }
    }
    self.init(loss: total / Double(max(dataset.count, 1)), confusion: confusion, names: dataset.classNames)
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
