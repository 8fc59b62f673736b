import CPUKernels
import LatheCore

extension CPUBackend {
  package func adam(_ step: AdamStep, count: Int, inputs: [Operand], outputs: [Operand]) throws {
    counters.launched()
    let constants = lathe_adam_step(
      beta1: step.beta1, beta2: step.beta2, epsilon: step.epsilon, weight_decay: step.weightDecay,
      keep: 1 - step.learningRate * step.decoupledDecay, step_size: step.stepSize,
      scale2: 1 / step.correction2)
    let sizes = (0..<count).map { inputs[4 * $0].elementCount }
    withUnsafePointer(to: constants) { constants in
      forEachPart(sizes) { tensor, range in
        func input(_ i: Int) -> UnsafeMutablePointer<Float> {
          inputs[4 * tensor + i].pointer(as: Float.self) + range.lowerBound
        }
        func output(_ i: Int) -> UnsafeMutablePointer<Float> {
          outputs[3 * tensor + i].pointer(as: Float.self) + range.lowerBound
        }
        lathe_adam(
          constants, input(0), input(1), input(2), input(3), output(0), output(1), output(2), range.count)
      }
    }
  }

  package func sgd(_ step: SGDStep, count: Int, inputs: [Operand], outputs: [Operand]) throws {
    counters.launched()
    let constants = lathe_sgd_step(
      learning_rate: step.learningRate, momentum: step.momentum, dampening: step.dampening,
      weight_decay: step.weightDecay, nesterov: step.nesterov, is_first: step.isFirst)
    let hasMomentum = step.momentum != 0
    let (arguments, results) = hasMomentum ? (3, 2) : (2, 1)
    let sizes = (0..<count).map { inputs[arguments * $0].elementCount }
    withUnsafePointer(to: constants) { constants in
      forEachPart(sizes) { tensor, range in
        func input(_ i: Int) -> UnsafeMutablePointer<Float> {
          inputs[arguments * tensor + i].pointer(as: Float.self) + range.lowerBound
        }
        func output(_ i: Int) -> UnsafeMutablePointer<Float> {
          outputs[results * tensor + i].pointer(as: Float.self) + range.lowerBound
        }
        lathe_sgd(
          constants, input(0), input(1), hasMomentum ? input(2) : nil, output(0),
          hasMomentum ? output(1) : nil, range.count)
      }
    }
  }
}
