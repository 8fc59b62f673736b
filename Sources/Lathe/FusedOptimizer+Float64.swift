import LatheCore

// Steps of parameters in float64, which the kernels do not take: tensor operations that run for all of them together.

extension FusedOptimizer {
  /// One step of Adam; `lists` are parameters, first and second moments.
  static func composedAdam(_ step: AdamStep, _ lists: inout [[Tensor]], _ gradients: [Tensor]) {
    let (beta1, beta2) = (Double(step.beta1), Double(step.beta2))
    TensorLists.update(&lists) { place, state in
      let p = state[0]
      let g = decayed(gradients[place], p, step.weightDecay)
      let m = state[1] * beta1 + g * (1 - beta1)
      let v = state[2] * beta2 + g.square() * (1 - beta2)
      let kept = p * (1 - Double(step.learningRate) * Double(step.decoupledDecay))
      let root = v.sqrt() / Double(step.correction2) + Double(step.epsilon)
      return [kept - m / root * Double(step.stepSize), m, v]
    }
  }

  /// One step of gradient descent; `lists` are parameters and, with momentum, velocities.
  static func composedSGD(_ step: SGDStep, _ lists: inout [[Tensor]], _ gradients: [Tensor]) {
    let momentum = Double(step.momentum)
    TensorLists.update(&lists) { place, state in
      let p = state[0]
      let g = decayed(gradients[place], p, step.weightDecay)
      guard state.count > 1 else { return [p - g * Double(step.learningRate)] }
      let v = step.isFirst ? g : state[1] * momentum + g * (1 - Double(step.dampening))
      let direction = step.nesterov ? g + v * momentum : v
      return [p - direction * Double(step.learningRate), v]
    }
  }

  private static func decayed(_ gradient: Tensor, _ parameter: Tensor, _ decay: Float) -> Tensor {
    let g = gradient.detached().cast(to: parameter.dtype)
    return decay == 0 ? g : g + parameter * Double(decay)
  }
}
