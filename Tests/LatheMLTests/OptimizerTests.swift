import LatheML
import Testing

@Suite("Optimizers")
struct OptimizerTests {
  /// Ten steps on sum((p - target)^2), against the rule written out in double.
  private func check(
    _ make: ([Parameter]) -> any Optimizer, rule: (_ p: inout Double, _ g: Double, _ t: Int) -> Void
  ) throws {
    let target = 0.3
    let parameter = Parameter(Tensor([Float(1), 1], device: .cpu))
    let optimizer = make([parameter])
    var expected = 1.0
    for t in 1...10 {
      let loss = (parameter.value - Float(target)).square().sum()
      optimizer.step(loss.gradients(of: [parameter]))
      rule(&expected, 2 * (expected - target), t)
      let values = try parameter.value.scalars(as: Float.self)
      #expect(values.allSatisfy { abs(Double($0) - expected) < 1e-5 }, "step \(t)")
    }
  }

  @Test("SGD with momentum, Nesterov and weight decay")
  func sgd() throws {
    var v = 0.0
    try check {
      SGD($0, learningRate: 0.1)
    } rule: { p, g, _ in
      p -= 0.1 * g
    }
    try check {
      SGD($0, learningRate: 0.1, momentum: 0.9, weightDecay: 0.01)
    } rule: { p, g, t in
      let g = g + 0.01 * p
      v = t == 1 ? g : 0.9 * v + g
      p -= 0.1 * v
    }
    try check {
      SGD($0, learningRate: 0.1, momentum: 0.9, nesterov: true)
    } rule: { p, g, t in
      v = t == 1 ? g : 0.9 * v + g
      p -= 0.1 * (g + 0.9 * v)
    }
  }

  @Test("Adam and AdamW")
  func adam() throws {
    for (decay, decoupled) in [(0.0, 0.0), (0.1, 0.0), (0.0, 0.1)] {
      var m = 0.0
      var v = 0.0
      try check {
        Adam($0, learningRate: 0.05, weightDecay: Float(decay), decoupledDecay: Float(decoupled))
      } rule: { p, g, t in
        let g = g + decay * p
        p -= 0.05 * decoupled * p
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        func power(_ x: Double) -> Double { (0..<t).reduce(1) { y, _ in y * x } }
        p -= 0.05 * (m / (1 - power(0.9))) / ((v / (1 - power(0.999))).squareRoot() + 1e-8)
      }
    }
  }
}
