import LatheCore

/// Activation functions that are formulas of others; each runs as one kernel.
extension Tensor {
  /// min(max(x, 0), 6).
  public func relu6() -> Tensor { hardTanh(0, 6) }

  /// x limited to `low...high`.
  public func hardTanh(_ low: Float = -1, _ high: Float = 1) -> Tensor { clamped(low, high) }

  /// scale * elu(x, alpha) with the constants that keep mean 0 and variance 1 (Klambauer et al., 2017).
  public func selu() -> Tensor {
    let (alpha, scale) = (1.6732632423543772, 1.0507009873554805)
    let product = dtype == .float64 ? alpha * scale : Double(Float(alpha) * Float(scale))
    return formula("selu") {
      $0.elu(alpha: alpha) * scale
    } gradient: { g, x in
      Tensor.where(x .> 0, g * scale, g * (x.negativePart.exp() * product))
    }
  }

  /// max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0) (Barron, 2017).
  public func celu(alpha: Float = 1) -> Tensor {
    require(alpha != 0, "celu: alpha is 0")
    return formula("celu") {
      $0.maximum(Float(0)) + ($0.minimum(Float(0)) / alpha).expm1() * alpha
    } gradient: { g, x in
      Tensor.where(x .> 0, g, g * (x.negativePart / alpha).exp())
    }
  }

  /// x * tanh(softplus(x)) (Misra, 2019).
  public func mish() -> Tensor {
    formula("mish") {
      $0 * $0.softplus().tanh()
    } gradient: { g, x in
      let t = x.softplus().tanh()
      return g * (t + x * x.sigmoid() * (1 - t * t))
    }
  }

  /// log(sigmoid(x)), without underflow.
  public func logSigmoid() -> Tensor { -((-self).softplus()) }

  /// min(max(x + 3, 0), 6) / 6 (Howard et al., 2019).
  public func hardSigmoid() -> Tensor {
    formula("hardSigmoid") {
      ($0 + Float(3)).relu6() / Float(6)
    } gradient: { g, x in
      Tensor.where(x.abs() .< Float(3), g / Float(6), g.zero)
    }
  }

  /// x * hardSigmoid(x) (Howard et al., 2019).
  public func hardSwish() -> Tensor {
    formula("hardSwish") {
      $0 * (($0 + Float(3)).relu6() / Float(6))
    } gradient: { g, x in
      Tensor.where(
        x .<= Float(-3), g.zero, Tensor.where(x .>= Float(3), g, g * (x / Float(3) + Float(0.5))))
    }
  }

  /// x / (1 + |x|).
  public func softsign() -> Tensor {
    formula("softsign") {
      $0 / ($0.abs() + Float(1))
    } gradient: { g, x in
      g / (x.abs() + Float(1)).square()
    }
  }

  /// x - tanh(x).
  public func tanhShrink() -> Tensor {
    formula("tanhShrink") {
      $0 - $0.tanh()
    } gradient: { g, x in
      g * x.tanh().square()
    }
  }

  /// x moved towards 0 by `limit`, and 0 where it is nearer.
  public func softShrink(_ limit: Float = 0.5) -> Tensor {
    require(limit >= 0, "softShrink: limit \(limit)")
    return formula("softShrink") {
      $0 - $0.clamped(-limit, limit)
    } gradient: { g, x in
      Tensor.where(x.abs() .> limit, g, g.zero)
    }
  }

  /// x where |x| is above `limit`, else 0.
  public func hardShrink(_ limit: Float = 0.5) -> Tensor {
    formula("hardShrink") {
      Tensor.where($0.abs() .<= limit, $0.zero, $0)
    } gradient: { g, x in
      Tensor.where(x.abs() .> limit, g, g.zero)
    }
  }

  /// x where it is above `limit`, else `value`.
  public func threshold(_ limit: Float, _ value: Float) -> Tensor {
    Tensor.where(self .<= limit, Tensor.full([], value, dtype: dtype, device: device), self)
  }

  /// x where x > 0, else slope * x, with slopes that are trained (He et al., 2015).
  ///
  /// - Parameter slope: One, or one per element of axis 1.
  public func prelu(slope: Tensor) -> Tensor {
    require(
      slope.count == 1 || (rank >= 2 && slope.shape == [shape[1]]),
      "prelu: slope \(slope.shape) for a tensor of shape \(shape): one, or one per channel")
    var target = Shape(repeating: 1, rank: rank)
    if slope.count > 1 { target[1] = slope.count }
    return Tensor.binary(
      .leakyReLU, .tensor(self), .tensor(slope.reshaped(to: target)), name: "prelu", floatOnly: true)
  }

  /// a * sigmoid(b) for the two halves a and b of an axis (Dauphin et al., 2017).
  public func glu(axis: Int = -1) -> Tensor {
    let halves = split(count: 2, axis: axis)
    return halves[0] * halves[1].sigmoid()
  }

  /// The softmax of -x along an axis.
  public func softmin(axis: Int = -1) -> Tensor { (-self).softmax(axis: axis) }

  /// A formula of other operations that counts as one: in 16 bits it is computed in float32 and rounded once, and the
  /// tape holds only x.
  ///
  /// - Parameter gradient: The formula's derivative times the result's gradient.
  private func formula(
    _ name: StaticString, _ value: (Tensor) -> Tensor,
    gradient: @escaping @Sendable (_ g: Tensor, _ x: Tensor) -> Tensor
  ) -> Tensor {
    let x = dtype.isFloatingPoint ? self : cast(to: .float32)
    return value(x.detached().wide).cast(to: x.dtype).recorded(name, [x]) { g, _ in
      [gradient(g.wide, x.wide).cast(to: x.dtype)]
    }
  }

  /// x where it is not above 0, else 0, so that exp of it is finite.
  private var negativePart: Tensor { Tensor.where(self .> 0, zero, self) }
}
