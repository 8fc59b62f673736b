import LatheNN
import TestSupport
import Testing

/// Ten steps of an optimizer with given gradients, and the parameters after each.
struct OptimizerFixture: Decodable, Sendable {
  /// PyTorch's keywords.
  struct Options: Decodable, Sendable {
    var lr: Float
    var momentum: Float?
    var nesterov: Bool?
    var weight_decay: Float?
    var betas: [Float]?
    var eps: Float?
  }

  var name: String
  var optimizer: String
  var options: Options
  var start: [FixtureArray]
  var gradients: [[[Double]]]
  var after: [[[Double]]]

  /// The optimizer by Lathe's names.
  func make(_ parameters: [Parameter]) throws -> any Optimizer {
    let decay = options.weight_decay ?? 0
    let betas = (options.betas?[0] ?? 0.9, options.betas?[1] ?? 0.999)
    switch optimizer {
    case "SGD":
      return SGD(
        parameters, learningRate: options.lr, momentum: options.momentum ?? 0, weightDecay: decay,
        nesterov: options.nesterov ?? false)
    case "Adam":
      return Adam(
        parameters, learningRate: options.lr, betas: betas, epsilon: options.eps ?? 1e-8, weightDecay: decay)
    case "AdamW":
      return Adam(
        parameters, learningRate: options.lr, betas: betas, epsilon: options.eps ?? 1e-8,
        decoupledDecay: decay)
    default: throw FixtureError("\(name): no optimizer '\(optimizer)'")
    }
  }
}

/// Ten steps of every optimizer on every device against PyTorch's.
@Suite(.serialized) struct OptimizerFixtureTests {
  @Test func cpu() throws { try run(on: .cpu) }

  @Test(.enabled(if: TestDevice.runsOpenCL, "no OpenCL device"), arguments: ["cpu", "gpu"])
  func openCL(profile: String) throws {
    let devices = TestDevice.openCL(profile)
    try #require(!devices.isEmpty, "no OpenCL device")
    for device in devices { try run(on: device) }
  }

  private func run(on device: Device) throws {
    for fixture in try FixtureFile.load("optimizers", as: OptimizerFixture.self) {
      let parameters = try fixture.start.map { Parameter(try $0.tensor(on: device)) }
      let optimizer = try fixture.make(parameters)
      for (step, gradients) in fixture.gradients.enumerated() {
        optimizer.step(
          zip(parameters, gradients).map { parameter, values in
            Tensor(values.map { Float($0) }, shape: parameter.shape, device: device)
          })
        for (index, parameter) in parameters.enumerated() {
          expectClose(
            try parameter.value.scalars(as: Float.self), fixture.after[step][index],
            "\(fixture.name) on \(TestDevice.describe(device)), step \(step + 1), parameter \(index)",
            tolerance: 1e-5)
        }
      }
    }
  }
}
