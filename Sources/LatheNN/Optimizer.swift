import Lathe

/// Changes parameters by their gradients.
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

  /// A state from its parts.
  public init(step: Int, slots: [String: [Tensor]]) {
    self.step = step
    self.slots = slots
  }
}

extension [Parameter] {
  /// Lets a closure update all values while the list holds the only references to them.
  func update(_ body: (inout [Tensor]) -> Void) {
    var values = map { $0.take() }
    body(&values)
    for (parameter, value) in zip(self, values) { parameter.put(value) }
  }

  /// Zeros of the parameters' shapes.
  var zeros: [Tensor] { map { Tensor.zeros($0.shape, device: $0.value.device) } }

  /// Tensors of a saved state on the parameters' devices.
  func placed(_ tensors: [Tensor], slot: String) -> [Tensor] {
    precondition(
      tensors.count == count, "optimizer: \(tensors.count) tensors '\(slot)' for \(count) parameters")
    return zip(self, tensors).map { parameter, tensor in
      precondition(
        tensor.shape == parameter.shape, "optimizer: '\(slot)' of \(tensor.shape) for \(parameter.shape)")
      return tensor.moved(to: parameter.value.device)
    }
  }
}
