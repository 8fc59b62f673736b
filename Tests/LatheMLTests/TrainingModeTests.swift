import DataTestSupport
import LatheML
import Testing

@Suite("Modes that helpers leave as they were")
struct TrainingModeTests {
  private let data = IDXFiles.dataset(count: 20, seed: 2)

  private func network() -> Sequential {
    Sequential {
      Flatten()
      Linear(784, 10, generator: Generator(seed: 1), device: .cpu)
      BatchNorm1D(10, device: .cpu)
      Dropout(0.5, generator: Generator(seed: 2))
    }
  }

  private func modes(_ model: Sequential) -> [Bool] { model.namedModules.compactMap(\.module.trainingMode) }

  private func trainer(_ model: Sequential, _ data: any TrainingData) throws -> Trainer {
    try Trainer(
      model: model, optimizer: SGD(model.parameters, learningRate: 0.1), generator: Generator(seed: 1),
      training: data, test: data,
      configuration: TrainerConfiguration(
        architecture: "a", data: "b", epochs: 1, batchSize: 10, seed: 1),
      device: .cpu)
  }

  @Test("In evaluation, in training and with one layer frozen in evaluation", arguments: [0, 1, 2])
  func helpers(_ state: Int) throws {
    let model = network()
    if state == 0 { model.eval() } else { model.train() }
    if state == 2 { model.namedModules[2].module.setTraining(false) }
    let before = modes(model)
    #expect(before == [[false, false], [true, true], [false, true]][state])
    _ = model.summary(input: [2, 1, 28, 28])
    #expect(modes(model) == before)
    _ = try Evaluation(of: model, on: data, device: .cpu)
    _ = try ClassificationObjective().means(of: model, on: data, device: .cpu)
    #expect(modes(model) == before)
    _ = try trainer(model, data).findLearningRate(steps: 3)
    #expect(modes(model) == before)
    let input = Tensor.ones([3, 1, 28, 28], device: .cpu)
    let statistics = try model.namedBuffers.map { try $0.buffer.value.bytes() }
    let first = try model.inEvalMode { try model(input).bytes() }
    #expect(try model.inEvalMode { try model(input).bytes() } == first)
    #expect(try model.namedBuffers.map { try $0.buffer.value.bytes() } == statistics)
  }

  @Test("Also where they fail")
  func failures() throws {
    struct Broken: TrainingData {
      let count = 20
      let noun = "rows"
      let checksum: UInt32 = 0
      func batches(size: Int, seed: UInt64?, epoch: Int, first: Int, on device: Device) -> BatchStream {
        BatchStream { throw LatheError(.format, "row 3: broken") }
      }
    }
    let model = network()
    model.eval()
    let run = try trainer(model, Broken())
    for read in [
      { _ = try Evaluation(of: model, on: Broken(), classNames: ["a"], device: .cpu) },
      { _ = try ClassificationObjective().means(of: model, on: Broken(), device: .cpu) },
      { _ = try run.findLearningRate() },
    ] {
      #expect { try read() } throws: { says($0, "row 3") }
      #expect(modes(model) == [false, false])
    }
  }
}
