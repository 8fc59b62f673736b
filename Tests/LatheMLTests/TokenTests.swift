import DataTestSupport
import Foundation
import LatheML
import Testing

/// Examples with an answer for each of their tokens.
@Suite("Answers by token")
struct TokenTests {
  /// A sequence with a class for each token.
  private struct Tagged: Collatable {
    var tokens: [Int32]
    var labels: [Int32]

    static func collate(_ examples: [Tagged], on device: Device) -> Batch {
      let shape: Shape = [examples.count, examples[0].tokens.count]
      return Batch(
        inputs: Tensor(examples.flatMap(\.tokens), shape: shape, device: device),
        labels: Tensor(examples.flatMap(\.labels), shape: shape, device: device), count: shape.elementCount)
    }

    static func description(of batch: Batch, at place: Int) throws -> ExampleDescription? { nil }
  }

  private func stream(_ held: Int) -> ExampleStream<Int, Tagged> {
    ExampleStream(open: { NumberReader(count: held) }) { number, _ in
      let tokens = (0..<5).map { Int32((number + $0) % 4) }
      return Tagged(tokens: tokens, labels: tokens.map { $0 % 3 })
    }
  }

  private func data(_ count: Int, of held: Int) -> StreamedTrainingSet<Int, Tagged> {
    StreamedTrainingSet(stream(held), count: count, noun: "lines", checksum: 1, window: 4)
  }

  /// The same with classes' names.
  private struct Named: TrainingData {
    let base: StreamedTrainingSet<Int, Tagged>
    var count: Int { base.count }
    var noun: String { "lines" }
    var checksum: UInt32 { 1 }
    var classes: [String]? { ["a", "b", "c"] }
    func batches(size: Int, seed: UInt64?, epoch: Int, first: Int, on device: Device) -> BatchStream {
      base.batches(size: size, seed: seed, epoch: epoch, first: first, on: device)
    }
  }

  /// Logits that give each token the class of its number modulo 3, but 3 the class 1.
  private final class Fixed: Module {
    func forward(_ input: Tensor) -> Tensor {
      let classes = Tensor([0, 1, 2, 1] as [Int32], device: input.device).gather(
        axis: 0, indices: input.reshaped(to: [-1]))
      return classes.reshaped(to: input.shape).oneHot(classes: 3).cast(to: .float32)
    }
  }

  @Test("A stream of sequences has as many as was said, counted as sequences")
  func streams() throws {
    #expect(
      try data(7, of: 9).batches(size: 3, seed: 1, epoch: 0, first: 0, on: .cpu).map(\.count) == [15, 15, 5])
    #expect {
      try data(7, of: 6).batches(size: 3, seed: 1, epoch: 0, first: 0, on: .cpu).map(\.count)
    } throws: {
      says($0, "ends before its 7 lines")
    }
  }

  @Test("A run with classes' names, its report, and the scores, which count tokens")
  func report() throws {
    let folder = try TemporaryFolder()
    let set = Named(base: data(6, of: 6))
    let model = Sequential {
      Embedding(4, 8, generator: Generator(seed: 1), device: .cpu)
      Linear(8, 3, generator: Generator(seed: 2), device: .cpu)
    }
    let run = try Trainer(
      model: model, optimizer: Adam(model.parameters, learningRate: 1e-2), generator: Generator(seed: 1),
      training: set, test: set,
      configuration: TrainerConfiguration(
        architecture: "tags", data: "b", epochs: 1, batchSize: 2, seed: 1),
      folder: folder.path, device: .cpu)
    run.configuration.best = Monitor(.loss)
    run.callbacks = [RunReport(folder: folder.path)]
    #expect(try run.run() == .finished)
    let page = String(decoding: try folder.read("report.html"), as: UTF8.self)
    #expect(page.contains("Confusion matrix") && page.contains("The best is epoch 1"))
    // Tokens of line n are n, n + 1... modulo 4; the 3s among 30, of which each is wrong, by counting.
    let scores = try Evaluation(of: Fixed(), on: set, classNames: ["a", "b", "c"], device: .cpu)
    let tokens = (0..<6).flatMap { line in (0..<5).map { (line + $0) % 4 } }
    let wrong = tokens.filter { $0 == 3 }.count
    #expect(abs(scores.accuracy - Double(30 - wrong) / 30) < 1e-12)
    // A row that is right loses ln(1 + 2 / e), one that is wrong 1 more.
    #expect(abs(scores.loss - (log(1 + 2 * exp(-1.0)) + Double(wrong) / 30)) < 1e-6)
    var top = TopKAccuracy(1)
    let batch = try #require(try set.batches(size: 6, seed: nil, epoch: 0, first: 0, on: .cpu).next())
    try top.update(logits: Fixed()(batch.inputs), labels: batch.labels)
    #expect(abs(top.value - scores.accuracy) < 1e-12)
  }
}
