import Foundation
import Lathe

/// Adam (Kingma and Ba, 2015) and AdamW (Loshchilov and Hutter, 2019), as PyTorch's; one launch for each group.
public final class Adam: GroupedOptimizer {
  private let isDecoupled: Bool

  /// - Parameters:
  ///   - parameters: Parameters, or groups of them.
  ///   - learningRate: The step size, in groups that name none.
  ///   - betas: How much of the gradients' mean and mean square is kept.
  ///   - epsilon: Keeps the divisor from 0.
  ///   - weightDecay: Adds this times the parameter to its gradient, in groups that name none.
  ///   - decoupledDecay: Shrinks the parameter by this times the learning rate, AdamW's weight decay; given, also the
  ///     groups' own weight decay works like that.
  public init(
    _ parameters: [some OptimizerItem], learningRate: Float = 1e-3, betas: (Float, Float) = (0.9, 0.999),
    epsilon: Float = 1e-8, weightDecay: Float = 0, decoupledDecay: Float? = nil
  ) {
    require(
      weightDecay == 0 || (decoupledDecay ?? 0) == 0, "Adam: give weightDecay or decoupledDecay, not both")
    isDecoupled = weightDecay == 0 && decoupledDecay != nil
    super.init(
      parameters, learningRate: learningRate,
      hyperparameters: [
        .weightDecay: weightDecay + (decoupledDecay ?? 0), .beta1: betas.0, .beta2: betas.1,
        .epsilon: epsilon,
      ],
      slots: ["m", "v"])
  }

  package override var takesVerdicts: Bool { hasFloat32Parameters }

  /// The formula, in one launch for the group.
  public override func update(
    _ step: Step, _ values: inout [Tensor], _ gradients: [Tensor], _ slots: inout [[Tensor]]
  ) {
    let (beta1, beta2) = (step[.beta1], step[.beta2])
    /// The step size and the root of the second correction.
    func corrections(_ index: Int) -> [Float] {
      // Powers in double: 1 - beta2^t loses its digits in float at the first steps.
      let correction1 = 1 - pow(Double(beta1), Double(index))
      let correction2 = 1 - pow(Double(beta2), Double(index))
      return [Float(Double(step.learningRate) / correction1), Float(correction2.squareRoot())]
    }
    let first = corrections(step.index)
    let rule = AdamStep(
      learningRate: step.learningRate, beta1: beta1, beta2: beta2, epsilon: step[.epsilon],
      weightDecay: isDecoupled ? 0 : step.weightDecay, decoupledDecay: isDecoupled ? step.weightDecay : 0,
      stepSize: first[0], correction2: first[1])
    // Moved out, so that each list is held once.
    var (m, v) = (slots[0], slots[1])
    slots = []
    FusedOptimizer.adam(
      rule, parameters: &values, gradients: gradients, m: &m, v: &v,
      verdict: step.verdict?.numbers(from: step.index, corrections))
    slots = [m, v]
  }
}
