import LatheCore

extension Tensor {
  /// The Euclidean length of vectors along axes; its gradient is the vector of length 1, and 0 at a vector of zeros.
  ///
  /// Elements are divided by the largest first, so that squares neither overflow nor vanish.
  package func length(axes: [Int], keepDims: Bool = false) -> Tensor {
    let result = fullPrecisionResult
    let x = inFloatType
    let scale = x.largestMagnitude(axes)
    let length = (x / scale).square().sum(axes: axes, keepDims: true).rootOfSquares() * scale
    return length.reshaped(to: reducedShape(reducedAxes(axes, "length"), keepDims: keepDims)).cast(to: result)
  }

  /// Vectors along an axis divided by their length, or by `epsilon` where that is larger.
  package func normalized(axis: Int, epsilon: Float) -> Tensor {
    let result = fullPrecisionResult
    let x = inFloatType
    let scale = x.largestMagnitude([axis], atLeast: Double(epsilon))
    let scaled = x / scale
    let length = scaled.square().sum(axis: axis, keepDims: true).rootOfSquares()
    return (scaled / length.maximum(epsilon / scale)).cast(to: result)
  }

  /// The square root of a sum of squares, whose gradient is 0 at 0, where that of the square root is infinite.
  package func rootOfSquares() -> Tensor {
    let isZero = self .== 0
    let one = Tensor.ones([], dtype: dtype, device: device)
    return Tensor.where(isZero, zero, Tensor.where(isZero, one, self).sqrt())
  }

  /// The largest absolute value along axes, at least a small number and 1 where it is infinite: a constant to divide by.
  func largestMagnitude(_ axes: [Int], atLeast least: Double = 0) -> Tensor {
    let least = Swift.max(
      least, dtype == .float64 ? Double.leastNormalMagnitude : Double(Float.leastNormalMagnitude))
    let one = Tensor.ones([], device: device)
    guard count > 0 else { return one }
    let largest = detached().abs().max(axes: axes, keepDims: true).maximum(least)
    return Tensor.where(largest .== Float.infinity, one, largest)
  }
}
