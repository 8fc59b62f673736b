import Foundation
import LatheML
import Testing

@Suite("Gradients that a callback replaces, samplers and runs without a test", .serialized)
struct GradientTransformTests {
  /// Makes other gradients by a function.
  private final class Transform: GradientTransform {
    private let body: ([Tensor]) throws -> [Tensor]
    var seen: [[Float]] = []

    init(_ body: @escaping ([Tensor]) throws -> [Tensor]) { self.body = body }

    func transformed(_ gradients: [Tensor], in trainer: Trainer) throws -> [Tensor] { try body(gradients) }

    func gradientsComputed(_ trainer: Trainer, _ gradients: [Tensor]) throws {
      seen.append(try gradients[0].scalars(as: Float.self))
    }
  }

  private func model() -> Sequential {
    Sequential { Linear(2, 3, generator: Generator(seed: 1), device: .cpu) }
  }

  private func run(
    _ data: any TrainingData, _ model: Sequential, test: (any TrainingData)? = nil, batchSize: Int = 4,
    epochs: Int = 2, rate: Float = 1e-2, folder: String? = nil
  ) throws -> Trainer {
    try Trainer(
      model: model, optimizer: SGD(model.parameters, learningRate: rate), generator: Generator(seed: 1),
      training: data, test: test,
      configuration: TrainerConfiguration(
        architecture: "a", data: "b", epochs: epochs, batchSize: batchSize, seed: 1),
      folder: folder, device: .cpu)
  }

  private func data(
    _ count: Int, sampler: (any Sampler)? = nil, batchSampler: (any BatchSampler)? = nil
  ) -> TrainingSet<NumberDataset> {
    TrainingSet(
      NumberDataset(count: count), noun: "rows", checksum: 1, sampler: sampler, batchSampler: batchSampler)
  }

  private func weights(_ model: Sequential) throws -> [Float] {
    try model.parameters.flatMap { try $0.value.scalars(as: Float.self) }
  }

  @Test("The step is made by what the last transform gave, and other callbacks see it")
  func replaced() throws {
    let (plain, changed) = (model(), model())
    _ = try run(data(12), plain, rate: 0.01).run()
    let trainer = try run(data(12), changed, rate: 0.04)
    let (half, quarter) = (Transform { $0.map { $0 * 0.5 } }, Transform { $0.map { $0 * 0.5 } })
    trainer.callbacks = [half, quarter]
    _ = try trainer.run()
    #expect(try zip(weights(plain), weights(changed)).allSatisfy { abs($0 - $1) < 1e-5 })
    #expect(half.seen == quarter.seen && half.seen.count == 6)
  }

  @Test("Clipping comes after the transforms")
  func clipping() throws {
    let changed = model()
    let trainer = try run(data(4), changed, epochs: 1, rate: 1)
    trainer.callbacks = [Transform { $0.map { $0 * 1e6 } }]
    trainer.configuration.clipping = .norm(0.5)
    let before = try weights(changed)
    _ = try trainer.run()
    let length = try zip(before, weights(changed)).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    #expect(abs(length.squareRoot() - 0.5) < 1e-4)
  }

  @Test("With float16 a step is left out where the transforms' result is not finite")
  func notFinite() throws {
    let changed = model()
    let trainer = try run(data(12), changed, epochs: 1)
    trainer.configuration.precision = .float16
    trainer.callbacks = [Transform { $0.map { $0 * Float.infinity } }]
    let before = try weights(changed)
    _ = try trainer.run()
    #expect(try weights(changed) == before)
    #expect(trainer.lossScaler?.scale == Float(8192))
  }

  @Test("Gradients of other shapes end the run with a message, and so does what a transform throws")
  func mistakes() throws {
    let few = try run(data(12), model())
    few.callbacks = [Transform { Array($0.dropLast()) }]
    #expect { try few.run() } throws: { says($0, "Transform", "same shapes") }
    let failing = try run(data(12), model())
    failing.callbacks = [Transform { _ in throw LatheError(.device, "the other process ended") }]
    #expect { try failing.run() } throws: { says($0, "the other process ended") }
  }

  @Test("Two runs that share their gradients do what one does on both parts")
  func allReduce() throws {
    // Nothing in the examples is drawn: what an example draws follows from its place in the epoch, which is another one
    // in a part.
    struct Rows: Dataset {
      let count = 24
      func example(at index: Int, random: inout SampleRandom) throws -> FeatureRow {
        FeatureRow(features: [Float(index % 5), Float(index % 7)], target: .category(index % 3))
      }
    }
    @Sendable func rows(_ sampler: any Sampler) -> TrainingSet<Rows> {
      TrainingSet(Rows(), noun: "rows", checksum: 1, sampler: sampler)
    }
    let whole = model()
    _ = try run(rows(SequentialSampler(count: 24)), whole, batchSize: 8).run()
    let exchange = Exchange(size: 2)
    nonisolated(unsafe) var results: [[Float]] = [[], []]
    nonisolated(unsafe) let test = self
    DispatchQueue.concurrentPerform(iterations: 2) { rank in
      do {
        let part = test.model()
        let sampler = DistributedSampler(SequentialSampler(count: 24), rank: rank, size: 2)
        let trainer = try test.run(rows(sampler), part, batchSize: 4)
        trainer.callbacks = [
          Transform { gradients in
            let all = exchange.all(try gradients.map { try $0.scalars(as: Float.self) }, rank)
            return gradients.indices.map { place in
              let sums = zip(all[0][place], all[1][place]).map { ($0 + $1) / 2 }
              return Tensor(sums, device: .cpu).reshaped(to: gradients[place].shape)
            }
          }
        ]
        _ = try trainer.run()
        results[rank] = try test.weights(part)
      } catch {
        Issue.record(error)
      }
    }
    #expect(results[0] == results[1])
    #expect(try zip(results[0], weights(whole)).allSatisfy { abs($0 - $1) < 1e-5 })
  }

  /// Gives every thread what all of them bring.
  private final class Exchange: @unchecked Sendable {
    private let size: Int
    private let condition = NSCondition()
    private var brought: [Int: [[Float]]] = [:]
    private var taken: [[[Float]]] = []
    private var round = 0

    init(size: Int) { self.size = size }

    func all(_ values: [[Float]], _ rank: Int) -> [[[Float]]] {
      condition.lock()
      defer { condition.unlock() }
      brought[rank] = values
      let mine = round
      if brought.count == size {
        taken = (0..<size).compactMap { brought[$0] }
        brought = [:]
        round += 1
        condition.broadcast()
      }
      while round == mine { condition.wait() }
      return taken
    }
  }

  @Test("A sampler says which examples an epoch of a run has; a test has all of them")
  func sampler() throws {
    struct Evens: Sampler {
      let count = 5
      func order(epoch: Int) -> [Int] { (0..<5).map { ($0 + epoch) % 5 * 2 } }
    }
    let sampled = data(10, sampler: Evens())
    #expect(sampled.count == 5 && sampled.batchCount(size: 2, dropsLast: false) == 3)
    #expect(
      try sampled.batches(size: 2, seed: 1, epoch: 1, first: 0, on: .cpu).map(numbers) == [
        [2, 4], [6, 8], [0],
      ])
    #expect(
      try sampled.batches(size: 4, seed: nil, epoch: 0, first: 0, on: .cpu).map(numbers)
        == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]])
    let trainer = try run(sampled, model(), batchSize: 2, epochs: 2)
    #expect(trainer.stepsPerEpoch == 3)
    #expect(try trainer.run() == .finished && trainer.step == 6)
  }

  @Test("A batch sampler says which examples make which batch of a run")
  func batchSampler() throws {
    struct Growing: BatchSampler {
      let batchCount = 3
      func plan(epoch: Int) -> BatchPlan { BatchPlan(order: [5, 4, 3, 2, 1, 0], ends: [1, 3, 6]) }
    }
    let sampled = data(6, batchSampler: Growing())
    #expect(sampled.count == 6)
    #expect(
      try sampled.batches(size: 6, seed: 1, epoch: 0, first: 0, on: .cpu).map(numbers)
        == [[5], [4, 3], [2, 1, 0]])
    let trainer = try run(sampled, model(), batchSize: 2, epochs: 2)
    #expect(try trainer.run() == .finished && trainer.step == 6)
  }

  @Test("Processes that train together on a stream have epochs of one length and share no example")
  func streams() throws {
    let stream = ExampleStream<Int, FeatureRow>(open: { NumberReader(count: 30) }) { number, random in
      FeatureRow(features: [Float(number), Float(random.uniform())], target: .category(number % 3))
    }
    let parts = (0..<3).map { rank in
      StreamedTrainingSet(
        stream, count: 23, noun: "rows", checksum: 1, window: 4, rank: rank, size: 3)
    }
    #expect(parts.map(\.count) == [7, 7, 7])
    let batches = try parts.map { try $0.batches(size: 4, seed: 1, epoch: 0, first: 0, on: .cpu).map { $0 } }
    #expect(try batches.flatMap { try $0.flatMap(numbers) }.sorted() == Array(0..<21))
    // Examples of different processes draw different numbers, those of one process the same ones again.
    let drawn = try batches.flatMap { try $0.flatMap { try $0.inputs.scalars(as: Float.self) } }
    let random = stride(from: 1, to: drawn.count, by: 2).map { drawn[$0] }
    #expect(Set(random).count == 21)
    let later = try parts[1].batches(size: 4, seed: 1, epoch: 0, first: 1, on: .cpu).map(contents)
    #expect(try later == batches[1].dropFirst().map(contents))
  }

  @Test("A run without a test set trains, reports, is stored and goes on")
  func noTest() throws {
    let folder = FileManager.default.temporaryDirectory.path + "/no-test-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (whole, part) = (model(), model())
    _ = try run(data(12), whole, epochs: 3).run()
    let first = try run(data(12), part, epochs: 3, folder: folder)
    first.callbacks = [RunRecorder(folder: folder), RunReport(folder: folder)]
    first.configuration.stepLimit = 4
    _ = try first.run()
    let resumed = model()
    let second = try run(data(12), resumed, epochs: 3, folder: folder)
    second.callbacks = [RunRecorder(folder: folder), RunReport(folder: folder)]
    #expect(try second.resume())
    _ = try second.run()
    #expect(try weights(resumed) == weights(whole))
    #expect(second.history.count == 3 && second.history.allSatisfy { $0.testLoss == nil })
    #expect(second.history.allSatisfy { $0.trainAccuracy != nil })
    #expect(FileManager.default.fileExists(atPath: folder + "/model.safetensors"))
  }

  @Test("What needs a test set says so before the run")
  func needsTest() throws {
    let trainer = try run(data(12), model())
    trainer.configuration.plateau = ReduceOnPlateau()
    trainer.configuration.best = Monitor(.accuracy)
    #expect { try trainer.run() } throws: { says($0, "no test set", "best", "plateau") }
    #expect(trainer.step == 0)
  }

  @Test("A group that was added while a run went on is added before it goes on from a checkpoint")
  func laterGroup() throws {
    let folder = FileManager.default.temporaryDirectory.path + "/later-group-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }

    /// Adds the second layer behind the first epoch.
    final class Unfreezing: TrainerCallback {
      let body: () -> Void
      init(_ body: @escaping () -> Void) { self.body = body }
      func epochEnded(_ trainer: Trainer, _ report: EpochReport) { if report.epoch == 1 { body() } }
    }
    let layers = { (number: UInt64) in
      [
        Linear(2, 4, generator: Generator(seed: number), device: .cpu),
        Linear(4, 3, generator: Generator(seed: number + 1), device: .cpu),
      ]
    }
    func trainer(_ layers: [Linear], folder: String? = nil, addsNow: Bool = false) throws -> Trainer {
      let optimizer = Adam(layers[0].parameters, learningRate: 1e-2)
      let late = ParameterGroup(layers[1].parameters, hyperparameters: [.beta1: 0.5])
      if addsNow { optimizer.addGroup(late) }
      let trainer = try Trainer(
        model: Sequential(layers), optimizer: optimizer, generator: Generator(seed: 1), training: data(12),

        configuration: TrainerConfiguration(
          architecture: "a", data: "b", epochs: 3, batchSize: 4, seed: 1),
        folder: folder, device: .cpu)
      if !addsNow { trainer.callbacks = [Unfreezing { optimizer.addGroup(late) }] }
      return trainer
    }
    let (whole, begun, resumed) = (layers(1), layers(1), layers(5))
    _ = try trainer(whole).run()
    let first = try trainer(begun, folder: folder)
    first.configuration.stepLimit = 5
    _ = try first.run()
    #expect { try trainer(layers(5), folder: folder).resume() } throws: {
      says($0, "group 1", "add the groups")
    }
    let second = try trainer(resumed, folder: folder, addsNow: true)
    #expect(try second.resume())
    _ = try second.run()
    #expect(second.step == 9)
    #expect(try weights(Sequential(resumed)) == weights(Sequential(whole)))
    #expect(try weights(Sequential(resumed)) != weights(Sequential(begun)))
  }
}
