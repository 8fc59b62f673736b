import Foundation
import Lathe
import TestSupport
import Testing

extension AllTests {
  /// The fused optimizer kernels against the formulas in float64, on sizes around those of a kernel's blocks.
  @Suite("Optimizer kernels", .serialized)
  struct OptimizerKernels {
    private static let shapes: [[Int]] = [[7], [], [33, 3], [1], [0], [256], [65, 31], [1, 5, 5, 5]]

    private static func inputs(_ name: String, _ values: Values = .uniform(-1, 1)) -> [NDArray] {
      shapes.enumerated().map { InputSpec.float($1, values).array(seed: "\(name)\($0)") }
    }

    private static func tensors(_ arrays: [NDArray], _ device: Device) -> [Tensor] {
      arrays.map { $0.tensor(.float32, on: device) }
    }

    private func expectEqual(_ found: [Tensor], _ expected: [NDArray], _ what: String) {
      for (i, (tensor, array)) in zip(found, expected).enumerated() {
        if let problem = mismatch(tensor, array, .float32, Tolerance(5e-6, floor: 0.1)) {
          Issue.record("\(what) \(i) \(problem)")
        }
      }
    }

    @Test(arguments: TestDevice.all, [true, false])
    func judged(_ device: Device, _ inPlace: Bool) throws {
      func lists() -> [[Tensor]] {
        ["p", "m", "v"].map { OptimizerKernels.tensors(OptimizerKernels.inputs($0, .uniform(0, 1)), device) }
      }
      let gradients = OptimizerKernels.tensors(OptimizerKernels.inputs("g"), device)
      let bad = gradients.map { $0 * Float.nan }
      let adam = AdamStep(
        learningRate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-6, weightDecay: 0.1, decoupledDecay: 0.1,
        stepSize: 0.2, correction2: 0.3)
      var other = adam
      (other.stepSize, other.correction2) = (7, 8)
      let sgd = SGDStep(
        learningRate: 0.1, momentum: 0.9, dampening: 0.5, weightDecay: 0.1, nesterov: false, isFirst: true)
      var later = sgd
      later.isFirst = false
      func verdict(_ numbers: [Float]) -> Tensor { Tensor(numbers, device: device) }
      /// What becomes of the lists, which somebody else holds unless the step is in place.
      func after(_ step: (inout [[Tensor]]) -> Void) throws -> [[[UInt8]]] {
        var changed = lists()
        for tensor in changed.joined() { try tensor.computed() }
        let held = inPlace ? [] : changed
        step(&changed)
        return try withExtendedLifetime(held) { try changed.map { try $0.map { try $0.bytes() } } }
      }
      func adamStep(_ step: AdamStep, _ gradients: [Tensor], _ verdict: Tensor?) throws -> [[[UInt8]]] {
        try after { lists in
          var (m, v) = (lists[1], lists[2])
          lists.removeLast(2)
          FusedOptimizer.adam(
            step, parameters: &lists[0], gradients: gradients, m: &m, v: &v, verdict: verdict)
          lists += [m, v]
        }
      }
      func sgdStep(_ step: SGDStep, _ gradients: [Tensor], _ verdict: Tensor?) throws -> [[[UInt8]]] {
        try after { lists in
          var velocities = lists[1]
          lists.remove(at: 1)
          FusedOptimizer.sgd(
            step, parameters: &lists[0], gradients: gradients, velocities: &velocities, verdict: verdict)
          lists.insert(velocities, at: 1)
        }
      }
      let unchanged = try after { _ in }
      #expect(
        try adamStep(other, gradients, verdict([1, 0.2, 0.3])) == adamStep(adam, gradients, nil))
      #expect(try adamStep(adam, bad, verdict([0, 0, 0])) == unchanged)
      for (step, first) in [(sgd, Float(1)), (later, 0)] {
        #expect(try sgdStep(sgd, gradients, verdict([1, first])) == sgdStep(step, gradients, nil))
      }
      #expect(try sgdStep(sgd, bad, verdict([0, 0])) == unchanged)
    }

    @Test(arguments: TestDevice.all, [0, 0.02] as [Float])
    func adam(_ device: Device, _ decay: Float) throws {
      var p = OptimizerKernels.inputs("p")
      var m = p.map { $0.map { _ in 0 } }
      var v = m
      var parameters = OptimizerKernels.tensors(p, device)
      var first = OptimizerKernels.tensors(m, device)
      var second = OptimizerKernels.tensors(v, device)
      for t in 1...3 {
        let g = OptimizerKernels.inputs("gradient \(t)")
        let correction = (1 - Foundation.pow(0.99, Double(t))).squareRoot()
        let step = AdamStep(
          learningRate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-6, weightDecay: decay,
          decoupledDecay: decay * 2,
          stepSize: Float(0.1 / (1 - Foundation.pow(0.9, Double(t)))), correction2: Float(correction))
        FusedOptimizer.adam(
          step, parameters: &parameters, gradients: OptimizerKernels.tensors(g, device), m: &first, v: &second
        )
        for i in p.indices {
          for j in p[i].values.indices {
            let x = p[i].values[j]
            let gradient = g[i].values[j] + Double(decay) * x
            m[i].values[j] = 0.9 * m[i].values[j] + 0.1 * gradient
            v[i].values[j] = 0.99 * v[i].values[j] + 0.01 * gradient * gradient
            p[i].values[j] =
              x * (1 - 0.1 * 2 * Double(decay)) - Double(step.stepSize) * m[i].values[j]
              / (v[i].values[j].squareRoot() / correction + 1e-6)
          }
        }
        expectEqual(parameters, p, "step \(t) parameter")
        expectEqual(first, m, "step \(t) m")
        expectEqual(second, v, "step \(t) v")
      }
    }

    @Test(
      arguments: TestDevice.all,
      [(0, 0, 0, false), (0, 0, 0.1, false), (0.9, 0, 0, false), (0.9, 0.1, 0.1, false), (0.9, 0, 0.1, true)]
        as [(Float, Float, Float, Bool)])
    func gradientDescent(_ device: Device, _ settings: (Float, Float, Float, Bool)) throws {
      let (momentum, dampening, decay, nesterov) = settings
      var p = OptimizerKernels.inputs("p")
      var v = p.map { $0.map { _ in 0 } }
      var parameters = OptimizerKernels.tensors(p, device)
      var velocities = momentum == 0 ? [] : OptimizerKernels.tensors(v, device)
      for t in 0..<3 {
        let g = OptimizerKernels.inputs("gradient \(t)")
        let step = SGDStep(
          learningRate: 0.1, momentum: momentum, dampening: dampening, weightDecay: decay, nesterov: nesterov,
          isFirst: t == 0)
        FusedOptimizer.sgd(
          step, parameters: &parameters, gradients: OptimizerKernels.tensors(g, device),
          velocities: &velocities)
        for i in p.indices {
          for j in p[i].values.indices {
            var gradient = g[i].values[j] + Double(decay) * p[i].values[j]
            if momentum != 0 {
              v[i].values[j] =
                t == 0 ? gradient : Double(momentum) * v[i].values[j] + Double(1 - dampening) * gradient
              gradient = nesterov ? gradient + Double(momentum) * v[i].values[j] : v[i].values[j]
            }
            p[i].values[j] -= 0.1 * gradient
          }
        }
        expectEqual(parameters, p, "step \(t) parameter")
        if momentum != 0 { expectEqual(velocities, v, "step \(t) velocity") }
      }
    }

    /// Values are immutable: who holds a parameter or a state keeps what it was.
    @Test(arguments: TestDevice.all)
    func heldTensorsKeepTheirValues(_ device: Device) throws {
      var parameters = [Tensor([1, 2, 3] as [Float], device: device)]
      var m = [Tensor([0.5, 0.5, 0.5] as [Float], device: device)]
      var v = [Tensor([0.25, 0.25, 0.25] as [Float], device: device)]
      let held = (parameters[0], m[0], v[0])
      let view = parameters[0].flipped([0])
      let step = AdamStep(
        learningRate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-6, weightDecay: 0, decoupledDecay: 0,
        stepSize: 0.1,
        correction2: 1)
      FusedOptimizer.adam(
        step, parameters: &parameters, gradients: [Tensor.ones([3], device: device)], m: &m, v: &v)
      #expect(try parameters[0].scalars(as: Float.self) != [1, 2, 3])
      #expect(try held.0.scalars(as: Float.self) == [1, 2, 3])
      #expect(try view.scalars(as: Float.self) == [3, 2, 1])
      #expect(try held.1.scalars(as: Float.self) == [0.5, 0.5, 0.5])
      #expect(try held.2.scalars(as: Float.self) == [0.25, 0.25, 0.25])
    }

    @Test(arguments: TestDevice.all)
    func unsharedMemoryIsUpdatedInPlace(_ device: Device) throws {
      let shape: Shape = [100, 100]
      func make(_ value: Float) throws -> [Tensor] {
        [try (Tensor.full(shape, value, device: device) + Tensor([0] as [Float], device: device)).computed()]
      }
      var parameters = try make(1)
      var m = try make(0)
      var v = try make(0)
      let gradients = try make(0.5)
      let before = device.counters
      let step = AdamStep(
        learningRate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-6, weightDecay: 0, decoupledDecay: 0,
        stepSize: 0.1,
        correction2: 1)
      for _ in 0..<3 {
        FusedOptimizer.adam(step, parameters: &parameters, gradients: gradients, m: &m, v: &v)
      }
      #expect(device.counters.launches - before.launches == 3)
      #expect(device.counters.peakBytes == Swift.max(before.peakBytes, before.bytesInUse))
      #expect(device.counters.bytesInUse <= before.bytesInUse)
    }
  }
}
