import DataTestSupport
import LatheML
import Testing

/// Batches whose size data decides, and what a trainer makes of them.
@Suite("Small last batches")
struct SmallBatchTests {
  /// Points with a number each, of which `failing` cannot be read.
  private func data(_ count: Int, lengths: [Int]? = nil, failing: Set<Int> = []) -> TrainingSet<NumberDataset>
  {
    TrainingSet(NumberDataset(count: count, failing: failing), noun: "rows", checksum: 1, lengths: lengths)
  }

  private func trainer(
    _ data: any TrainingData, batchSize: Int, epochs: Int = 1, device: Device = .cpu
  ) throws -> Trainer {
    let model = Sequential {
      Linear(2, 4, generator: Generator(seed: 1), device: device)
      BatchNorm1D(4, device: device)
      Linear(4, 3, generator: Generator(seed: 2), device: device)
    }
    return try Trainer(
      model: model, optimizer: SGD(model.parameters, learningRate: 1e-3), generator: Generator(seed: 1),
      training: data, test: data,
      configuration: TrainerConfiguration(
        architecture: "a", data: "b", epochs: epochs, batchSize: batchSize, seed: 1),
      device: device)
  }

  @Test(
    "One value per channel ends the run with an error, and without the last batch it goes on",
    arguments: Device.all)
  func batchNorm(_ device: Device) throws {
    #expect { try trainer(data(13), batchSize: 4, device: device).run() } throws: {
      says($0, "BatchNorm1D", "[1, 4]", "--drop-last")
    }
    let run = try trainer(data(13), batchSize: 4, epochs: 2, device: device)
    run.configuration.dropsLast = true
    #expect(run.stepsPerEpoch == 3)
    #expect(try run.run() == .finished && run.step == 6)
    // In a loop of one's own the error is thrown where a value is read.
    let layer = BatchNorm1D(3, device: device)
    let statistics = try layer.runningMean?.value.bytes()
    let output = layer(Tensor.ones([1, 3], device: device))
    #expect { try output.sum().item() } throws: { says($0, "no variance") }
    #expect(try layer.runningMean?.value.bytes() == statistics)
    layer.eval()
    #expect(try layer(Tensor.ones([1, 3], device: device)).sum().item() > 2.9)
  }

  @Test("Sequences longer than their positions are an error where a value is read")
  func positions() throws {
    let input = Tensor.ones([2, 5, 4], device: .cpu)
    for layer in [SinusoidalPosition(4, 4, device: .cpu), LearnedPosition(4, 4, device: .cpu)] as [any Module]
    {
      #expect { try layer(input).sum().item() } throws: { says($0, "5 elements", "positions for 4") }
    }
  }

  @Test("Every full batch and no other, of fixed and of bucketed batches, also from the middle of an epoch")
  func dropped() throws {
    for lengths in [nil, (0..<30).map { $0 * 7 % 11 }] {
      let set = data(30, lengths: lengths)
      for size in [4, 7, 15] {
        for epoch in 0..<3 {
          func batches(_ first: Int) throws -> [[Int]] {
            try set.batches(size: size, seed: 5, epoch: epoch, first: first, dropsLast: true, on: .cpu).map(
              numbers)
          }
          let all = try batches(0)
          #expect(all.map(\.count) == Array(repeating: size, count: 30 / size))
          #expect(Set(all.joined()).count == all.joined().count)
          #expect(try batches(1) == Array(all[1...]))
        }
      }
    }
    let loader = DataLoader(NumberDataset(count: 9), batchSize: 4, dropsLast: true, on: .cpu)
    #expect(try loader.stream().map(numbers) == [[0, 1, 2, 3], [4, 5, 6, 7]])
    let text = try TextDataset("abcabcabca", vocabulary: ["a", "b", "c"], length: 2, source: "text")
    #expect(
      try text.batches(size: 3, seed: nil, epoch: 0, first: 0, dropsLast: true, on: .cpu).map(\.count) == [6])
  }

  @Test("The search for a learning rate goes round small data, and puts everything back also where it fails")
  func search() throws {
    let run = try trainer(data(12), batchSize: 4)
    run.configuration.clipping = .norm(1)
    let before = try run.model.state.map { try $0.tensor.bytes() }
    #expect(try run.findLearningRate(from: 1e-6, to: 1e-5).points.count == 100)
    #expect(try run.model.state.map { try $0.tensor.bytes() } == before)
    let failing = try trainer(data(12, failing: [3]), batchSize: 4)
    #expect { try failing.findLearningRate() } throws: { says($0, "broken") }
    #expect(try failing.model.state.map { try $0.tensor.bytes() } == before)
  }

  @Test("The search clips as the run does, and works in its precision")
  func searchSettings() throws {
    func losses(_ change: (Trainer) -> Void) throws -> [Double] {
      let run = try trainer(data(12), batchSize: 4)
      change(run)
      return try run.findLearningRate(from: 1e-3, to: 1, steps: 12).points.map(\.loss)
    }
    let plain = try losses { _ in }
    // So short that nothing is learned: the losses are those of the weights at the start.
    let clipped = try losses { $0.configuration.clipping = .norm(1e-12) }
    let start = try losses { $0.optimizer.parameters.forEach { $0.isFrozen = false } }
    #expect(plain == start && clipped != plain)
    #expect(try losses { $0.configuration.precision = .bfloat16 } != plain)
  }
}
