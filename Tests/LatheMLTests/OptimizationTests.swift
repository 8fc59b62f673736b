import LatheML
import Testing

@Suite("Optimizer groups, clipping and averages")
struct OptimizationTests {
  @Test("Groups have their own learning rate and weight decay")
  func groups() throws {
    let model = Linear(2, 2, device: .cpu)
    let groups = model.decayGroups(weightDecay: 0.5)
    #expect(groups.map(\.weightDecay) == [0.5, 0])
    #expect(groups.map(\.parameters.count) == [1, 1])
    let before = try model.parameters.map { try $0.value.scalars(as: Float.self) }
    let optimizer = Adam(groups, learningRate: 0.1, decoupledDecay: 0)
    optimizer.step([Tensor.zeros([2, 2], device: .cpu), Tensor.zeros([2], device: .cpu)])
    // Without gradients only the decay acts: 1 - 0.1 * 0.5.
    let after = try model.parameters.map { try $0.value.scalars(as: Float.self) }
    #expect(zip(before[0], after[0]).allSatisfy { abs($0 * 0.95 - $1) < 1e-6 })
    #expect(before[1] == after[1])
    let scaled = SGD([ParameterGroup([model.weight], learningRateScale: 2)], learningRate: 0.1)
    scaled.step([Tensor.ones([2, 2], device: .cpu)])
    let moved = try model.weight.value.scalars(as: Float.self)
    #expect(zip(after[0], moved).allSatisfy { abs($0 - 0.2 - $1) < 1e-6 })
  }

  @Test("Clipping by norm and by value returns the norm before")
  func clipping() throws {
    let gradients = [Tensor([Float(3), 0], device: .cpu), Tensor([Float(-4)], device: .cpu)]
    let (byNorm, norm) = gradients.clipped(norm: 1)
    #expect(try norm.item() == 5)
    let (last, length) = (try byNorm[1].item(), try byNorm.globalNorm().item())
    #expect(abs(last + 0.8) < 1e-5 && abs(length - 1) < 1e-5)
    let (same, _) = gradients.clipped(norm: 10)
    #expect(try same[0].scalars(as: Float.self) == [3, 0])
    let (byValue, before) = gradients.clipped(value: 2)
    #expect(try byValue.map { try $0.scalars(as: Float.self) } == [[2, 0], [-2]])
    #expect(try before.item() == 5)
  }

  @Test("Penalties have the gradients of absolute values and squares")
  func penalties() throws {
    let parameters = [
      Parameter(Tensor([Float(3), -2], device: .cpu)), Parameter(Tensor([Float(0.5)], device: .cpu)),
    ]
    #expect(try parameters.l1Penalty().item() == 5.5)
    #expect(try parameters.l2Penalty().item() == 13.25)
    let one = parameters.l1Penalty().gradients(of: parameters)
    #expect(try one.map { try $0.scalars(as: Float.self) } == [[1, -1], [1]])
    let two = parameters.l2Penalty().gradients(of: parameters)
    #expect(try two.map { try $0.scalars(as: Float.self) } == [[6, -4], [1]])
  }

  @Test("A moving average follows the weights and lends itself")
  func average() throws {
    let parameter = Parameter(Tensor([Float(1)], device: .cpu))
    let average = ExponentialMovingAverage([parameter], decay: 0.75)
    var expected: Float = 1
    for value in [3, 5, -2] as [Float] {
      parameter.value = Tensor([value], device: .cpu)
      average.update()
      expected = 0.75 * expected + 0.25 * value
    }
    #expect(abs(try average.averages[0].item() - expected) < 1e-6)
    let lent = try average.withAverages { try parameter.value.item() }
    #expect(abs(lent - expected) < 1e-6)
    #expect(try parameter.value.item() == -2)
  }

  @Test("A state taken out and put back goes on with the same bits", arguments: Device.all)
  func resumed(_ device: Device) throws {
    func make() -> [(String, Parameter, any Optimizer)] {
      func p() -> Parameter { Parameter(Tensor([Float(1), -2, 0.5, 3], shape: [2, 2], device: device)) }
      func entry(_ name: String, _ make: ([Parameter]) -> any Optimizer) -> (String, Parameter, any Optimizer)
      {
        let parameter = p()
        return (name, parameter, make([parameter]))
      }
      return [
        entry("Adam") { Adam($0) }, entry("SGD") { SGD($0, learningRate: 0.1, momentum: 0.9) },
        entry("Adagrad") { Adagrad($0, initialSum: 0.1) },
        entry("RMSprop") { RMSprop($0, momentum: 0.5, isCentered: true) }, entry("Lion") { Lion($0) },
        entry("LAMB") { LAMB($0) }, entry("Adafactor") { Adafactor($0) },
      ]
    }
    func gradient(_ step: Int) -> [Tensor] {
      [Tensor.normal([2, 2], generator: Generator(seed: UInt64(step)), device: device)]
    }
    for ((name, whole, one), (_, part, two)) in zip(make(), make()) {
      for step in 0..<6 { one.step(gradient(step)) }
      for step in 0..<3 { two.step(gradient(step)) }
      let bytes = try two.state.slots.mapValues { try $0.map { try $0.bytes() } }
      let fresh = Parameter(part.value)
      let third = try #require(make().first { $0.0 == name }).2
      // The fresh optimizer has a parameter of its own, which takes the value over.
      let parameter = third.parameters[0]
      parameter.value = fresh.value
      third.state = two.state
      #expect(try third.state.slots.mapValues { try $0.map { try $0.bytes() } } == bytes)
      for step in 3..<6 { third.step(gradient(step)) }
      #expect(try parameter.value.bytes() == whole.value.bytes(), "\(name) on \(device)")
    }
  }
}
