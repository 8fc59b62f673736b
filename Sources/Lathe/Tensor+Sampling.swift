import LatheCore

extension Tensor {
  /// Uniform whole numbers, low included and high not.
  ///
  /// They are made of 48 random bits each, the same on every device.
  ///
  /// - Parameters:
  ///   - low: The smallest number.
  ///   - high: One more than the largest; at most 2^40 above `low`.
  ///   - shape: How many.
  ///   - generator: Where they are drawn from.
  ///   - dtype: A type that holds them.
  ///   - device: Where the tensor lives.
  public static func randint(
    _ low: Int, _ high: Int, _ shape: Shape, generator: Generator, dtype: DType = .int64,
    device: Device = .default
  ) -> Tensor {
    let (width, overflows) = high.subtractingReportingOverflow(low)
    require(
      !overflows && width > 0 && width <= 1 << 40,
      "randint: from \(low) up to but without \(high): from 1 to 2^40 different numbers")
    let bits = uniform([2] + shape, generator: generator, device: device) * Float(0x1p24)
    let number = bits[0].cast(to: .int64) * Int64(1 << 24) + bits[1].cast(to: .int64)
    return (number % Int64(width) + Int64(low)).cast(to: dtype)
  }

  /// Places drawn with the probabilities that the elements say, along the last axis.
  ///
  /// The elements need not add up to 1. Those that are negative, infinite or NaN, rows of zeros, and without replacement
  /// rows with fewer elements above 0 than are drawn, are errors of kind `indexOutOfRange`, thrown where values are read;
  /// to find them the host reads two numbers.
  ///
  /// - Parameters:
  ///   - count: How many places of each row.
  ///   - replacement: Whether a place may be drawn again.
  ///   - generator: Where random numbers come from.
  /// - Returns: int32 [..., count].
  public func multinomial(_ count: Int, replacement: Bool = false, generator: Generator) -> Tensor {
    require(
      rank >= 1 && dtype.isFloatingPoint,
      "multinomial: a tensor of shape \(shape) of \(dtype), not of probabilities")
    require(count >= 0, "multinomial: \(count) places")
    let n = shape[rank - 1]
    require(replacement || count <= n, "multinomial: \(count) different places of \(n)")
    let p = detached().inFloatType
    let target = Shape(shape.dropLast()).appending(count)
    if target.elementCount == 0 { return Tensor.zeros(target, dtype: .int32, device: device) }
    return Tensor.afterReading("multinomial", valuesOf: [], target, .int32, device) {
      let isBad = (p .< 0) .|| p.isFinite().logicalNot()
      let positive = (p .> 0).sum(axis: -1).min()
      let found = try Tensor.stack([isBad.sum(), positive]).scalars(as: Int64.self)
      guard found[0] == 0 else {
        throw LatheError(
          .indexOutOfRange,
          "multinomial: \(found[0]) elements are negative, infinite or NaN, so no probabilities")
      }
      let needed = replacement ? 1 : count
      guard found[1] >= needed else {
        throw LatheError(
          .indexOutOfRange,
          "multinomial: a row has \(found[1]) elements above 0, and \(needed) different places are drawn")
      }
      return replacement
        ? p.drawnAgain(count, generator, target) : p.drawnOnce(count, generator)
    }
  }

  /// By the places of uniform numbers among the running sums.
  private func drawnAgain(_ count: Int, _ generator: Generator, _ target: Shape) -> Tensor {
    let sums = cumulativeSum(axis: -1)
    let total = sums.sliced(axis: -1, from: -1)
    let drawn = Tensor.uniform(target, generator: generator, dtype: dtype, device: device) * total
    // Rounding must not reach those of probability 0 at the end.
    return sums.searchSorted(drawn, right: true).minimum(sums.searchSorted(total))
  }

  /// By the largest quotients of the elements by exponentially distributed numbers (Efraimidis and Spirakis, 2006).
  private func drawnOnce(_ count: Int, _ generator: Generator) -> Tensor {
    let parts = Tensor.uniform([2] + shape, generator: generator, device: device)
    // Small numbers, which decide, with all their digits.
    let u = (parts[0] + parts[1] * Float(0x1p-24)).cast(to: dtype)
    let waits = -((-u.minimum(Float(1).nextDown)).log1p())
    return (self / waits.maximum(Float(0x1p-60))).topK(count).indices
  }
}

extension Shape {
  /// Axes in front of others.
  static func + (first: Shape, rest: Shape) -> Shape { Shape(Array(first) + Array(rest)) }
}
