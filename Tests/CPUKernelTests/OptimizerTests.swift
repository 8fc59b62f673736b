import LatheCore
import LatheCPU
import Testing

@Suite struct OptimizerTests {
  private static let sizes = [1, 7, 16, 33, 50_000]

  @Test(arguments: [true, false]) func adam(inPlace: Bool) throws {
    let step = AdamStep(
      learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.02, decoupledDecay: 0.1,
      stepSize: 0.05, correction2: 0.3)
    var numbers = Numbers(21)
    var inputs: [Operand] = []
    var expected: [[Double]] = []
    for size in Self.sizes {
      let (p, g, m) = (numbers.floats(size), numbers.floats(size), numbers.floats(size))
      let v = numbers.floats(size).map { abs($0) }
      for values in [p, g, m, v] { inputs.append(try Kernel.operand(values)) }
      var results: [[Double]] = [[], [], []]
      for i in 0..<size {
        let d = Double(g[i]) + Double(step.weightDecay) * Double(p[i])
        let m1 = Double(step.beta1) * Double(m[i]) + (1 - Double(step.beta1)) * d
        let v1 = Double(step.beta2) * Double(v[i]) + (1 - Double(step.beta2)) * d * d
        let keep = 1 - Double(step.learningRate) * Double(step.decoupledDecay)
        results[0].append(
          Double(p[i]) * keep - Double(step.stepSize) * m1
            / (v1.squareRoot() / Double(step.correction2) + Double(step.epsilon)))
        results[1].append(m1)
        results[2].append(v1)
      }
      expected += results
    }
    let outputs = try expected.indices.map {
      inPlace ? inputs[$0 / 3 * 4 + [0, 2, 3][$0 % 3]] : try Kernel.output(expected[$0].count)
    }
    try CPUBackend.shared.run(.adam(step, count: Self.sizes.count), inputs: inputs, outputs: outputs)
    for (output, values) in zip(outputs, expected) { expectClose(try Kernel.floats(output), values, "adam") }
  }

  @Test(arguments: [(0, false, false), (0.9, false, false), (0.9, false, true), (0.9, true, false)])
  func sgd(momentum: Float, nesterov: Bool, isFirst: Bool) throws {
    let step = SGDStep(
      learningRate: 0.1, momentum: momentum, dampening: nesterov ? 0 : 0.2, weightDecay: 0.01,
      nesterov: nesterov, isFirst: isFirst)
    for inPlace in [true, false] {
      var numbers = Numbers(22)
      var (inputs, outputs): ([Operand], [Operand]) = ([], [])
      var expected: [[Double]] = []
      for size in Self.sizes {
        let (p, g, v) = (numbers.floats(size), numbers.floats(size), numbers.floats(size))
        let operands = try [p, g, v].prefix(momentum == 0 ? 2 : 3).map { try Kernel.operand($0) }
        inputs += operands
        let targets = momentum == 0 ? [operands[0]] : [operands[0], operands[2]]
        outputs += try targets.map { inPlace ? $0 : try Kernel.output(size) }
        var (newP, newV) = ([Double](), [Double]())
        for i in 0..<size {
          var d = Double(g[i]) + Double(step.weightDecay) * Double(p[i])
          if momentum != 0 {
            let next =
              isFirst ? d : Double(momentum) * Double(v[i]) + (1 - Double(step.dampening)) * d
            d = nesterov ? d + Double(momentum) * next : next
            newV.append(next)
          }
          newP.append(Double(p[i]) - Double(step.learningRate) * d)
        }
        expected += momentum == 0 ? [newP] : [newP, newV]
      }
      try CPUBackend.shared.run(.sgd(step, count: Self.sizes.count), inputs: inputs, outputs: outputs)
      for (output, values) in zip(outputs, expected) { expectClose(try Kernel.floats(output), values, "sgd") }
    }
  }
}
