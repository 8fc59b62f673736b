import Foundation
import Lathe

/// Adagrad (Duchi et al., 2011), as PyTorch's: p -= lr / (1 + (t - 1) decay) * g / (sqrt(sum of g^2) + epsilon).
public final class Adagrad: GroupedOptimizer {
  /// - Parameters:
  ///   - parameters: Parameters, or groups of them.
  ///   - learningRate: The step size, in groups that name none.
  ///   - learningRateDecay: Lowers the learning rate from step to step.
  ///   - weightDecay: Adds this times the parameter to its gradient, in groups that name none.
  ///   - initialSum: What the sums of squares start from.
  ///   - epsilon: Keeps the divisor from 0.
  public init(
    _ parameters: [some OptimizerItem], learningRate: Float = 1e-2, learningRateDecay: Float = 0,
    weightDecay: Float = 0,
    initialSum: Float = 0, epsilon: Float = 1e-10
  ) {
    super.init(
      parameters, learningRate: learningRate,
      hyperparameters: [
        .weightDecay: weightDecay, .learningRateDecay: learningRateDecay, .initialSum: initialSum,
        .epsilon: epsilon,
      ],
      slots: ["sum"])
  }

  /// The formula, for all parameters of the group together.
  public override func update(
    _ step: Step, _ values: inout [Tensor], _ gradients: [Tensor], _ slots: inout [[Tensor]]
  ) {
    let rate = step.learningRate / (1 + Float(step.index - 1) * step[.learningRateDecay])
    let start = step.index == 1 ? step[.initialSum] : 0
    updateEach(&values, gradients, &slots) { p, g, s in
      let g = step.weightDecay == 0 ? g : g + p * step.weightDecay
      let sum = s[0] + start + g.square()
      return (p - g / (sum.sqrt() + step[.epsilon]) * rate, [sum])
    }
  }
}

/// RMSprop (Tieleman and Hinton, 2012), as PyTorch's.
public final class RMSprop: GroupedOptimizer {
  private let isCentered: Bool

  /// - Parameters:
  ///   - parameters: Parameters, or groups of them.
  ///   - learningRate: The step size, in groups that name none.
  ///   - alpha: How much of the mean square is kept.
  ///   - epsilon: Keeps the divisor from 0.
  ///   - weightDecay: Adds this times the parameter to its gradient, in groups that name none.
  ///   - momentum: How much of the last direction is kept; 0 for none.
  ///   - isCentered: Whether the gradients' variance takes the place of their mean square.
  public init(
    _ parameters: [some OptimizerItem], learningRate: Float = 1e-2, alpha: Float = 0.99,
    epsilon: Float = 1e-8,
    weightDecay: Float = 0, momentum: Float = 0, isCentered: Bool = false
  ) {
    self.isCentered = isCentered
    super.init(
      parameters, learningRate: learningRate,
      hyperparameters: [
        .weightDecay: weightDecay, .momentum: momentum, .alpha: alpha, .epsilon: epsilon,
      ],
      slots: ["square"] + (isCentered ? ["mean"] : []) + ["velocity"])
  }

  /// Groups without momentum have no velocity.
  public override func hasSlot(_ slot: String, _ hyperparameters: [Hyperparameter: Float]) -> Bool {
    slot != "velocity" || hyperparameters[.momentum] != 0
  }

  /// The formula, for all parameters of the group together.
  public override func update(
    _ step: Step, _ values: inout [Tensor], _ gradients: [Tensor], _ slots: inout [[Tensor]]
  ) {
    let (alpha, momentum) = (step[.alpha], step[.momentum])
    updateEach(&values, gradients, &slots) { p, g, s in
      let g = step.weightDecay == 0 ? g : g + p * step.weightDecay
      var states = [s[0] * alpha + g.square() * (1 - alpha)]
      var scale = states[0]
      if isCentered {
        let mean = s[1] * alpha + g * (1 - alpha)
        states.append(mean)
        // Rounding must not make it negative where the gradients are all alike.
        scale = (scale - mean.square()).maximum(Float(0))
      }
      var direction = g / (scale.sqrt() + step[.epsilon])
      if momentum != 0 {
        direction = s[states.count] * momentum + direction
        states.append(direction)
      }
      return (p - direction * step.learningRate, states)
    }
  }
}

/// Lion (Chen et al., 2023): the sign of an interpolation of momentum and gradient, with decoupled weight decay.
public final class Lion: GroupedOptimizer {
  /// - Parameters:
  ///   - parameters: Parameters, or groups of them.
  ///   - learningRate: The step size, in groups that name none.
  ///   - betas: How much of the momentum enters the direction, and how much of it is kept.
  ///   - weightDecay: Shrinks the parameter by this times the learning rate, in groups that name none.
  public init(
    _ parameters: [some OptimizerItem], learningRate: Float = 1e-4, betas: (Float, Float) = (0.9, 0.99),
    weightDecay: Float = 0
  ) {
    super.init(
      parameters, learningRate: learningRate,
      hyperparameters: [.weightDecay: weightDecay, .beta1: betas.0, .beta2: betas.1], slots: ["m"])
  }

  /// The formula, for all parameters of the group together.
  public override func update(
    _ step: Step, _ values: inout [Tensor], _ gradients: [Tensor], _ slots: inout [[Tensor]]
  ) {
    let (beta1, beta2) = (step[.beta1], step[.beta2])
    let keep = 1 - step.learningRate * step.weightDecay
    updateEach(&values, gradients, &slots) { p, g, s in
      let direction = (s[0] * beta1 + g * (1 - beta1)).sign()
      return (p * keep - direction * step.learningRate, [s[0] * beta2 + g * (1 - beta2)])
    }
  }
}

/// LAMB (You et al., 2020): Adam's direction with decoupled weight decay, its length that of the parameter.
public final class LAMB: GroupedOptimizer {
  /// - Parameters:
  ///   - parameters: Parameters, or groups of them.
  ///   - learningRate: The step size, in groups that name none.
  ///   - betas: How much of the gradients' mean and mean square is kept.
  ///   - epsilon: Keeps the divisor from 0.
  ///   - weightDecay: Adds this times the parameter to its direction, in groups that name none.
  public init(
    _ parameters: [some OptimizerItem], learningRate: Float = 1e-3, betas: (Float, Float) = (0.9, 0.999),
    epsilon: Float = 1e-6, weightDecay: Float = 0.01
  ) {
    super.init(
      parameters, learningRate: learningRate,
      hyperparameters: [
        .weightDecay: weightDecay, .beta1: betas.0, .beta2: betas.1, .epsilon: epsilon,
      ],
      slots: ["m", "v"])
  }

  /// The formula, for all parameters of the group together.
  public override func update(
    _ step: Step, _ values: inout [Tensor], _ gradients: [Tensor], _ slots: inout [[Tensor]]
  ) {
    let (beta1, beta2) = (step[.beta1], step[.beta2])
    let correction1 = Float(1 / (1 - pow(Double(beta1), Double(step.index))))
    let correction2 = Float(1 / (1 - pow(Double(beta2), Double(step.index))))
    var states = slots
    slots = []
    TensorLists.update(&states) { place, s in
      let (p, g) = (values[place].detached(), gradients[place].detached())
      let m = s[0] * beta1 + g * (1 - beta1)
      let v = s[1] * beta2 + g.square() * (1 - beta2)
      return [m, v, (m * correction1) / ((v * correction2).sqrt() + step[.epsilon]) + p * step.weightDecay]
    }
    let directions = states.removeLast()
    slots = states
    let squares = TensorLists.vector(values + directions, squares: true).sqrt()
    let length = squares.sliced(axis: 0, to: values.count)
    let norm = squares.sliced(axis: 0, from: values.count)
    // Where either is 0 the ratio is 1.
    let ratios = Tensor.where(
      (length .> 0) .&& (norm .> 0), length / norm.maximum(Float.leastNormalMagnitude),
      Tensor.ones([], device: length.device))
    var lists = [values]
    values = []
    TensorLists.update(&lists) { place, p in
      [p[0] - directions[place] * ratios.select(axis: 0, index: place) * step.learningRate]
    }
    values = lists[0]
  }
}
