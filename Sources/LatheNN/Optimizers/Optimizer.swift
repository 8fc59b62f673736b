import Lathe

/// Changes parameters by their gradients.
///
/// An optimizer of one's own implements this, or inherits from `GroupedOptimizer`, which has groups, their
/// hyper-parameters and the state.
public protocol Optimizer: AnyObject {
  /// The parameters, in a fixed order.
  var parameters: [Parameter] { get }
  /// The step size.
  var learningRate: Float { get set }
  /// Does one step with a gradient per parameter, in their order.
  func step(_ gradients: [Tensor])
  /// What a checkpoint must keep, setting it resumes.
  var state: OptimizerState { get set }
}

/// What an optimizer remembers between steps.
public struct OptimizerState: Sendable {
  /// Steps done.
  public var step: Int
  /// By name, one tensor per parameter in their order.
  public var slots: [String: [Tensor]]
  /// Further numbers by name, each finite.
  public var scalars: [String: Double]

  /// A state from its parts.
  ///
  /// - Parameters:
  ///   - step: Steps done.
  ///   - slots: By name, one tensor per parameter in their order.
  ///   - scalars: Further numbers by name, each finite, since checkpoints hold them as JSON.
  public init(step: Int, slots: [String: [Tensor]], scalars: [String: Double] = [:]) {
    self.step = step
    self.slots = slots
    self.scalars = scalars
  }
}
