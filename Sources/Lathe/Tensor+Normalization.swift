import LatheCore

extension Tensor {
  /// Layer normalisation over the last axis (Ba et al., 2016): (x - mean) / sqrt(variance + epsilon) * weight + bias.
  ///
  /// - Parameters:
  ///   - weight: One factor per element of the last axis; with it comes `bias`.
  ///   - bias: One summand per element of the last axis.
  ///   - epsilon: Added to the variance.
  public func layerNorm(weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Float = 1e-5) -> Tensor {
    require(rank >= 1, "layerNorm: a scalar has no axis")
    let columns = shape[rank - 1]
    for parameter in [weight, bias] {
      require(
        parameter.map { $0.shape == [columns] } ?? true,
        "layerNorm: weight or bias \(parameter?.shape ?? []) for a tensor of shape \(shape)")
    }
    if Tensor.hasFloat64(self, weight, bias) {
      let scaled = cast(to: .float64).composedLayerNorm(epsilon)
      let weighted = weight.map { scaled * $0 } ?? scaled
      return bias.map { weighted + $0 } ?? weighted
    }
    let rows = columns == 0 ? 0 : count / columns
    let affine = weight != nil || bias != nil
    let w = weight?.cast(to: .float32) ?? Tensor.ones([columns], device: device)
    let b = bias?.cast(to: .float32) ?? Tensor.zeros([columns], device: device)
    // Inside `withPrecision` the gradient is made from the input in 16 bits, with statistics of the exact one.
    let x = dtype.isFloatingPoint ? self : cast(to: .float32)
    let saved = x.node == nil ? KernelOperand(x) : KernelOperand(kept: x)
    let inputs = affine ? [x, w, b] : [x]
    let target = shape
    let original = x.dtype
    let results = Tensor.run(
      .layerNorm(rows: rows, columns: columns, epsilon: epsilon, affine: affine),
      inputs.map { KernelOperand($0).kernelInput.contiguous() },
      outputs: [(target, .float32), ([rows], .float32), ([rows], .float32)])
    let (mean, scale) = (results[1], results[2])
    return results[0].stored(as: fullPrecisionResult).recorded("layerNorm", inputs) { gradient, _ in
      if GradientMode.isRecording {
        let again = x.cast(to: .float32).composedLayerNorm(epsilon) * w + b
        let wanted = inputs.filter { $0.node != nil }
        var found = again.gradients(of: wanted, upstream: gradient, creatingGraph: true)[...]
        return inputs.map { $0.node == nil ? nil : found.removeFirst() }
      }
      var parts = Tensor.run(
        .layerNormBackward(rows: rows, columns: columns, affine: affine),
        [gradient.cast(to: .float32).contiguous(), saved.kernelInput.contiguous(), mean, scale]
          + (affine ? [w.detached().contiguous()] : []),
        outputs: [(target, .float32)] + (affine ? [([columns], .float32), ([columns], .float32)] : []))
      parts[0] = parts[0].stored(as: original)
      return parts
    }
  }

  private func composedLayerNorm(_ epsilon: Float) -> Tensor {
    let centered = self - mean(axis: -1, keepDims: true)
    return centered * (centered.square().mean(axis: -1, keepDims: true) + epsilon).rsqrt()
  }

  /// Batch normalisation by the batch's own statistics (Ioffe and Szegedy, 2015), over all axes but the second.
  ///
  /// - Parameters:
  ///   - weight: One factor per channel.
  ///   - bias: One summand per channel.
  ///   - epsilon: Added to the variance.
  /// - Returns: The output, and the mean and biased variance of each channel, untracked, for running statistics.
  public func batchNorm(
    weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Float = 1e-5
  ) -> (output: Tensor, mean: Tensor, variance: Tensor) {
    require(rank >= 2, "batchNorm: a tensor of shape \(shape), not [n, c, ...]")
    if dtype.isHalf {
      // Computed in float32; the tape keeps the input and computes again.
      let results = recomputed { () -> [Tensor] in
        let (output, mean, variance) = cast(to: .float32).batchNorm(
          weight: weight, bias: bias, epsilon: epsilon)
        return [output.cast(to: dtype), mean, variance]
      }
      return (results[0], results[1], results[2])
    }
    let (mean, variance) = channelMoments()
    let output = scaled((self - mean) * (variance + epsilon).rsqrt(), weight, bias)
    return (output, mean.detached().reshaped(to: [shape[1]]), variance.detached().reshaped(to: [shape[1]]))
  }

  /// Batch normalisation by given statistics of each channel, as in evaluation.
  public func batchNorm(
    mean: Tensor, variance: Tensor, weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Float = 1e-5
  ) -> Tensor {
    require(rank >= 2, "batchNorm: a tensor of shape \(shape), not [n, c, ...]")
    let output = scaled((self - perChannel(mean)) * (perChannel(variance) + epsilon).rsqrt(), weight, bias)
    return dtype.isHalf ? output.cast(to: dtype) : output
  }

  /// The mean and the biased variance of each channel, which stays as an axis beside axes of size 1.
  private func channelMoments() -> (mean: Tensor, variance: Tensor) {
    let channels = shape[1]
    var target = Shape(repeating: 1, rank: rank)
    target[1] = channels
    let numbers = channels == 0 ? 0 : count / channels
    guard dtype == .float32, numbers > 0 else {
      let axes = (0..<rank).filter { $0 != 1 }
      let mean = mean(axes: axes, keepDims: true)
      return (mean, (self - mean).square().mean(axes: axes, keepDims: true))
    }
    let found = Tensor.run(
      .channelMoments(outer: shape[0], channels: channels, inner: numbers / shape[0]),
      [detached().contiguous()], outputs: [([channels], .float32), ([channels], .float32)]
    ).map { $0.reshaped(to: target) }
    let (x, n) = (self, Float(numbers))
    let mean = found[0].recorded("mean", [self]) { gradient, _ in [(gradient / n).expanded(to: x.shape)] }
    let variance = found[1].recorded("variance", [self]) { gradient, _ in
      let centered = x - (GradientMode.isRecording ? x.channelMoments().mean : found[0])
      return [gradient * 2 / n * centered]
    }
    return (mean, variance)
  }

  private func perChannel(_ parameter: Tensor) -> Tensor {
    require(
      parameter.shape == [shape[1]], "batchNorm: \(parameter.shape) for the \(shape[1]) channels of \(shape)")
    var target = Shape(repeating: 1, rank: rank)
    target[1] = shape[1]
    return parameter.reshaped(to: target)
  }

  private func scaled(_ x: Tensor, _ weight: Tensor?, _ bias: Tensor?) -> Tensor {
    var result = x
    if let weight { result = result * perChannel(weight) }
    if let bias { result = result + perChannel(bias) }
    return result
  }
}
