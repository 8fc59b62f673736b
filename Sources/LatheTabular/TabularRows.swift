import Lathe
import LatheCore
import LatheData
import LatheLearn
import LatheNN

/// Rows of a table as a `Trainer` takes them: features end to end, targets and what each row counts.
struct TabularRows: TrainingData {
  /// What there is to predict.
  enum Targets: Sendable {
    case classes([Int32])
    case numbers([Float])
  }

  let values: [Float]
  let width: Int
  let targets: Targets
  let weights: [Float]?
  let count: Int
  let testBatchSize: Int
  let noun = "rows"
  // The rows of one call of `train`, which no other run goes on from.
  let checksum: UInt32 = 0

  /// - Parameters:
  ///   - rows: The rows of a matrix that are taken, in their order.
  init(
    _ values: [Float], width: Int, targets: Targets, weights: [Float]?, rows: [Int], testBatchSize: Int
  ) {
    var taken: [Float] = []
    taken.reserveCapacity(rows.count * width)
    for row in rows { taken += values[row * width..<(row + 1) * width] }
    self.values = taken
    self.width = width
    switch targets {
    case .classes(let all): self.targets = .classes(rows.map { all[$0] })
    case .numbers(let all): self.targets = .numbers(rows.map { all[$0] })
    }
    self.weights = weights.map { all in rows.map { all[$0] } }
    count = rows.count
    self.testBatchSize = testBatchSize
  }

  func batches(size: Int, seed: UInt64?, epoch: Int, first: Int, on device: Device) -> BatchStream {
    var order = Array(0..<count)
    if let seed {
      var random = RandomSource(seed: seed, stream: UInt64(epoch) + 1)
      random.shuffle(&order)
    }
    var next = first * size
    return BatchStream {
      guard next < order.count else { return nil }
      let rows = order[next..<min(next + size, order.count)]
      next += size
      return batch(rows, on: device)
    }
  }

  func batches(
    size: Int, seed: UInt64?, epoch: Int, first: Int, dropsLast: Bool, on device: Device
  ) -> BatchStream {
    let all = batches(size: size, seed: seed, epoch: epoch, first: first, on: device)
    var left = dropsLast ? count / size - first : Int.max
    return BatchStream {
      left -= 1
      return left >= 0 ? try all.next() : nil
    }
  }

  private func batch(_ rows: ArraySlice<Int>, on device: Device) -> Batch {
    var taken: [Float] = []
    taken.reserveCapacity(rows.count * width)
    for row in rows { taken += values[row * width..<(row + 1) * width] }
    let labels: Tensor
    switch targets {
    case .classes(let all): labels = Tensor(rows.map { all[$0] }, device: device)
    case .numbers(let all): labels = Tensor(rows.map { all[$0] }, device: device)
    }
    return Batch(
      inputs: Tensor(taken, shape: [rows.count, width], device: device), labels: labels, count: rows.count,
      named: weights.map { all in
        [NamedTensors.lossMask: Tensor(rows.map { all[$0] }, device: device)]
      } ?? [:])
  }
}

/// The mean squared error of numbers, by what rows count.
struct NumberObjective: OutputObjective {
  var outputKind: OutputKind { .numbers }

  func output(of model: any Module, _ batch: Batch) -> Tensor {
    model.outputs(of: batch)[NamedTensors.output].flattened(from: 0)
  }

  func result(_ output: Tensor, _ batch: Batch) -> ObjectiveResult {
    guard let weights = batch.named.find(NamedTensors.lossMask) else {
      return ObjectiveResult(loss: meanSquaredError(output, batch.labels))
    }
    let losses = meanSquaredError(output, batch.labels, reduction: .none)
    let weight = weights.sum()
    return ObjectiveResult(
      loss: (losses * weights).sum() / Tensor.where(weight .== Float(0), Float(1), weight), weight: weight)
  }
}
