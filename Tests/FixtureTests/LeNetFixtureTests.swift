import LatheML
import TestSupport
import Testing

/// Five steps of Adam on LeNet.
struct LeNetFixture: Decodable, Sendable {
  /// Pixels.
  struct Images: Decodable, Sendable {
    var shape: [Int]
    var values: [UInt8]
  }

  var parameters: [FixtureArray]
  var images: Images
  var labels: [Int32]
  var learning_rate: Float
  var first_logits: [Double]
  var first_gradient_norms: [Double]
  var losses: [Double]
}

/// The main job's network, loss, gradients and optimizer together against PyTorch's.
@Suite(.serialized) struct LeNetFixtureTests {
  @Test func cpu() throws { try run(on: .cpu) }

  @Test(.enabled(if: TestDevice.runsOpenCL, "no OpenCL device"), arguments: ["cpu", "gpu"])
  func openCL(profile: String) throws {
    try TestDevice.onOpenCL(profile) { try run(on: $0) }
  }

  private func run(on device: Device) throws {
    let fixture = try #require(try FixtureFile.load("lenet", as: LeNetFixture.self).first)
    let name = TestDevice.describe(device)
    let model = LeNet.model(generator: Generator(seed: 0), device: device)
    let parameters = model.parameters
    try #require(parameters.count == fixture.parameters.count)
    for (parameter, start) in zip(parameters, fixture.parameters) {
      parameter.value = try start.tensor(on: device)
    }
    let images =
      Tensor(fixture.images.values, shape: Shape(fixture.images.shape), device: device).cast(to: .float32)
      / 255
    let labels = Tensor(fixture.labels, device: device)
    let optimizer = Adam(parameters, learningRate: fixture.learning_rate)
    for (step, expected) in fixture.losses.enumerated() {
      let logits = model(images)
      let loss = crossEntropy(logits, labels)
      let gradients = loss.gradients(of: parameters)
      if step == 0 {
        expectClose(try logits.scalars(as: Float.self), fixture.first_logits, "logits on \(name)")
        expectClose(
          try gradients.map { try $0.square().sum().sqrt().item() }, fixture.first_gradient_norms,
          "gradient norms on \(name)")
      }
      expectClose([try loss.item()], [expected], "loss of step \(step + 1) on \(name)", tolerance: 1e-4)
      optimizer.step(gradients)
    }
  }
}
