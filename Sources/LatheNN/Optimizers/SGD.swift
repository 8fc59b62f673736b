import Lathe

/// Stochastic gradient descent, as PyTorch's; one launch for each group.
public final class SGD: GroupedOptimizer {
  private let nesterov: Bool

  /// - Parameters:
  ///   - parameters: Parameters, or groups of them.
  ///   - learningRate: The step size, in groups that name none.
  ///   - momentum: How much of the last direction is kept; 0 for none.
  ///   - dampening: How much less than its whole the gradient adds to the direction.
  ///   - weightDecay: Adds this times the parameter to its gradient, in groups that name none.
  ///   - nesterov: Looks ahead along the direction; needs momentum and no dampening.
  public init(
    _ parameters: [some OptimizerItem], learningRate: Float, momentum: Float = 0, dampening: Float = 0,
    weightDecay: Float = 0, nesterov: Bool = false
  ) {
    require(!nesterov || (momentum > 0 && dampening == 0), "SGD: Nesterov needs momentum and no dampening")
    self.nesterov = nesterov
    super.init(
      parameters, learningRate: learningRate,
      hyperparameters: [.weightDecay: weightDecay, .momentum: momentum, .dampening: dampening],
      slots: ["velocity"])
  }

  /// Groups without momentum have no velocity.
  public override func hasSlot(_ slot: String, _ hyperparameters: [Hyperparameter: Float]) -> Bool {
    hyperparameters[.momentum] != 0
  }

  package override var takesVerdicts: Bool { hasFloat32Parameters }

  /// The formula, in one launch for the group.
  public override func update(
    _ step: Step, _ values: inout [Tensor], _ gradients: [Tensor], _ slots: inout [[Tensor]]
  ) {
    let rule = SGDStep(
      learningRate: step.learningRate, momentum: step[.momentum], dampening: step[.dampening],
      weightDecay: step.weightDecay,
      nesterov: nesterov && step[.momentum] != 0, isFirst: step.index == 1)
    let hasVelocity = !slots.isEmpty
    var velocities = slots.isEmpty ? [] : slots[0]
    slots = []
    FusedOptimizer.sgd(
      rule, parameters: &values, gradients: gradients, velocities: &velocities,
      verdict: step.verdict?.numbers(from: step.index) { [$0 == 1 ? 1 : 0] })
    slots = hasVelocity ? [velocities] : []
  }
}
