import DataTestSupport
import Foundation
import LatheML
import Testing

/// Metrics of a trainer's tests, compared with loops over the whole test set.
@Suite("Metrics of tests", .serialized)
struct TestMetricTests {
  /// Points about as many places as there are classes, near enough to each other that some are taken for others.
  struct Points: InMemoryDataset {
    let count: Int
    let classes: Int
    let seed: UInt64

    func label(_ index: Int) -> Int { (index * index + index / 3) % classes }

    func example(at index: Int, random: inout SampleRandom) -> FeatureRow {
      var own = SampleRandom(seed: seed, epoch: 0, index: index, place: 0)
      let features = (0..<4).map { Float(own.uniform(-1, 1)) + ($0 == label(index) ? 0.7 : 0) }
      return FeatureRow(features: features, target: .category(label(index)))
    }

    var set: TrainingSet<Points> {
      TrainingSet(self, noun: "rows", checksum: 1, classes: (0..<classes).map { "class \($0)" })
    }
  }

  static func trainer(
    classes: Int = 3, epochs: Int = 3, folder: String? = nil, rate: Float = 1e-2, device: Device = .cpu
  ) throws -> Trainer {
    let generator = Generator(seed: 4)
    let model = Sequential {
      Linear(4, 8, generator: generator, device: device)
      ReLU()
      Linear(8, classes, generator: generator, device: device)
    }
    return try Trainer(
      model: model, optimizer: Adam(model.parameters, learningRate: rate), generator: generator,
      training: Points(count: 150, classes: classes, seed: 1).set,
      test: Points(count: 200, classes: classes, seed: 2).set,
      configuration: TrainerConfiguration(
        architecture: "small", data: "points", epochs: epochs, batchSize: 10, seed: 4),
      folder: folder, device: device)
  }

  /// Logits and labels of the whole test set, by the averaged weights.
  private func outputs(
    _ trainer: Trainer, classes: Int, device: Device
  ) throws -> (logits: [[Double]], labels: [Int]) {
    let set = Points(count: 200, classes: classes, seed: 2).set
    let batch = try #require(try set.batches(size: 200, seed: nil, epoch: 0, first: 0, on: device).next())
    let average = try #require(trainer.average)
    trainer.model.eval()
    let values = try average.withAverages {
      try noGradient { try trainer.model(batch).scalars(as: Float.self) }
    }
    return (
      stride(from: 0, to: values.count, by: classes).map { values[$0..<$0 + classes].map(Double.init) },
      try batch.labels.scalars(as: Int.self)
    )
  }

  private func probabilities(_ logits: [Double]) -> [Double] {
    let powers = logits.map { exp($0 - (logits.max() ?? 0)) }
    return powers.map { $0 / powers.reduce(0, +) }
  }

  /// The share of pairs of an example of a class and one of another in which the first has the larger probability.
  private func area(_ logits: [[Double]], _ labels: [Int], of index: Int) -> Double {
    let scores = logits.map { probabilities($0)[index] }
    let positives = labels.indices.filter { labels[$0] == index }
    let negatives = labels.indices.filter { labels[$0] != index }
    var area = 0.0
    for a in positives {
      for b in negatives { area += scores[a] > scores[b] ? 1 : scores[a] == scores[b] ? 0.5 : 0 }
    }
    return area / Double(positives.count * negatives.count)
  }

  /// The mean over a class's examples of the precision among those that are as likely or likelier.
  private func averagePrecision(_ logits: [[Double]], _ labels: [Int], of index: Int) -> Double {
    let scores = logits.map { probabilities($0)[index] }
    let positives = labels.indices.filter { labels[$0] == index }
    return positives.reduce(0) { sum, place in
      let above = labels.indices.filter { scores[$0] >= scores[place] }
      return sum + Double(above.filter { labels[$0] == index }.count) / Double(above.count)
    } / Double(positives.count)
  }

  private func brier(_ logits: [[Double]], _ labels: [Int], of index: Int) -> Double {
    zip(logits, labels).reduce(0) { sum, example in
      let distance = probabilities(example.0)[index] - (example.1 == index ? 1 : 0)
      return sum + distance * distance
    } / Double(labels.count)
  }

  @Test("Of classes, as loops over all examples say, by the averaged weights", arguments: Device.all)
  func classes(_ device: Device) throws {
    let run = try Self.trainer(device: device)
    run.configuration.averageDecay = 0.8
    run.metrics = [
      .f1(), .f1(.micro), .f1(.weighted), .precision(), .recall(), .balancedAccuracy, .topK(2), .logLoss,
      .perplexity, .rocAUC, .averagePrecision, .brierScore,
    ]
    #expect(try run.run() == .finished)
    let found = try #require(run.history.last?.metrics)
    let (logits, labels) = try outputs(run, classes: 3, device: device)
    let given = logits.map { row in row.indices.reduce(0) { row[$1] > row[$0] ? $1 : $0 } }
    var scores: [(precision: Double, recall: Double, f1: Double, support: Double)] = []
    for index in 0..<3 {
      let right = Double(labels.indices.filter { labels[$0] == index && given[$0] == index }.count)
      let precision = right / Double(given.filter { $0 == index }.count)
      let support = Double(labels.filter { $0 == index }.count)
      let recall = right / support
      scores.append((precision, recall, 2 * precision * recall / (precision + recall), support))
    }
    let accuracy = Double(labels.indices.filter { labels[$0] == given[$0] }.count) / 200
    let entropy =
      zip(logits, labels).map { -log(probabilities($0)[$1]) }.reduce(0, +) / Double(labels.count)
    let second = zip(logits, labels).filter { row, label in row.filter { $0 > row[label] }.count < 2 }.count
    let expected: [String: Double] = [
      "f1-macro": scores.map(\.f1).reduce(0, +) / 3, "f1-micro": accuracy,
      "f1-weighted": scores.map { $0.f1 * $0.support }.reduce(0, +) / 200,
      "precision-macro": scores.map(\.precision).reduce(0, +) / 3,
      "recall-macro": scores.map(\.recall).reduce(0, +) / 3,
      "balanced-accuracy": scores.map(\.recall).reduce(0, +) / 3, "top-2": Double(second) / 200,
      "log-loss": entropy, "perplexity": exp(entropy),
      "roc-auc": (0..<3).map { area(logits, labels, of: $0) }.reduce(0, +) / 3,
      "pr-auc": (0..<3).map { averagePrecision(logits, labels, of: $0) }.reduce(0, +) / 3,
      "brier": (0..<3).map { brier(logits, labels, of: $0) }.reduce(0, +),
    ]
    #expect(Set(found.keys) == Set(expected.keys))
    for (name, value) in expected {
      #expect(abs((found[name] ?? .nan) - value) < 1e-5, "\(name)")
    }
    // Some are wrong, and the test is one of the averages as the accuracy is.
    #expect(accuracy > 0.4 && accuracy < 1 && abs((run.history.last?.testAccuracy ?? 0) - accuracy) < 1e-9)
  }

  @Test("Of two classes, by all pairs of examples")
  func twoClasses() throws {
    let run = try Self.trainer(classes: 2)
    run.configuration.averageDecay = 0.5
    run.metrics = [.rocAUC, .averagePrecision, .brierScore]
    #expect(try run.run() == .finished)
    let found = try #require(run.history.last?.metrics)
    let (logits, labels) = try outputs(run, classes: 2, device: .cpu)
    let area = area(logits, labels, of: 1)
    #expect(abs((found["roc-auc"] ?? .nan) - area) < 1e-6)
    #expect(abs((found["pr-auc"] ?? .nan) - averagePrecision(logits, labels, of: 1)) < 1e-6)
    #expect(abs((found["brier"] ?? .nan) - brier(logits, labels, of: 1)) < 1e-6)
    #expect(area > 0.6 && area < 1)
  }

  /// Rows with a number to predict.
  private struct Numbers: InMemoryDataset {
    let count: Int

    func target(_ index: Int) -> Float { Float(index % 17) / 4 - 2 }

    func example(at index: Int, random: inout SampleRandom) -> FeatureRow {
      FeatureRow(
        features: [Float(index % 17), Float(index % 5), 1].map { $0 / 8 }, target: .number(target(index)))
    }
  }

  private struct Regression: OutputObjective {
    var outputKind: OutputKind { .numbers }

    func result(_ output: Tensor, _ batch: Batch) -> ObjectiveResult {
      ObjectiveResult(loss: meanSquaredError(output.squeezed(1), batch.labels))
    }
  }

  @Test("Of numbers, with an objective of one's own and a metric of one's own")
  func numbers() throws {
    let model = Sequential { Linear(3, 1, generator: Generator(seed: 1), device: .cpu) }
    let numbers = Numbers(count: 150)
    let data = TrainingSet(numbers, noun: "rows", checksum: 1)
    let run = try Trainer(
      model: model, optimizer: Adam(model.parameters, learningRate: 0.02), generator: Generator(seed: 1),
      training: data, test: data,
      configuration: TrainerConfiguration(
        architecture: "line", data: "numbers", epochs: 4, batchSize: 20, seed: 1),
      device: .cpu)
    run.objective = Regression()
    let largest = TestMetric("largest error", of: .numbers, largerIsBetter: false, start: 0.0) {
      most, batch in
      let errors = try (batch.output.squeezed(1) - batch.targets).abs().scalars(as: Float.self)
      most = max(most, Double(errors.max() ?? 0))
    } value: {
      $0
    }
    run.metrics = [.meanAbsoluteError, .meanSquaredError, .rootMeanSquaredError, .r2, largest]
    run.configuration.best = Monitor(.metric(.r2))
    #expect(try run.run() == .finished)
    let batch = try #require(try data.batches(size: 150, seed: nil, epoch: 0, first: 0, on: .cpu).next())
    let predicted = try noGradient { try model(batch).scalars(as: Float.self).map(Double.init) }
    let targets = (0..<150).map { Double(numbers.target($0)) }
    let errors = zip(predicted, targets).map { $0 - $1 }
    let squares = errors.map { $0 * $0 }.reduce(0, +)
    let mean = targets.reduce(0, +) / 150
    let expected = [
      "mae": errors.map(abs).reduce(0, +) / 150, "mse": squares / 150, "rmse": (squares / 150).squareRoot(),
      "r2": 1 - squares / targets.map { ($0 - mean) * ($0 - mean) }.reduce(0, +),
      "largest error": errors.map(abs).max() ?? 0,
    ]
    let found = try #require(run.history.last?.metrics)
    #expect(Set(found.keys) == Set(expected.keys))
    for (name, value) in expected { #expect(abs((found[name] ?? .nan) - value) < 1e-5, "\(name)") }
    #expect(abs((found["mse"] ?? .nan) - (run.history.last?.testLoss ?? 0)) < 1e-6)
  }

  @Test("Of a text, every character counts; label smoothing is left out")
  func perplexity() throws {
    let text = String(repeating: "the quick brown fox jumps over the lazy dog. ", count: 12)
    let parts = try TextDataset.parts(text, length: 8, source: "text")
    let size = parts.training.vocabulary.count
    let generator = Generator(seed: 3)
    let model = Sequential {
      Embedding(size, 8, generator: generator, device: .cpu)
      Linear(8, size, generator: generator, device: .cpu)
    }
    let folder = try TemporaryFolder()
    let run = try Trainer(
      model: model, optimizer: Adam(model.parameters, learningRate: 0.02), generator: generator,
      training: parts.training, test: parts.test,
      configuration: TrainerConfiguration(
        architecture: "pairs", data: "text", epochs: 2, batchSize: 4, seed: 1),
      device: .cpu)
    run.objective = ClassificationObjective(labelSmoothing: 0.1)
    run.metrics = [.perplexity, .topK(3)]
    run.callbacks = [RunReport(folder: folder.path)]
    #expect(try run.run() == .finished)
    let found = try #require(run.history.last?.metrics)
    let loss = try ClassificationObjective().means(of: model, on: parts.test, device: .cpu).loss
    #expect(abs((found["perplexity"] ?? .nan) - exp(loss)) < 1e-4)
    #expect((found["top-3"] ?? 0) >= (run.history.last?.testAccuracy ?? 1))
    let page = String(decoding: try folder.read("report.html"), as: UTF8.self)
    #expect(page.contains("<th>test perplexity</th>") && page.contains(", perplexity "))
    #expect(!page.contains("Confusion matrix") && !page.contains("Wrong answers"))
  }

  @Test("A figure without a finite value is left out of the report")
  func undefined() throws {
    struct OneClass: InMemoryDataset {
      let count = 20
      func example(at index: Int, random: inout SampleRandom) -> FeatureRow {
        FeatureRow(features: [1, 0, Float(index), 0], target: .category(0))
      }
    }
    let model = Sequential { Linear(4, 2, generator: Generator(seed: 1), device: .cpu) }
    let data = TrainingSet(OneClass(), noun: "rows", checksum: 1, classes: ["a", "b"])
    let folder = try TemporaryFolder()
    let run = try Trainer(
      model: model, optimizer: Adam(model.parameters, learningRate: 0.01), generator: Generator(seed: 1),
      training: data, test: data,
      configuration: TrainerConfiguration(
        architecture: "line", data: "one", epochs: 1, batchSize: 20, seed: 1),
      folder: folder.path, device: .cpu)
    run.metrics = [.rocAUC, .logLoss]
    run.configuration.best = Monitor(.metric(.rocAUC))
    run.callbacks = [RunReport(folder: folder.path)]
    #expect(try run.run() == .finished)
    #expect(run.history.last?.metrics.map { Set($0.keys) } == ["log-loss"])
    #expect(folder.names.contains("model.safetensors") && !folder.names.contains("best.safetensors"))
    #expect(String(decoding: try folder.read("report.html"), as: UTF8.self).contains("roc-auc none"))
  }
}
