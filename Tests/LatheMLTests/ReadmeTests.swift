import DataTestSupport
import LatheML
import Testing

/// The examples of README.md on training, as they stand there, on small data.
@Suite("Examples of the README")
struct ReadmeTests {
  @Test("A program of one's own")
  func program() throws {
    let device = Device.cpu
    let images = IDXFiles.dataset(count: 80, seed: 1)
    let model = Sequential {
      Conv2D(1, 10, kernel: 5)
      MaxPool2D(2)
      ReLU()
      Conv2D(10, 20, kernel: 5)
      MaxPool2D(2)
      ReLU()
      Flatten()
      Linear(320, 50)
      ReLU()
      Linear(50, 10)
    }.moved(to: device)
    let optimizer = Adam(model.parameters, learningRate: 1e-3)
    var losses: [Float] = []
    for _ in 0..<4 {
      for batch in DataLoader(images, batchSize: 16, shuffled: true, on: device) {
        let loss = crossEntropy(model(batch.inputs), batch.labels)
        optimizer.step(loss.gradients(of: model.parameters))
        losses.append(try loss.item())
      }
    }
    #expect((losses.last ?? 9) < (losses.first ?? 0))
  }

  @Test("A summary, a frozen layer, and groups without weight decay")
  func groups() throws {
    let model = LeNet.model(generator: Generator(seed: 1), device: .cpu)
    #expect(model.summary(input: [64, 1, 28, 28]).description.contains("Total params: 21840"))
    model.freeze("0")
    let groups = model.decayGroups(weightDecay: 0.05)
    let adamW = Adam(groups, learningRate: 1e-3, decoupledDecay: 0)
    let before = try model.parameters.map { try $0.value.bytes() }
    let loss = crossEntropy(
      model(Tensor.ones([2, 1, 28, 28], device: .cpu)), Tensor([Int32(1), 2], device: .cpu))
    adamW.step(loss.gradients(of: adamW.parameters))
    let after = try model.parameters.map { try $0.value.bytes() }
    #expect(before[0] == after[0] && before[1] == after[1] && before[2] != after[2])
  }
}
