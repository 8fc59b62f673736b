import Foundation
import Lathe

/// Adagrad (Duchi et al., 2011), as PyTorch's: p -= lr / (1 + (t - 1) decay) * g / (sqrt(sum of g^2) + epsilon).
public final class Adagrad: GroupedOptimizer {
  private let epsilon: Float
  private let learningRateDecay: Float
  private let initialSum: Float

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
    self.epsilon = epsilon
    self.learningRateDecay = learningRateDecay
    self.initialSum = initialSum
    super.init(parameters, learningRate: learningRate, weightDecay: weightDecay, slots: ["sum"])
  }

  override func update(
    _ step: Step, _ values: inout [Tensor], _ gradients: [Tensor], _ slots: inout [[Tensor]]
  ) {
    let rate = step.learningRate / (1 + Float(step.index - 1) * learningRateDecay)
    let start = step.index == 1 ? initialSum : 0
    updateEach(&values, gradients, &slots) { p, g, s in
      let g = step.weightDecay == 0 ? g : g + p * step.weightDecay
      let sum = s[0] + start + g.square()
      return (p - g / (sum.sqrt() + epsilon) * rate, [sum])
    }
  }
}

/// RMSprop (Tieleman and Hinton, 2012), as PyTorch's.
public final class RMSprop: GroupedOptimizer {
  private let alpha: Float
  private let epsilon: Float
  private let momentum: Float
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
    self.alpha = alpha
    self.epsilon = epsilon
    self.momentum = momentum
    self.isCentered = isCentered
    super.init(
      parameters, learningRate: learningRate, weightDecay: weightDecay,
      slots: ["square"] + (isCentered ? ["mean"] : []) + (momentum == 0 ? [] : ["velocity"]))
  }

  override func update(
    _ step: Step, _ values: inout [Tensor], _ gradients: [Tensor], _ slots: inout [[Tensor]]
  ) {
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
      var direction = g / (scale.sqrt() + epsilon)
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
  private let beta1: Float
  private let beta2: Float

  /// - Parameters:
  ///   - parameters: Parameters, or groups of them.
  ///   - learningRate: The step size, in groups that name none.
  ///   - betas: How much of the momentum enters the direction, and how much of it is kept.
  ///   - weightDecay: Shrinks the parameter by this times the learning rate, in groups that name none.
  public init(
    _ parameters: [some OptimizerItem], learningRate: Float = 1e-4, betas: (Float, Float) = (0.9, 0.99),
    weightDecay: Float = 0
  ) {
    (beta1, beta2) = betas
    super.init(parameters, learningRate: learningRate, weightDecay: weightDecay, slots: ["m"])
  }

  override func update(
    _ step: Step, _ values: inout [Tensor], _ gradients: [Tensor], _ slots: inout [[Tensor]]
  ) {
    let keep = 1 - step.learningRate * step.weightDecay
    updateEach(&values, gradients, &slots) { p, g, s in
      let direction = (s[0] * beta1 + g * (1 - beta1)).sign()
      return (p * keep - direction * step.learningRate, [s[0] * beta2 + g * (1 - beta2)])
    }
  }
}

/// LAMB (You et al., 2020): Adam's direction with decoupled weight decay, its length that of the parameter.
public final class LAMB: GroupedOptimizer {
  private let beta1: Float
  private let beta2: Float
  private let epsilon: Float

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
    (beta1, beta2) = betas
    self.epsilon = epsilon
    super.init(parameters, learningRate: learningRate, weightDecay: weightDecay, slots: ["m", "v"])
  }

  override func update(
    _ step: Step, _ values: inout [Tensor], _ gradients: [Tensor], _ slots: inout [[Tensor]]
  ) {
    let correction1 = Float(1 / (1 - pow(Double(beta1), Double(step.index))))
    let correction2 = Float(1 / (1 - pow(Double(beta2), Double(step.index))))
    var states = slots
    slots = []
    TensorLists.update(&states) { place, s in
      let (p, g) = (values[place].detached(), gradients[place].detached())
      let m = s[0] * beta1 + g * (1 - beta1)
      let v = s[1] * beta2 + g.square() * (1 - beta2)
      return [m, v, (m * correction1) / ((v * correction2).sqrt() + epsilon) + p * step.weightDecay]
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
