import DataTestSupport
import Foundation
import LatheML
import Testing

@Suite("Loader's workers")
struct WorkerTests {
  private func loader(_ dataset: NumberDataset, epoch: Int = 0, first: Int = 0, workers: Int)
    -> DataLoader<NumberDataset>
  {
    DataLoader(
      dataset, batchSize: 4, shuffled: true, seed: 9, epoch: epoch, firstBatch: first, workers: workers,
      prefetch: 3, on: .cpu)
  }

  @Test("Batches do not depend on the number of workers nor on timing", arguments: [1, 2, 3, 7])
  func sameForAll(_ workers: Int) throws {
    let quick = NumberDataset(count: 61)
    let expected = try loader(quick, workers: 0).stream().map(contents)
    #expect(expected.count == 16)
    let slow = NumberDataset(count: 61, sleeps: true)
    #expect(try loader(slow, workers: workers).stream().map(contents) == expected)
    #expect(try loader(quick, epoch: 1, workers: workers).stream().map(contents) != expected)
    for first in [1, 7, 15, 16] {
      let rest = try loader(slow, first: first, workers: workers).stream().map(contents)
      #expect(rest == Array(expected[first...]), "from batch \(first)")
    }
  }

  @Test(
    "An example that cannot be read ends the loop with its error, behind the batches before",
    arguments: [0, 1, 4])
  func failure(_ workers: Int) throws {
    let dataset = NumberDataset(count: 40, failing: [17, 30], sleeps: true)
    let stream = DataLoader(dataset, batchSize: 4, workers: workers, on: .cpu).stream()
    for batch in 0..<4 { #expect(try stream.next().map(numbers) == Array(batch * 4..<batch * 4 + 4)) }
    for _ in 0..<2 {
      #expect { try stream.next() } throws: { says($0, "file-17: line 3: broken") }
    }
  }

  @Test("A loop may be left early")
  func leftEarly() throws {
    for workers in [1, 3] {
      for _ in 0..<20 {
        let stream = loader(NumberDataset(count: 100), workers: workers).stream()
        #expect(try stream.next() != nil)
      }
    }
  }

  @Test("A worker that fails ends a training run with its own error")
  func trainingFails() throws {
    let broken = NumberDataset(count: 40, failing: [23])
    let model = Sequential { Linear(2, 3, generator: Generator(seed: 1), device: .cpu) }
    let data = TrainingSet(broken, noun: "rows", checksum: 0, workers: 2)
    let trainer = try Trainer(
      model: model, optimizer: SGD(model.parameters, learningRate: 0.1), generator: Generator(seed: 1),
      training: data, test: TrainingSet(NumberDataset(count: 3), noun: "rows", checksum: 0),
      configuration: TrainerConfiguration(
        architecture: "linear", data: "numbers", epochs: 2, batchSize: 8, seed: 3),
      device: .cpu)
    #expect { try trainer.run() } throws: { says($0, "file-23: line 3: broken") }
  }

  @Test(
    "A run with augmentation, stopped and resumed with other workers, ends bit-identical",
    arguments: [0, 2, 5, 9])
  func resume(_ step: Int) throws {
    func trainer(workers: Int, folder: String?) throws -> Trainer {
      let data = TrainingSet(
        NumberDataset(count: 30).mapped { row, random in
          FeatureRow(
            features: row.features.map { $0 / 30 + Float(random.uniform(-0.1, 0.1)) }, target: row.target)
        }, noun: "rows", checksum: 5, workers: workers)
      let model = Sequential { Linear(2, 3, generator: Generator(seed: 1), device: .cpu) }
      return try Trainer(
        model: model, optimizer: Adam(model.parameters, learningRate: 0.01), generator: Generator(seed: 1),
        training: data, test: data,
        configuration: TrainerConfiguration(
          architecture: "linear", data: "numbers", epochs: 3, batchSize: 8, seed: 3),
        folder: folder, device: .cpu)
    }
    func weights(_ trainer: Trainer) throws -> [[UInt8]] {
      try trainer.model.parameters.map { try $0.value.bytes() }
    }
    let whole = try trainer(workers: 1, folder: nil)
    #expect(try whole.run() == .finished)
    let folder = try TemporaryFolder()
    let first = try trainer(workers: 3, folder: folder.path)
    first.shouldStop = { [unowned first] in first.step >= step }
    #expect(try first.run() == .stopped)
    let second = try trainer(workers: 2, folder: folder.path)
    #expect(try second.resume() && second.run() == .finished)
    #expect(try weights(second) == weights(whole))
  }
}
