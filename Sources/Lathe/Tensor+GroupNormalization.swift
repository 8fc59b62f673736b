import LatheCore

extension Tensor {
  /// x / sqrt(mean(x^2) + epsilon) * weight over the last axis (Zhang and Sennrich, 2019).
  ///
  /// - Parameters:
  ///   - weight: One factor per element of the last axis.
  ///   - epsilon: Added under the square root.
  public func rmsNorm(weight: Tensor? = nil, epsilon: Float = 1.1920929e-7) -> Tensor {
    require(rank >= 1, "rmsNorm: a scalar has no axis")
    require(
      weight.map { $0.shape == [shape[rank - 1]] } ?? true,
      "rmsNorm: weight \(weight?.shape ?? []) for a tensor of shape \(shape)")
    if dtype == .float32, weight.map({ $0.dtype == .float32 }) ?? true {
      return rmsNormOfRows(weight, epsilon)
    }
    if isWidened { return recomputed { inFullPrecision.rmsNorm(weight: weight, epsilon: epsilon) } }
    let x = inFloatType
    let scaled = x * (x.square().mean(axes: [-1], keepDims: true) + epsilon).rsqrt()
    return (weight.map { scaled * $0 } ?? scaled).cast(
      to: Tensor.hasFloat64(weight) ? .float64 : dtype.isFloatingPoint ? dtype : .float32)
  }

  /// The same in one operation.
  private func rmsNormOfRows(_ weight: Tensor?, _ epsilon: Float) -> Tensor {
    let x = asRows()
    let sizes = Operation.rmsNorm(
      rows: x.shape[0], columns: x.shape[1], epsilon: epsilon, weighted: weight != nil)
    let inputs = [x.detached().contiguous()] + (weight.map { [$0.detached().contiguous()] } ?? [])
    return Tensor.run(sizes, inputs, output: x.shape)
      .recorded("rmsNorm", [x] + (weight.map { [$0] } ?? [])) { gradient, _ in
        // With r = 1 / sqrt(mean(x^2) + epsilon) and g = dy weight: dx = r (g - x r^2 mean(g x)).
        let r = (x.square().mean(axes: [-1], keepDims: true) + epsilon).rsqrt()
        let g = weight.map { gradient * $0 } ?? gradient
        let ofX = r * (g - x * (r * r * (g * x).mean(axes: [-1], keepDims: true)))
        return [ofX] + (weight == nil ? [] : [(gradient * x * r).sum(axes: [0])])
      }
      .reshaped(to: shape)
  }

  /// Normalisation over groups of channels of each example (Wu and He, 2018).
  ///
  /// - Parameters:
  ///   - groups: Divides the number of channels, the second axis.
  ///   - weight: One factor per channel.
  ///   - bias: One summand per channel.
  ///   - epsilon: Added under the square root.
  public func groupNorm(
    groups: Int, weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Float = 1e-5
  ) -> Tensor {
    require(
      rank >= 2 && groups > 0 && shape[1] % groups == 0,
      "groupNorm: \(groups) groups for a tensor of shape \(shape), not [n, c, ...] with c a multiple of them")
    if isWidened {
      return recomputed {
        inFullPrecision.groupNorm(groups: groups, weight: weight, bias: bias, epsilon: epsilon)
      }
    }
    let channels = shape[1]
    var perChannel = Shape(repeating: 1, rank: rank)
    perChannel[1] = channels
    for parameter in [weight, bias] {
      require(
        parameter.map { $0.shape == [channels] } ?? true,
        "groupNorm: weight or bias \(parameter?.shape ?? []) for a tensor of shape \(shape)")
    }
    var size = channels / groups
    for axis in 2..<Swift.max(rank, 2) { size *= shape[axis] }
    var result = reshaped(to: [shape[0], groups, size]).layerNorm(epsilon: epsilon).reshaped(to: shape)
    if let weight { result = result * weight.reshaped(to: perChannel) }
    if let bias { result = result + bias.reshaped(to: perChannel) }
    return result
  }
}
