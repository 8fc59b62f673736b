import LatheCore

extension Tensor {
  /// log(sum(exp(x))) over axes, without overflow; -inf of no elements.
  ///
  /// The gradient is softmax: where +inf is among the elements those that are infinite share it, and where all are -inf
  /// it is 0.
  public func logSumExp(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    let result = fullPrecisionResult
    let axes = axes ?? Array(0..<rank)
    for axis in axes where shape[self.axis(axis, "logSumExp")] == 0 {
      return inFloatType.sum(axes: axes, keepDims: keepDims).log().cast(to: result)
    }
    let x = inFloatType
    let largest = x.detached().max(axes: axes, keepDims: true)
    let value = x.detached().shiftedExponentials(largest).sum(axes: axes, keepDims: true).log() + largest
    let target = value.shape
    let sum = value.recorded("logSumExp", [x]) { gradient, _ in
      let powers = x.shiftedExponentials(largest)
      let total = powers.sum(axes: axes, keepDims: true)
      // A sum of 0 is one of nothing but -inf.
      let safe = Tensor.where(total .== 0, Tensor.ones([], device: x.device), total)
      return [gradient.reshaped(to: target) * (powers / safe)]
    }
    let shape = reducedShape(reducedAxes(axes, "logSumExp"), keepDims: keepDims)
    return sum.reshaped(to: shape).cast(to: result)
  }

  /// log(sum(exp(x))) over one axis.
  public func logSumExp(axis: Int, keepDims: Bool = false) -> Tensor {
    logSumExp(axes: [axis], keepDims: keepDims)
  }

  /// exp(x - largest); where the largest is infinite 1 for those that are as large and 0 for others, without infinity minus
  /// infinity.
  private func shiftedExponentials(_ largest: Tensor) -> Tensor {
    let isInfinite = largest.abs() .== Float.infinity
    let finite = Tensor.where(isInfinite, zero, self - largest).exp()
    let infinite = ((self .== largest) .&& (largest .> 0)).cast(to: dtype)
    return Tensor.where(isInfinite, infinite, finite)
  }
}
