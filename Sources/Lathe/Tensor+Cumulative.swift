import LatheCore

extension Tensor {
  /// Running products along an axis; int64 for whole numbers and bool.
  ///
  /// - Parameter axis: Along which axis.
  public func cumulativeProduct(axis: Int) -> Tensor {
    let a = self.axis(axis, "cumulativeProduct")
    let result = dtype.isFloatingPoint ? fullPrecisionResult : .int64
    let x = cast(to: result.computeType)
    return x.runningProduct(a).cast(to: result)
  }

  private func runningProduct(_ axis: Int) -> Tensor {
    let x = self
    let (outer, count, inner) = sizes(around: axis)
    return Tensor.run(
      .cumulativeProduct(outer: outer, count: count, inner: inner), [detached().contiguous()], output: shape,
      dtype: dtype
    ).recorded("cumulativeProduct", [self]) { gradient, _ in [x.runningProductGradient(gradient, axis)] }
  }

  /// Up to the first zero every product can be divided by its elements; the first zero itself gets the products without it,
  /// and those behind it get nothing.
  private func runningProductGradient(_ gradient: Tensor, _ axis: Int) -> Tensor {
    func sumsFromHere(_ x: Tensor) -> Tensor { x.flipped([axis]).cumulativeSum(axis: axis).flipped([axis]) }
    let isZero = detached() .== 0
    let zeros = isZero.cast(to: dtype.floatType).cumulativeSum(axis: axis)
    let isFirst = isZero .&& (zeros .== 1)
    let without = Tensor.where(isFirst, Float(1), self)
    let before = sumsFromHere(gradient * runningProduct(axis)) / Tensor.where(isZero, Float(1), self)
    let own = sumsFromHere(gradient * without.runningProduct(axis))
    return Tensor.where(isFirst, own, Tensor.where(zeros .== 0, before, before.zero))
  }

  /// The largest element up to each along an axis; NaN wins from where it stands.
  ///
  /// - Parameter axis: Along which axis.
  /// - Returns: The elements, and where each came from (int32): the last of equal ones, as in PyTorch.
  public func cumulativeMax(axis: Int) -> (values: Tensor, indices: Tensor) {
    cumulativeExtremum("cumulativeMax", axis, largest: true)
  }

  /// The smallest element up to each along an axis; NaN wins from where it stands.
  ///
  /// - Parameter axis: Along which axis.
  /// - Returns: The elements, and where each came from (int32): the last of equal ones, as in PyTorch.
  public func cumulativeMin(axis: Int) -> (values: Tensor, indices: Tensor) {
    cumulativeExtremum("cumulativeMin", axis, largest: false)
  }

  private func cumulativeExtremum(
    _ name: StaticString, _ axis: Int, largest: Bool
  ) -> (values: Tensor, indices: Tensor) {
    let a = self.axis(axis, name)
    checkCount(a, name)
    let key = dtype.kernelType
    let (outer, count, inner) = sizes(around: a)
    let results = Tensor.run(
      .cumulativeExtremum(outer: outer, count: count, inner: inner, largest: largest),
      [cast(to: key).detached().contiguous()], outputs: [(shape, key), (shape, .int32)])
    let indices = results[1]
    let values = results[0].cast(to: dtype).recorded(name, [self]) { gradient, _ in
      [
        Tensor.zeros(gradient.shape, dtype: gradient.dtype, device: gradient.device).scattered(
          a, indices, gradient)
      ]
    }
    return (values, indices)
  }
}
