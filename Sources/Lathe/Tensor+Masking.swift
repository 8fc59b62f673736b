import LatheCore

extension Tensor {
  /// `a` where the condition holds, else one number; both tensors broadcast.
  ///
  /// - Parameters:
  ///   - condition: Numbers count as true unless 0.
  ///   - a: What stands where it holds; a fraction as `b` makes whole numbers float32.
  ///   - b: The number elsewhere.
  public static func `where`(_ condition: Tensor, _ a: Tensor, _ b: some TensorScalar) -> Tensor {
    let (a, b) = a.beside(b)
    return `where`(condition, a, b)
  }

  /// One number where the condition holds, else `b`; both tensors broadcast.
  ///
  /// - Parameters:
  ///   - condition: Numbers count as true unless 0.
  ///   - a: The number where it holds.
  ///   - b: What stands elsewhere; a fraction as `a` makes whole numbers float32.
  public static func `where`(_ condition: Tensor, _ a: some TensorScalar, _ b: Tensor) -> Tensor {
    let (b, a) = b.beside(a)
    return `where`(condition, a, b)
  }

  /// This tensor and a number of its type, or both in the type that a number beside it makes.
  private func beside(_ number: some TensorScalar) -> (Tensor, Tensor) {
    let common = numberType(beside: number.scalarValue)
    return (cast(to: common), Tensor.full([], number, dtype: common, device: device))
  }

  /// The elements, but one number where the mask holds.
  ///
  /// - Parameters:
  ///   - mask: Broadcasts to the tensor's shape; numbers count as true unless 0.
  ///   - value: Takes the tensor's type by the rule of `cast(to:)`, as in PyTorch.
  public func maskedFill(_ mask: Tensor, _ value: some TensorScalar) -> Tensor {
    require(
      Shape.broadcast(shape, mask.shape) == shape,
      "maskedFill: a mask \(mask.shape) for a tensor of shape \(shape)")
    return Tensor.where(mask, Tensor.full([], value, dtype: dtype, device: device), self)
  }

  /// Where the element is neither NaN nor infinite; everywhere for whole numbers.
  public func isFinite() -> Tensor {
    dtype.isFloatingPoint
      ? detached().abs() .< Float.infinity : Tensor.full(shape, 1, dtype: .bool, device: device)
  }

  /// Where the element is infinite, of either sign; nowhere for whole numbers.
  public func isInfinite() -> Tensor {
    dtype.isFloatingPoint
      ? detached().abs() .== Float.infinity : Tensor.full(shape, 0, dtype: .bool, device: device)
  }

  /// The quotient rounded down, of the operands' common type, as PyTorch's `floor_divide` and Python's `//`.
  ///
  /// With `%` it makes the number again: `b * a.floorDivide(b) + a % b` is `a`. Whole numbers by 0 are 0, floats what
  /// `/` gives; the gradient is 0.
  ///
  /// - Parameter other: The divisor.
  public func floorDivide(_ other: Tensor) -> Tensor {
    Tensor.binary(.floorDivide, .tensor(self), .tensor(other), name: "floorDivide")
  }

  /// The quotient by one number rounded down; see the same for tensors.
  ///
  /// - Parameter other: The divisor.
  public func floorDivide(_ other: some TensorScalar) -> Tensor {
    Tensor.binary(.floorDivide, .tensor(self), .scalar(other.scalarValue), name: "floorDivide")
  }
}
