import CPUKernels
import LatheCore

extension CPUBackend {
  package func adam(_ step: AdamStep, count: Int, inputs: [Operand], outputs: [Operand]) throws {
    counters.launched()
    var (stepSize, correction2) = (step.stepSize, step.correction2)
    if step.isJudged {
      let verdict = inputs[4 * count].pointer(as: Float.self)
      guard verdict[0] != 0 else { return keep(inputs, [0, 2, 3], of: 4, count, outputs) }
      (stepSize, correction2) = (verdict[1], verdict[2])
    }
    let constants = lathe_adam_step(
      beta1: step.beta1, beta2: step.beta2, epsilon: step.epsilon, weight_decay: step.weightDecay,
      keep: 1 - step.learningRate * step.decoupledDecay, step_size: stepSize, scale2: 1 / correction2)
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
    let hasMomentum = step.momentum != 0
    let (arguments, results) = hasMomentum ? (3, 2) : (2, 1)
    var isFirst = step.isFirst
    if step.isJudged {
      let verdict = inputs[arguments * count].pointer(as: Float.self)
      guard verdict[0] != 0 else {
        return keep(inputs, hasMomentum ? [0, 2] : [0], of: arguments, count, outputs)
      }
      isFirst = verdict[1] != 0
    }
    let constants = lathe_sgd_step(
      learning_rate: step.learningRate, momentum: step.momentum, dampening: step.dampening,
      weight_decay: step.weightDecay, nesterov: step.nesterov, is_first: isFirst)
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

  /// Copies what a step would have changed of each tensor to where the results lie.
  private func keep(
    _ inputs: [Operand], _ changed: [Int], of arguments: Int, _ count: Int, _ outputs: [Operand]
  ) {
    for tensor in 0..<count {
      for (place, argument) in changed.enumerated() {
        let from = inputs[arguments * tensor + argument]
        let (source, target) = (
          from.pointer(as: Float.self), outputs[changed.count * tensor + place].pointer(as: Float.self)
        )
        if source != target { target.update(from: source, count: from.elementCount) }
      }
    }
  }
}
