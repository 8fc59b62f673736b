import LatheCore

/// Activation functions that are formulas of others; each runs as one kernel.
extension Tensor {
  /// min(max(x, 0), 6).
  public func relu6() -> Tensor { hardTanh(0, 6) }

  /// x limited to `low...high`.
  public func hardTanh(_ low: Float = -1, _ high: Float = 1) -> Tensor { clamped(low, high) }

  /// scale * elu(x, alpha) with the constants that keep mean 0 and variance 1 (Klambauer et al., 2017).
  public func selu() -> Tensor { elu(alpha: 1.6732632423543772) * Float(1.0507009873554805) }

  /// max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0) (Barron, 2017).
  public func celu(alpha: Float = 1) -> Tensor {
    require(alpha != 0, "celu: alpha is 0")
    return maximum(Float(0)) + ((minimum(Float(0)) / alpha).expm1() * alpha)
  }

  /// x * tanh(softplus(x)) (Misra, 2019).
  public func mish() -> Tensor { self * softplus().tanh() }

  /// log(sigmoid(x)), without underflow.
  public func logSigmoid() -> Tensor { -((-self).softplus()) }

  /// min(max(x + 3, 0), 6) / 6 (Howard et al., 2019).
  public func hardSigmoid() -> Tensor { (self + Float(3)).relu6() * Float(1.0 / 6) }

  /// x * hardSigmoid(x) (Howard et al., 2019).
  public func hardSwish() -> Tensor { self * hardSigmoid() }

  /// x / (1 + |x|).
  public func softsign() -> Tensor { self / (abs() + Float(1)) }

  /// x - tanh(x).
  public func tanhShrink() -> Tensor { self - tanh() }

  /// x moved towards 0 by `limit`, and 0 where it is nearer.
  public func softShrink(_ limit: Float = 0.5) -> Tensor {
    require(limit >= 0, "softShrink: limit \(limit)")
    return self - clamped(-limit, limit)
  }

  /// x where |x| is above `limit`, else 0.
  public func hardShrink(_ limit: Float = 0.5) -> Tensor {
    Tensor.select(abs() .> limit, self, Tensor.zeros([], dtype: dtype, device: device))
  }

  /// x where it is above `limit`, else `value`.
  public func threshold(_ limit: Float, _ value: Float) -> Tensor {
    Tensor.select(self .> limit, self, Tensor.full([], value, dtype: dtype, device: device))
  }

  /// x where x >= 0, else slope * x, with slopes that are trained (He et al., 2015).
  ///
  /// - Parameter slope: One, or one per element of axis 1.
  public func prelu(slope: Tensor) -> Tensor {
    require(
      slope.count == 1 || (rank >= 2 && slope.shape == [shape[1]]),
      "prelu: slope \(slope.shape) for a tensor of shape \(shape): one, or one per channel")
    var target = Shape(repeating: 1, rank: rank)
    if slope.count > 1 { target[1] = slope.count }
    return maximum(Float(0)) + minimum(Float(0)) * slope.reshaped(to: target)
  }

  /// a * sigmoid(b) for the two halves a and b of an axis (Dauphin et al., 2017).
  public func glu(axis: Int = -1) -> Tensor {
    let halves = split(count: 2, axis: axis)
    return halves[0] * halves[1].sigmoid()
  }

  /// The softmax of -x along an axis.
  public func softmin(axis: Int = -1) -> Tensor { (-self).softmax(axis: axis) }
}
