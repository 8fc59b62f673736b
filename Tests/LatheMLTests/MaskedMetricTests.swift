import DataTestSupport
import Foundation
import LatheML
import Testing

/// Figures of tests in which some answers do not count, compared with loops over the others.
@Suite("Metrics without ignored and masked answers")
struct MaskedMetricTests {
  private static let classes = 3

  /// Pairs of points, each with a label; some labels are ignored, others have the factor 0 in the loss.
  private struct Pairs: Dataset {
    var count = 10

    func example(at index: Int, random: inout SampleRandom) -> Pair { Pair(index: index) }
  }

  private struct Pair: Collatable {
    let index: Int

    /// The features, the label and the factor of the point at a place.
    func point(_ place: Int) -> (features: [Float], label: Int32, factor: Float) {
      let number = 2 * index + place
      let label = Int32(number * 5 / 2 % MaskedMetricTests.classes)
      let features = (0..<4).map { Float(sin(Double(number * 7 + $0 * 3))) + (Int32($0) == label ? 0.8 : 0) }
      // No answer of the last four pairs counts.
      let isIgnored = number % 5 == 0 || (index > 5 && place == 0)
      let isMasked = number % 7 == 3 || (index > 5 && place == 1)
      return (features, isIgnored ? -100 : label, isMasked ? 0 : 0.5 + Float(place))
    }

    var points: [(features: [Float], label: Int32, factor: Float)] { [point(0), point(1)] }

    static func collate(_ examples: [Pair], on device: Device) -> Batch {
      let points = examples.flatMap(\.points)
      let shape: Shape = [examples.count, 2]
      return Batch(
        inputs: Tensor(points.flatMap(\.features), shape: [examples.count, 2, 4], device: device),
        labels: Tensor(points.map(\.label), shape: shape, device: device),
        count: points.count { $0.label >= 0 && $0.factor > 0 },
        named: [NamedTensors.lossMask: Tensor(points.map(\.factor), shape: shape, device: device)])
    }
  }

  /// Classes under a name of their own, beside another output.
  private final class Scorer: NamedModule {
    let head: Linear

    init(_ device: Device) {
      head = Linear(4, MaskedMetricTests.classes, generator: Generator(seed: 3), device: device)
    }

    func forward(_ inputs: NamedTensors) -> NamedTensors {
      ["scores": head(inputs[NamedTensors.inputs]), NamedTensors.output: inputs[NamedTensors.inputs]]
    }

    func visit(_ visitor: inout ModuleVisitor) { visitor.module("head", head) }
  }

  @Test("They are those of the answers that count, also where a batch has none", arguments: Device.all)
  func figures(_ device: Device) throws {
    let folder = try TemporaryFolder()
    let model = Scorer(device)
    let test = TrainingSet(
      Pairs(), noun: "pairs", checksum: 1, classes: ["a", "b", "c"])
    let trainer = try Trainer(
      model: model, optimizer: SGD(model.parameters, learningRate: 0.1), generator: Generator(seed: 1),
      training: TrainingSet(Pairs(count: 6), noun: "pairs", checksum: 1), test: test,
      objective: ClassificationObjective(ignoredIndex: -100, output: "scores"),
      metrics: [.f1(.macro), .balancedAccuracy, .topK(2), .logLoss],
      callbacks: [RunReport(folder: folder.path)],
      configuration: TrainerConfiguration(architecture: "a", data: "b", epochs: 1, batchSize: 3, seed: 1),
      device: device)
    #expect(try trainer.run() == .finished)
    let report = try #require(trainer.history.last)
    let points = (0..<10).flatMap { Pair(index: $0).points }
    model.eval()
    let logits = try noGradient {
      try model.head(Tensor(points.flatMap(\.features), shape: [20, 4], device: device)).scalars(
        as: Float.self)
    }.map { Double($0) }
    var (right, second, entropy, total) = (0, 0, 0.0, 0)
    var counts = Array(repeating: Array(repeating: 0.0, count: Self.classes), count: Self.classes)
    for (place, point) in points.enumerated() where point.label >= 0 && point.factor > 0 {
      let row = Array(logits[place * Self.classes..<(place + 1) * Self.classes])
      let order = row.indices.sorted { row[$0] > row[$1] }
      let label = Int(point.label)
      counts[label][order[0]] += 1
      right += order[0] == label ? 1 : 0
      second += order[..<2].contains(label) ? 1 : 0
      entropy += log(row.reduce(0) { $0 + exp($1) }) - row[label]
      total += 1
    }
    #expect(total == 8)
    let scores = (0..<Self.classes).map { place -> (recall: Double, f1: Double) in
      let (hits, given) = (counts[place][place], counts.reduce(0) { $0 + $1[place] })
      let real = counts[place].reduce(0, +)
      return (hits / real, given + real == 0 ? 0 : 2 * hits / (given + real))
    }
    let expected = [
      "f1-macro": scores.reduce(0) { $0 + $1.f1 } / 3,
      "balanced-accuracy": scores.reduce(0) { $0 + $1.recall } / 3,
      "top-2": Double(second) / Double(total), "log-loss": entropy / Double(total),
    ]
    // By threes the last two batches have no answer that counts.
    let parts = try trainer.objective.figures(
      of: model, on: test, metrics: trainer.metrics, batchSize: 3, device: device)
    for metrics in [report.metrics, parts.metrics] {
      for (name, value) in expected {
        #expect(abs((metrics?[name] ?? .nan) - value) < 1e-5, "\(name): \(metrics ?? [:]), \(value)")
      }
    }
    #expect(parts.accuracy == report.testAccuracy && parts.loss.isFinite)
    #expect(report.testAccuracy == Double(right) / Double(total))
    let page = String(decoding: try folder.read("report.html"), as: UTF8.self)
    #expect(page.contains("Confusion matrix") && !page.contains("-100"))
  }
}
