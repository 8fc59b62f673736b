import Lathe

/// A tensor that training changes.
public final class Parameter {
  /// The current value; it requires a gradient unless the parameter is frozen.
  public var value: Tensor {
    get { tensor }
    set {
      require(
        newValue.shape == tensor.shape, "Parameter: value of shape \(newValue.shape) for \(tensor.shape)")
      put(newValue.detached())
    }
  }

  /// Whether the parameter is left out of training.
  public var isFrozen = false {
    didSet { if isFrozen != oldValue { put(tensor.detached()) } }
  }

  /// Changes each gradient that `gradients(of:)` finds for the parameter, as a mask or a limit of one's own does.
  public var gradientHook: ((Tensor) -> Tensor)?

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
  func put(_ value: Tensor) { tensor = isFrozen ? value : value.requiringGradient() }

  private static let vacant = Tensor.zeros([], device: .cpu)
}

/// A tensor that belongs to a module's state but is not trained, such as running statistics.
public final class ModuleBuffer {
  /// The current value, never tracked.
  public var value: Tensor {
    get { tensor }
    set {
      require(
        newValue.shape == tensor.shape, "ModuleBuffer: value of shape \(newValue.shape) for \(tensor.shape)")
      // Computed now, or the chain of updates would grow from step to step; a failure stays in the tensor and is
      // thrown where it is read.
      tensor = newValue.detached()
      _ = try? tensor.computed()
    }
  }

  private var tensor: Tensor

  /// A buffer with its first value.
  public init(_ value: Tensor) { tensor = value.detached() }
}

extension Tensor {
  /// The gradients of this tensor with respect to parameters, changed by their hooks; see
  /// `gradients(of:retainingGraph:creatingGraph:)`.
  public func gradients(
    of parameters: [Parameter], retainingGraph: Bool = false, creatingGraph: Bool = false
  ) -> [Tensor] {
    require(
      parameters.allSatisfy { !$0.isFrozen },
      "gradients: a parameter is frozen; ask for those of trainableParameters")
    let found = gradients(
      of: parameters.map(\.value), retainingGraph: retainingGraph, creatingGraph: creatingGraph)
    return zip(parameters, found).map { parameter, gradient in
      guard let hook = parameter.gradientHook else { return gradient }
      let changed = hook(gradient)
      require(
        changed.shape == gradient.shape,
        "gradients: a parameter's gradientHook gave shape \(changed.shape) for \(gradient.shape)")
      return changed
    }
  }
}
