import Foundation
import LatheML
import TestSupport
import Testing

/// Factors of answers in the loss, compared with loops in float64, and batches of which no answer counts.
@Suite("Weighed losses")
struct WeighedLossTests {
  private static let classes = 3

  /// Pairs of points, each with a label and a factor.
  private struct Pairs: Dataset {
    var count = 12
    /// Whether no answer of the first batches counts.
    var beginsUncounted = false
    /// Whether `count` of a batch tells how many answers count.
    var isCounted = true

    func example(at index: Int, random: inout SampleRandom) -> Pair { Pair(index: index, data: self) }
  }

  private struct Pair: Collatable {
    let index: Int
    let data: Pairs

    var points: [(features: [Double], label: Int, factor: Double)] {
      (0..<2).map { place in
        let number = 2 * index + place
        let features = (0..<4).map { Double(Float(sin(Double(number * 7 + $0 * 3)))) }
        let factors: [Double] = [0.5, 2, 0, 1.25, 3]
        let factor = data.beginsUncounted && index < 6 ? 0 : factors[number % 5]
        return (features, number * 5 / 2 % WeighedLossTests.classes, factor)
      }
    }

    static func collate(_ examples: [Pair], on device: Device) -> Batch {
      let points = examples.flatMap(\.points)
      let shape: Shape = [examples.count, 2]
      let counted = points.count { $0.factor > 0 }
      return Batch(
        inputs: Tensor(
          points.flatMap { $0.features.map { Float($0) } }, shape: [examples.count, 2, 4], device: device),
        labels: Tensor(points.map { Int32($0.label) }, shape: shape, device: device),
        count: examples[0].data.isCounted ? counted : points.count,
        named: [
          NamedTensors.lossMask: Tensor(points.map { Float($0.factor) }, shape: shape, device: device)
        ])
    }
  }

  private static func points(_ data: Pairs) -> [(features: [Double], label: Int, factor: Double)] {
    (0..<data.count).flatMap { Pair(index: $0, data: data).points }
  }

  /// The weighted mean of the cross-entropies of rows of logits, and its gradient.
  private static func reference(
    _ logits: [[Double]], _ labels: [Int], _ factors: [Double]
  ) -> (loss: Double, gradient: [[Double]]) {
    let total = factors.reduce(0, +)
    var loss = 0.0
    var gradient: [[Double]] = []
    for (row, (label, factor)) in zip(logits, zip(labels, factors)) {
      guard factor != 0 else {
        gradient.append(row.map { _ in 0 })
        continue
      }
      let sum = row.reduce(0) { $0 + exp($1) }
      loss += factor * (log(sum) - row[label])
      gradient.append(
        row.indices.map { factor / total * (exp(row[$0]) / sum - ($0 == label ? 1 : 0)) })
    }
    return (loss / total, gradient)
  }

  /// A model that gives its inputs as logits.
  private final class Given: Module {
    func forward(_ input: Tensor) -> Tensor { input }
  }

  @Test("A batch's loss and gradient, whatever stands where the factor is 0", arguments: TestDevice.all)
  func values(_ device: Device) throws {
    let logits: [[Double]] = [
      [0.5, -1, 2], [.infinity, 0, 1], [1, 1, -3], [.nan, 1, 2], [0.25, 4, -0.5], [-2, 0, 1],
    ]
    let labels = [2, 0, 1, 1, 0, 2]
    let factors = [0.5, 0, 2, 0, 3.5, 0.125]
    let expected = Self.reference(logits, labels, factors)
    let x = Tensor(logits.flatMap { $0.map { Float($0) } }, shape: [6, 3], device: device)
      .requiringGradient()
    for type in [DType.int32, .int64, .uint8] {
      let batch = Batch(
        inputs: x, labels: Tensor(labels.map { Int32($0) }, device: device).cast(to: type), count: 4,
        named: [NamedTensors.lossMask: Tensor(factors.map { Float($0) }, device: device)])
      let result = ClassificationObjective()(Given(), batch)
      #expect(abs(Double(try result.loss.item()) - expected.loss) < 1e-5, "\(type)")
      #expect(try result.weight?.item() == 6.125)
      let gradient = try result.loss.gradient(of: x).scalars(as: Float.self)
      for (found, wanted) in zip(gradient, expected.gradient.flatMap { $0 }) {
        #expect(abs(Double(found) - wanted) < 1e-6, "\(type)")
      }
    }
    // A label outside the classes that counts is still an error, and one that does not is none.
    func loss(_ label: Int32, _ factor: Float) throws -> Float {
      let batch = Batch(
        inputs: x[0, .all].unsqueezed(0), labels: Tensor([label], device: device), count: 1,
        named: [NamedTensors.lossMask: Tensor([factor], device: device)])
      return try ClassificationObjective()(Given(), batch).loss.item()
    }
    #expect(throws: LatheError.self) { try loss(7, 1) }
    #expect(throws: LatheError.self) { try loss(-1, 0.5) }
    #expect(try loss(7, 0) == 0)
  }

  @Test("Where nothing counts the loss is 0 and so is its gradient", arguments: TestDevice.all)
  func nothing(_ device: Device) throws {
    let x = Tensor([1, 2, 3, .nan, 0, 1] as [Float], shape: [2, 3], device: device).requiringGradient()
    let labels = Tensor([-100, -100] as [Int32], device: device)
    let masked = Batch(
      inputs: x, labels: Tensor([0, 1] as [Int32], device: device), count: 2,
      named: [NamedTensors.lossMask: Tensor([0, 0] as [Float], device: device)])
    let batches = [Batch(inputs: x, labels: labels, count: 0), masked]
    for batch in batches {
      let result = ClassificationObjective(ignoredIndex: -100)(Given(), batch)
      #expect(try result.loss.item() == 0 && result.correct?.item(as: Int.self) == 0)
      #expect(try result.loss.gradient(of: x).scalars(as: Float.self) == [0, 0, 0, 0, 0, 0])
    }
    // An index that int32 does not hold is one like others.
    let far = Batch(inputs: x, labels: labels.cast(to: .int64) - (1 << 40), count: 0)
    #expect(try ClassificationObjective(ignoredIndex: -100 - (1 << 40))(Given(), far).loss.item() == 0)
    #expect(throws: LatheError.self) {
      try ClassificationObjective(ignoredIndex: -100)(Given(), far).loss.item()
    }
  }

  private func trainer(
    _ data: Pairs, size: Int, accumulation: Int = 1, rate: Float = 0.5, seed: UInt64 = 3, device: Device
  ) throws -> Trainer {
    let model = Linear(4, Self.classes, generator: Generator(seed: seed), device: device)
    let set = TrainingSet(data, noun: "pairs", checksum: 1)
    let trainer = try Trainer(
      model: model, optimizer: SGD(model.parameters, learningRate: rate), generator: Generator(seed: 1),
      training: set, test: set,
      configuration: TrainerConfiguration(
        architecture: "a", data: "b", epochs: 1, batchSize: size, seed: 1), device: device)
    trainer.configuration.accumulation = accumulation
    return trainer
  }

  @Test(
    "Batches are joined by their factors: in steps, in tests and in an epoch's mean", arguments: Device.all)
  func joined(_ device: Device) throws {
    let (whole, parts) = (
      try trainer(Pairs(), size: 12, device: device),
      try trainer(Pairs(), size: 2, accumulation: 6, device: device)
    )
    #expect(try whole.run() == .finished && parts.run() == .finished)
    #expect(whole.step == 1 && parts.step == 1)
    for (a, b) in zip(whole.model.parameters, parts.model.parameters) {
      #expect(try (a.value - b.value).abs().max().item() < 1e-6)
    }
    // Nothing moves: each batch sees the weights that the loop has.
    let still = try trainer(Pairs(), size: 5, rate: 0, device: device)
    #expect(try still.run() == .finished)
    let points = Self.points(Pairs())
    let linear = try #require(still.model as? Linear)
    let weight = try linear.weight.value.scalars(as: Float.self).map { Double($0) }
    let bias = try #require(linear.bias).value.scalars(as: Float.self).map { Double($0) }
    var logits: [[Double]] = []
    for point in points {
      var row = bias
      for (place, value) in weight.enumerated() { row[place / 4] += value * point.features[place % 4] }
      logits.append(row)
    }
    let expected = Self.reference(logits, points.map(\.label), points.map(\.factor)).loss
    let report = try #require(still.history.first)
    #expect(abs(report.trainLoss - expected) < 1e-5 && abs((report.testLoss ?? 0) - expected) < 1e-5)
    let set = TrainingSet(Pairs(), noun: "pairs", checksum: 1)
    for size in [1, 5, 12] {
      let found = try still.objective.figures(of: still.model, on: set, batchSize: size, device: device)
      #expect(abs(found.loss - expected) < 1e-5, "by \(size)")
    }
  }

  @Test("Batches of which no answer counts end no run", arguments: [true, false])
  func uncounted(_ isCounted: Bool) throws {
    let data = Pairs(beginsUncounted: true, isCounted: isCounted)
    for accumulation in [1, 2, 3] {
      let run = try trainer(data, size: 2, accumulation: accumulation, device: .cpu)
      run.configuration.epochs = 3
      let before = try run.model.parameters.map { try $0.value.scalars(as: Float.self) }
      #expect(try run.run() == .finished)
      #expect(run.history.allSatisfy { $0.trainLoss.isFinite && $0.testLoss?.isFinite == true })
      #expect(run.history.count == 3)
      #expect(try run.model.parameters.map { try $0.value.scalars(as: Float.self) } != before)
    }
    // An epoch of nothing else changes nothing.
    let none = try trainer(
      Pairs(count: 6, beginsUncounted: true, isCounted: isCounted), size: 2, device: .cpu)
    let before = try none.model.parameters.map { try $0.value.scalars(as: Float.self) }
    #expect(try none.run() == .finished)
    #expect(try none.model.parameters.map { try $0.value.scalars(as: Float.self) } == before)
    #expect(none.history[0].trainLoss == 0 && none.history[0].testLoss == 0)
  }
}
