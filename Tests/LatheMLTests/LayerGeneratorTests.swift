import DataTestSupport
import LatheML
import Testing

/// What layers draw from is part of a checkpoint, whoever made the generator.
@Suite("Generators of layers", .serialized)
struct LayerGeneratorTests {
  private func trainer(_ folder: String?) throws -> Trainer {
    // As in a process that has just started.
    Generator.layers.state = Generator.State(seed: 0)
    let own = Generator(seed: 5)
    let model = Sequential {
      Flatten()
      Linear(784, 8, device: .cpu)
      Dropout()
      ReLU()
      Dropout(0.2, generator: own)
      Linear(8, 10, device: .cpu)
    }
    return try Trainer(
      model: model, optimizer: Adam(model.parameters, learningRate: 1e-3), generator: Generator(seed: 7),
      training: IDXFiles.dataset(count: 60, seed: 1), test: IDXFiles.dataset(count: 20, seed: 2),
      configuration: TrainerConfiguration(
        architecture: "drops", data: "bars", epochs: 2, batchSize: 20, seed: 7),
      folder: folder, device: .cpu)
  }

  private func weights(_ trainer: Trainer) throws -> [[UInt8]] {
    try trainer.model.parameters.map { try $0.value.bytes() }
  }

  @Test("A network with plain dropout resumes to the same bits")
  func resume() throws {
    let before = Generator.layers.state
    defer { Generator.layers.state = before }
    let whole = try trainer(nil)
    #expect(try whole.run() == .finished)
    let expected = try weights(whole)
    for step in [1, 3, 5] {
      let folder = try TemporaryFolder()
      let first = try trainer(folder.path)
      first.shouldStop = { [unowned first] in first.step >= step }
      #expect(try first.run() == .stopped)
      let second = try trainer(folder.path)
      #expect(try second.resume() && second.run() == .finished)
      #expect(try weights(second) == expected, "stopped at \(step)")
    }
  }

  @Test("Modules name what they draw from")
  func names() {
    let generator = Generator(seed: 1)
    let model = Sequential {
      LSTM(4, 4, layers: 2, dropout: 0.5, generator: generator, device: .cpu)
      Dropout(0.1, generator: generator)
      ChannelDropout(0.1, generator: Generator(seed: 2))
    }
    #expect(model.namedGenerators.map(\.name) == ["0.generator", "2.generator"])
    let attention = MultiHeadAttention(4, heads: 2, dropout: 0.1, generator: generator, device: .cpu)
    #expect(attention.namedGenerators.map(\.name) == ["generator"])
  }
}
