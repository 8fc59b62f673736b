import LatheML
import TestSupport
import Testing

@Suite("Parameter groups and optimizers of one's own")
struct ParameterGroupTests {
  private static func parameter(_ values: [Float]) -> Parameter { Parameter(Tensor(values, device: .cpu)) }

  private static func values(_ parameter: Parameter) throws -> [Float] {
    try parameter.value.scalars(as: Float.self)
  }

  /// Gradients that differ from step to step.
  private static func gradients(_ parameters: [Parameter], _ step: Int) -> [Tensor] {
    parameters.map { parameter in
      Tensor((0..<parameter.shape.elementCount).map { Float(step * 3 + $0) / 7 - 1 }, device: .cpu)
    }
  }

  private typealias Make = @Sendable ([ParameterGroup], _ own: Bool) -> GroupedOptimizer

  /// Each optimizer, and a hyper-parameter of a group; `own` gives it the value as the optimizer's own.
  private static let cases: [(name: String, Hyperparameter, Float, Make)] = [
    ("SGD", .momentum, 0.5, { SGD($0, learningRate: 0.1, momentum: $1 ? 0.5 : 0) }),
    ("SGD", .dampening, 0.25, { SGD($0, learningRate: 0.1, momentum: 0.9, dampening: $1 ? 0.25 : 0) }),
    ("Adam", .beta1, 0.5, { Adam($0, betas: ($1 ? 0.5 : 0.9, 0.999)) }),
    ("Adam", .beta2, 0.9, { Adam($0, betas: (0.9, $1 ? 0.9 : 0.999)) }),
    ("Adam", .epsilon, 0.1, { Adam($0, epsilon: $1 ? 0.1 : 1e-8) }),
    ("Adagrad", .learningRateDecay, 0.5, { Adagrad($0, learningRateDecay: $1 ? 0.5 : 0) }),
    ("Adagrad", .initialSum, 2, { Adagrad($0, initialSum: $1 ? 2 : 0) }),
    ("RMSprop", .momentum, 0.5, { RMSprop($0, momentum: $1 ? 0.5 : 0) }),
    ("RMSprop", .alpha, 0.5, { RMSprop($0, alpha: $1 ? 0.5 : 0.99, isCentered: true) }),
    ("Lion", .beta2, 0.5, { Lion($0, betas: (0.9, $1 ? 0.5 : 0.99)) }),
    ("LAMB", .epsilon, 0.1, { LAMB($0, epsilon: $1 ? 0.1 : 1e-6) }),
    ("Adafactor", .clipping, 0.1, { Adafactor($0, clipping: $1 ? 0.1 : 1) }),
    ("Adafactor", .decay, -0.3, { Adafactor($0, decay: $1 ? -0.3 : -0.8) }),
  ]

  @Test(
    "A group with a hyper-parameter of its own moves as if the optimizer had it", arguments: cases.indices)
  func hyperparameters(_ number: Int) throws {
    let (name, hyperparameter, value, make) = Self.cases[number]
    let together = [Self.parameter([1, -2, 3]), Self.parameter([0.5, 4])]
    let apart = [Self.parameter([1, -2, 3]), Self.parameter([0.5, 4])]
    let grouped = make(
      [
        ParameterGroup([together[0]]),
        ParameterGroup([together[1]], hyperparameters: [hyperparameter: value]),
      ],
      false)
    let alone = [make([ParameterGroup([apart[0]])], false), make([ParameterGroup([apart[1]])], true)]
    #expect(grouped.value(of: hyperparameter, inGroup: 1) == value)
    for step in 1...4 {
      let gradients = Self.gradients(together, step)
      grouped.step(gradients)
      for (optimizer, gradient) in zip(alone, gradients) { optimizer.step([gradient]) }
      for (a, b) in zip(together, apart) {
        #expect(try Self.values(a) == Self.values(b), "\(name), step \(step)")
      }
    }
  }

  @Test("A group added later begins as a new optimizer does", arguments: cases.indices)
  func addedLater(_ number: Int) throws {
    let (name, hyperparameter, value, make) = Self.cases[number]
    let together = [Self.parameter([1, -2, 3]), Self.parameter([0.5, 4])]
    let apart = [Self.parameter([1, -2, 3]), Self.parameter([0.5, 4])]
    let optimizer = make([ParameterGroup([together[0]])], false)
    let first = make([ParameterGroup([apart[0]])], false)
    for step in 1...3 {
      optimizer.step(Self.gradients([together[0]], step))
      first.step(Self.gradients([apart[0]], step))
    }
    optimizer.addGroup(ParameterGroup([together[1]], hyperparameters: [hyperparameter: value]))
    let second = make([ParameterGroup([apart[1]])], true)
    for step in 4...6 {
      let gradients = Self.gradients(together, step)
      optimizer.step(gradients)
      first.step([gradients[0]])
      second.step([gradients[1]])
    }
    for (a, b) in zip(together, apart) { #expect(try Self.values(a) == Self.values(b), "\(name)") }

    // The state of all that, in an optimizer whose groups were there from the start.
    let copies = try together.map { Self.parameter(try Self.values($0)) }
    let resumed = make([ParameterGroup([copies[0]])], false)
    resumed.addGroup(ParameterGroup([copies[1]], hyperparameters: [hyperparameter: value]))
    resumed.state = optimizer.state
    for step in 7...8 {
      optimizer.step(Self.gradients(together, step))
      resumed.step(Self.gradients(copies, step))
    }
    for (a, b) in zip(together, copies) { #expect(try Self.values(a) == Self.values(b), "\(name), resumed") }
  }

  @Test("A hyper-parameter that was changed is part of the state")
  func changed() throws {
    let parameter = Self.parameter([1, 2])
    let optimizer = SGD([parameter], learningRate: 0.1, momentum: 0.9)
    optimizer.step(Self.gradients([parameter], 1))
    #expect(optimizer.state.scalars.isEmpty)
    optimizer.set(.momentum, to: 0.25)
    optimizer.set(.learningRateScale, to: 0.5, inGroup: 0)
    #expect(optimizer.groups[0].hyperparameters[.momentum] == 0.25)
    #expect(optimizer.groups[0].learningRateScale == 0.5)
    let copy = Self.parameter(try Self.values(parameter))
    let resumed = SGD([copy], learningRate: 0.1, momentum: 0.9)
    resumed.state = optimizer.state
    optimizer.step(Self.gradients([parameter], 2))
    resumed.step(Self.gradients([copy], 2))
    #expect(try Self.values(parameter) == Self.values(copy))
    #expect(resumed.value(of: .momentum) == 0.25)
  }

  @Test("What an optimizer does not know, or could not remember, ends with a message")
  func mistakes() async {
    await #expect(processExitsWith: .failure) {
      MistakePlace.hide()
      let parameter = Parameter(Tensor([Float(1)], device: .cpu))
      _ = SGD([ParameterGroup([parameter], hyperparameters: [.beta1: 0.5])], learningRate: 0.1)
    }
    await #expect(processExitsWith: .failure) {
      MistakePlace.hide()
      let parameter = Parameter(Tensor([Float(1)], device: .cpu))
      SGD([parameter], learningRate: 0.1).set(.momentum, to: 0.9)
    }
    await #expect(processExitsWith: .failure) {
      MistakePlace.hide()
      let parameter = Parameter(Tensor([Float(1)], device: .cpu))
      SGD([parameter], learningRate: 0.1).addGroup(ParameterGroup([parameter]))
    }
  }
}
