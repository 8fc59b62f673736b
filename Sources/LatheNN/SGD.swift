import Lathe

/// Stochastic gradient descent, as PyTorch's.
public final class SGD: Optimizer {
  /// The parameters, in a fixed order.
  public let parameters: [Parameter]
  /// The step size.
  public var learningRate: Float
  private let momentum: Float
  private let dampening: Float
  private let weightDecay: Float
  private let nesterov: Bool
  private var velocities: [Tensor] = []
  private var stepCount = 0

  /// - Parameters:
  ///   - momentum: How much of the last direction is kept; 0 for none.
  ///   - dampening: How much less than its whole the gradient adds to the direction.
  ///   - weightDecay: Adds this times the parameter to its gradient.
  ///   - nesterov: Looks ahead along the direction; needs momentum and no dampening.
  public init(
    _ parameters: [Parameter], learningRate: Float, momentum: Float = 0, dampening: Float = 0,
    weightDecay: Float = 0, nesterov: Bool = false
  ) {
    precondition(
      !nesterov || (momentum > 0 && dampening == 0), "SGD: Nesterov needs momentum and no dampening")
    self.parameters = parameters
    self.learningRate = learningRate
    self.momentum = momentum
    self.dampening = dampening
    self.weightDecay = weightDecay
    self.nesterov = nesterov
    if momentum != 0 { velocities = parameters.zeros }
  }

  /// Does one step with a gradient per parameter.
  public func step(_ gradients: [Tensor]) {
    let step = SGDStep(
      learningRate: learningRate, momentum: momentum, dampening: dampening, weightDecay: weightDecay,
      nesterov: nesterov, isFirst: stepCount == 0)
    parameters.update { values in
      FusedOptimizer.sgd(step, parameters: &values, gradients: gradients, velocities: &velocities)
    }
    stepCount += 1
  }

  /// What a checkpoint must keep.
  public var state: OptimizerState {
    get { OptimizerState(step: stepCount, slots: momentum == 0 ? [:] : ["velocity": velocities]) }
    set {
      stepCount = newValue.step
      if momentum != 0 { velocities = parameters.placed(newValue.slots["velocity"] ?? [], slot: "velocity") }
    }
  }
}
