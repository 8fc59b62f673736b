import LatheML
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
    var lr_decay: Float?
    var initial_accumulator_value: Float?
    var alpha: Float?
    var centered: Bool?
    var d: Float?
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
    case "Adagrad":
      return Adagrad(
        parameters, learningRate: options.lr, learningRateDecay: options.lr_decay ?? 0, weightDecay: decay,
        initialSum: options.initial_accumulator_value ?? 0, epsilon: options.eps ?? 1e-10)
    case "RMSprop":
      return RMSprop(
        parameters, learningRate: options.lr, alpha: options.alpha ?? 0.99, epsilon: options.eps ?? 1e-8,
        weightDecay: decay, momentum: options.momentum ?? 0, isCentered: options.centered ?? false)
    case "Adafactor":
      return Adafactor(
        parameters, learningRate: options.lr, clipping: options.d ?? 1, weightDecay: decay)
    case "Lion":
      return Lion(
        parameters, learningRate: options.lr, betas: (betas.0, options.betas?[1] ?? 0.99), weightDecay: decay)
    case "LAMB":
      return LAMB(
        parameters, learningRate: options.lr, betas: betas, epsilon: options.eps ?? 1e-6,
        weightDecay: options.weight_decay ?? 0.01)
    default: throw FixtureError("\(name): no optimizer '\(optimizer)'")
    }
  }
}

/// Ten steps of every optimizer against PyTorch's.
@Suite(.serialized) struct OptimizerFixtureTests {
  @Test func cpu() throws { try run(on: .cpu) }

  @Test(.enabled(if: TestDevice.runsOpenCL, "no OpenCL device")) func openCL() throws {
    try TestDevice.onOpenCL("cpu") { try run(on: $0) }
  }

  private func run(on device: Device) throws {
    let fixtures = try ["optimizers", "training_optimizers"].flatMap {
      try FixtureFile.load($0, as: OptimizerFixture.self)
    }
    for fixture in fixtures {
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
