import LatheCore

extension Tensor {
  /// The variance over axes, of differences from the mean.
  ///
  /// - Parameters:
  ///   - axes: Axes to take it over; all where nil.
  ///   - keepDims: Leaves the axes in place with size 1.
  ///   - correction: Taken from the number of elements in the divisor: 0 as NumPy, 1 (Bessel's) as PyTorch.
  public func variance(axes: [Int]? = nil, keepDims: Bool = false, correction: Int = 0) -> Tensor {
    let (reduced, divisor) = varianceSizes(axes, correction, "variance")
    let (squares, unit) = squaredDifferences(reduced)
    let result = (squares / divisor / unit / unit).cast(to: fullPrecisionResult)
    let x = self
    return result.reshaped(to: reducedShape(reduced, keepDims: keepDims))
      .recorded("variance", [self]) { gradient, _ in
        let share = x.spread(gradient.inFloatType * 2 / divisor, reduced)
        return [(share * x.differences(reduced)).cast(to: x.dtype)]
      }
  }

  /// The square root of the variance; where that is 0 its gradient is 0, too.
  ///
  /// - Parameters:
  ///   - axes: Axes to take it over; all where nil.
  ///   - keepDims: Leaves the axes in place with size 1.
  ///   - correction: Taken from the number of elements in the variance's divisor.
  public func standardDeviation(axes: [Int]? = nil, keepDims: Bool = false, correction: Int = 0) -> Tensor {
    let (reduced, divisor) = varianceSizes(axes, correction, "standardDeviation")
    let (squares, unit) = squaredDifferences(reduced)
    let result = ((squares / divisor).sqrt() / unit).cast(to: fullPrecisionResult)
    let x = self
    return result.reshaped(to: reducedShape(reduced, keepDims: keepDims))
      .recorded("standardDeviation", [self], savesOutput: true) { gradient, output in
        guard let deviation = output?.inFloatType else { return [nil] }
        let (zero, one) = (Tensor(Float(0), device: x.device), Tensor(Float(1), device: x.device))
        let isConstant = deviation .== zero
        // Chosen on both sides of the division, so that a constant's second derivative is 0 as well.
        let quotient = gradient.inFloatType / Tensor.where(isConstant, one, deviation) / divisor
        let share = x.spread(Tensor.where(isConstant, zero, quotient), reduced)
        return [(share * x.differences(reduced)).cast(to: x.dtype)]
      }
  }

  /// The reduced axes, and by what the sum of squares is divided.
  private func varianceSizes(_ axes: [Int]?, _ correction: Int, _ name: StaticString) -> ([Bool], Double) {
    let reduced = reducedAxes(axes, name)
    let count = reduced.indices.reduce(1) { reduced[$1] ? $0 * shape[$1] : $0 }
    let divisor = Swift.max(count - correction, 0)
    return (reduced, dtype == .float64 ? Double(divisor) : Double(Float(divisor)))
  }

  /// The elements less their mean, in float32 or float64.
  private func differences(_ reduced: [Bool]) -> Tensor {
    let axes = reduced.indices.filter { reduced[$0] }
    let x = inFloatType
    return x - x.mean(axes: axes, keepDims: true)
  }

  /// The sum of squares of differences from the mean, in units of `unit` squared; the axes stay with size 1.
  private func squaredDifferences(_ reduced: [Bool]) -> (squares: Tensor, unit: Tensor) {
    let axes = reduced.indices.filter { reduced[$0] }
    var differences = detached().differences(reduced)
    // What the mean's rounding left.
    differences = differences - differences.mean(axes: axes, keepDims: true)
    guard !dtype.isHalf, axes.allSatisfy({ shape[$0] > 0 }) else {
      return (differences.square().sum(axes: axes, keepDims: true), Tensor(Float(1), device: device))
    }
    // Squares of numbers beyond 1e19 overflow and those below 1e-19 vanish (in float64 beyond 1e154): a power of two
    // brings them nearer to 1.
    let largest = differences.abs().max(axes: axes, keepDims: true)
    let isWide = dtype == .float64
    let (limit, factor) = isWide ? (0x1p400, 0x1p600) : (0x1p50, 0x1p96)
    func number(_ value: Double) -> Tensor { Tensor(value, dtype: largest.dtype, device: device) }
    let small = Tensor.where(largest .< 1 / limit, number(factor), number(1))
    let unit = Tensor.where(largest .> limit, number(1 / factor), small)
    return ((differences * unit).square().sum(axes: axes, keepDims: true), unit)
  }
}
