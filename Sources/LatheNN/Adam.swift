import Foundation
import Lathe

/// Adam (Kingma and Ba, 2015) and AdamW (Loshchilov and Hutter, 2019), as PyTorch's.
public final class Adam: Optimizer {
  /// The parameters, in a fixed order.
  public let parameters: [Parameter]
  /// The step size.
  public var learningRate: Float
  private let beta1: Float
  private let beta2: Float
  private let epsilon: Float
  private let weightDecay: Float
  private let decoupledDecay: Float
  private var m: [Tensor]
  private var v: [Tensor]
  private var stepCount = 0

  /// - Parameters:
  ///   - betas: How much of the gradients' mean and mean square is kept.
  ///   - weightDecay: Adds this times the parameter to its gradient.
  ///   - decoupledDecay: Shrinks the parameter by this times the learning rate: AdamW's weight decay.
  public init(
    _ parameters: [Parameter], learningRate: Float = 1e-3, betas: (Float, Float) = (0.9, 0.999),
    epsilon: Float = 1e-8, weightDecay: Float = 0, decoupledDecay: Float = 0
  ) {
    self.parameters = parameters
    self.learningRate = learningRate
    (beta1, beta2) = betas
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.decoupledDecay = decoupledDecay
    m = parameters.zeros
    v = parameters.zeros
  }

  /// Does one step with a gradient per parameter.
  public func step(_ gradients: [Tensor]) {
    stepCount += 1
    // Powers in double: 1 - beta2^t loses its digits in float at the first steps.
    let correction1 = 1 - pow(Double(beta1), Double(stepCount))
    let correction2 = 1 - pow(Double(beta2), Double(stepCount))
    let step = AdamStep(
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay,
      decoupledDecay: decoupledDecay, stepSize: Float(Double(learningRate) / correction1),
      correction2: Float(correction2.squareRoot()))
    parameters.update { values in
      FusedOptimizer.adam(step, parameters: &values, gradients: gradients, m: &m, v: &v)
    }
  }

  /// What a checkpoint must keep.
  public var state: OptimizerState {
    get { OptimizerState(step: stepCount, slots: ["m": m, "v": v]) }
    set {
      stepCount = newValue.step
      m = parameters.placed(newValue.slots["m"] ?? [], slot: "m")
      v = parameters.placed(newValue.slots["v"] ?? [], slot: "v")
    }
  }
}
