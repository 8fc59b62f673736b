import Lathe

/// A tensor that training changes.
public final class Parameter {
  /// The current value; it requires a gradient.
  public var value: Tensor {
    get { tensor }
    set {
      precondition(
        newValue.shape == tensor.shape, "Parameter: value of shape \(newValue.shape) for \(tensor.shape)")
      tensor = newValue.detached().requiringGradient()
    }
  }

  private var tensor: Tensor

  /// A parameter with its first value.
  public init(_ value: Tensor) { tensor = value.detached().requiringGradient() }

  /// The sizes of the axes.
  public var shape: Shape { tensor.shape }

  /// Gives the value away, so that an optimizer holds the only reference and can update the memory in place.
  func take() -> Tensor {
    let taken = tensor
    tensor = Parameter.vacant
    return taken
  }

  /// Puts a value back behind `take()`.
  func put(_ value: Tensor) { tensor = value.requiringGradient() }

  private static let vacant = Tensor.zeros([], device: .cpu)
}

extension Tensor {
  /// The gradients of this tensor with respect to parameters; see `gradients(of:retainingGraph:creatingGraph:)`.
  public func gradients(
    of parameters: [Parameter], retainingGraph: Bool = false, creatingGraph: Bool = false
  ) -> [Tensor] {
    gradients(of: parameters.map(\.value), retainingGraph: retainingGraph, creatingGraph: creatingGraph)
  }
}
