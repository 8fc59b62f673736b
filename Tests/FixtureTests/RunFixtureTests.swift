import LatheML
import TestSupport
import Testing

/// Ten steps of a whole training in PyTorch; see scripts/make-run-fixtures.py.
struct RunFixture: Decodable, Sendable {
  var name: String
  /// Weights and buffers by dotted path.
  var start: [String: FixtureArray]
  var inputs: FixtureArray
  var labels: FixtureArray
  /// Per step: the loss, the gradients' length before clipping, the learning rate.
  var losses: [Double], norms: [Double], rates: [Double]
  var end: [String: [Double]]
}

/// A model with everything that changes it.
struct FixtureRun {
  var model: any Module
  var optimizer: any Optimizer
  var schedule: LearningRateSchedule
  var clipping: GradientClipping

  init(_ name: String, _ device: Device) throws {
    switch name {
    case "gpt":
      let gpt = GPT(vocabulary: 11, length: 6, width: 8, heads: 2, layers: 2, device: device)
      model = gpt
      optimizer = Adam(
        gpt.decayGroups(weightDecay: 0.1), learningRate: 0.01, betas: (0.9, 0.95), epsilon: 1e-5,
        decoupledDecay: 0)
      schedule = .warmupCosine(warmup: 3, steps: 12)
      clipping = .norm(0.5)
    case "resnet":
      func convolution(_ from: Int, _ to: Int, kernel: Int, stride: Int = 1) -> [any Module] {
        [
          Conv2D(from, to, kernel: kernel, stride: stride, padding: kernel / 2, bias: false, device: device),
          BatchNorm2D(to, device: device),
        ]
      }
      let body = Sequential(
        convolution(4, 6, kernel: 3, stride: 2) + [ReLU()] + convolution(6, 6, kernel: 3))
      let network = Sequential(
        convolution(1, 4, kernel: 3) + [
          ReLU(), Residual(body, shortcut: Sequential(convolution(4, 6, kernel: 1, stride: 2))), ReLU(),
          GlobalAveragePool2D(), Linear(6, 3, device: device),
        ])
      model = network
      optimizer = SGD(
        network.parameters, learningRate: 0.05, momentum: 0.9, weightDecay: 0.01, nesterov: true)
      schedule = .exponential(decay: 0.9)
      clipping = .norm(1)
    case "char-lstm":
      let network = CharacterLSTM(vocabulary: 7, width: 4, size: 5, dropout: 0, device: device)
      model = network
      optimizer = RMSprop(network.parameters, learningRate: 0.01)
      schedule = .constant
      clipping = .norm(0.3)
    default: throw FixtureError("no run '\(name)'")
    }
  }
}

/// Models, losses, clipping, schedules and optimizers together: all on the CPU, one with the kernels of each OpenCL profile.
@Suite(.serialized) struct RunFixtureTests {
  @Test(arguments: ["gpt", "resnet", "char-lstm"]) func cpu(_ name: String) throws { try run(name, on: .cpu) }

  @Test(
    .enabled(if: TestDevice.runsOpenCL, "no OpenCL device"), arguments: [("gpt", "cpu"), ("resnet", "gpu")])
  func openCL(_ name: String, profile: String) throws {
    try TestDevice.onOpenCL(profile) { try run(name, on: $0) }
  }

  private func run(_ name: String, on device: Device) throws {
    let fixtures = try FixtureFile.load("runs", as: RunFixture.self)
    let fixture = try #require(fixtures.first { $0.name == name })
    let what = "\(name) on \(TestDevice.describe(device))"
    let setup = try FixtureRun(name, device)
    try setup.model.load(fixture.start.mapValues { try $0.tensor(on: device) }, from: name)
    let base = setup.optimizer.learningRate
    let inputs = try fixture.inputs.tensor(on: device)
    let labels = try fixture.labels.tensor(on: device)
    let parameters = setup.optimizer.parameters
    for (step, expected) in fixture.losses.enumerated() {
      setup.optimizer.learningRate = setup.schedule.learningRate(base, step: step)
      let loss = crossEntropy(setup.model(inputs), labels)
      let clipped = setup.clipping(loss.gradients(of: parameters))
      let norm = try #require(clipped.norm)
      expectClose([try loss.item()], [expected], "\(what), loss of step \(step + 1)")
      expectClose(
        [try norm.item()], [fixture.norms[step]], "\(what), norm of step \(step + 1)", tolerance: 1e-4)
      expectClose([setup.optimizer.learningRate], [fixture.rates[step]], "\(what), learning rate")
      setup.optimizer.step(clipped.gradients)
    }
    for (path, tensor) in setup.model.state {
      let expected = try #require(fixture.end[path], "\(what): no \(path) at the end")
      expectClose(
        try tensor.scalars(as: Float.self), expected, "\(what), \(path) at the end", tolerance: 1e-4)
    }
  }
}
