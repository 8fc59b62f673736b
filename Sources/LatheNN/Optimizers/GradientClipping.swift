import Lathe

extension [Tensor] {
  /// The length of all gradients as one vector, as a tensor, so that nothing waits for the device.
  public func globalNorm() -> Tensor {
    guard !isEmpty else { return Tensor(Float(0)) }
    return TensorLists.vector(self, squares: true).sum().sqrt()
  }

  /// The gradients scaled down where their common length is above a limit, as PyTorch's `clip_grad_norm_`.
  ///
  /// - Returns: The gradients, and the length before.
  public func clipped(norm limit: Float) -> (gradients: [Tensor], norm: Tensor) {
    require(limit > 0, "clipped: norm \(limit)")
    let norm = globalNorm()
    let factor = (limit / (norm + 1e-6)).minimum(Float(1))
    let factors = Dictionary(uniqueKeysWithValues: Set(map(\.dtype)).map { ($0, factor.cast(to: $0)) })
    let clipped = map { $0 * (factors[$0.dtype] ?? factor) }
    TensorLists.compute(clipped.map { [$0] })
    return (clipped, norm)
  }

  /// The gradients' elements limited to -limit...limit, as PyTorch's `clip_grad_value_`.
  ///
  /// - Returns: The gradients, and the length before.
  public func clipped(value limit: Float) -> (gradients: [Tensor], norm: Tensor) {
    require(limit > 0, "clipped: value \(limit)")
    let norm = globalNorm()
    let clipped = map { $0.clamped(-limit, limit) }
    TensorLists.compute(clipped.map { [$0] })
    return (clipped, norm)
  }
}

extension [Parameter] {
  /// The sum of absolute values, to be added to a loss times a factor (Tibshirani, 1996).
  public func l1Penalty() -> Tensor { penalty { $0.abs().sum() } }

  /// The sum of squares, to be added to a loss times a factor; half of it has the parameter as its gradient.
  public func l2Penalty() -> Tensor { penalty { $0.square().sum() } }

  private func penalty(_ term: (Tensor) -> Tensor) -> Tensor {
    require(!isEmpty, "penalty: no parameters")
    return Tensor.stack(map { term($0.value) }).sum()
  }
}

/// How gradients are limited before a step.
public enum GradientClipping: Sendable, Hashable, Codable {
  /// Their common length.
  case norm(Float)
  /// Every element.
  case value(Float)

  /// The limited gradients, and their length before.
  public func callAsFunction(_ gradients: [Tensor]) -> (gradients: [Tensor], norm: Tensor?) {
    switch self {
    case .norm(let limit): gradients.clipped(norm: limit)
    case .value(let limit): gradients.clipped(value: limit)
    }
  }
}
