import LatheCore

// Bits of whole numbers; on bool they are the logical operations.

extension Tensor {
  private static func bits(
    _ op: ElementwiseOp, _ onBool: ElementwiseOp, _ a: ElementwiseOperand, _ b: ElementwiseOperand,
    _ name: StaticString
  ) -> Tensor {
    func isBool(_ operand: ElementwiseOperand) -> Bool { operand.tensor.map { $0.dtype == .bool } ?? true }
    for case .tensor(let x) in [a, b] {
      require(
        !x.dtype.isFloatingPoint, "\(name): \(x.dtype) has no bits to combine; cast it to whole numbers")
    }
    for case .scalar(let number) in [a, b] {
      require(!number.isFloat, "\(name): a fraction has no bits to combine")
    }
    guard isBool(a) && isBool(b) else { return binary(op, a, b, name: name) }
    func truth(_ operand: ElementwiseOperand) -> ElementwiseOperand {
      if case .scalar(let number) = operand { return .scalar(number.converted(to: .bool)) }
      return operand
    }
    return record(onBool, Operands(truth(a), truth(b)), type: .bool, result: .bool, name: name)
  }

  /// The bits that both numbers have; on bool where both hold.
  public static func & (a: Tensor, b: Tensor) -> Tensor {
    bits(.bitwiseAnd, .logicalAnd, .tensor(a), .tensor(b), "bitwiseAnd")
  }
  /// The bits that each number and one number have; on bool where both hold.
  public static func & (a: Tensor, b: some TensorScalar) -> Tensor {
    bits(.bitwiseAnd, .logicalAnd, .tensor(a), .scalar(b.scalarValue), "bitwiseAnd")
  }

  /// The bits that at least one of the numbers has; on bool where at least one holds.
  public static func | (a: Tensor, b: Tensor) -> Tensor {
    bits(.bitwiseOr, .logicalOr, .tensor(a), .tensor(b), "bitwiseOr")
  }
  /// The bits that each number or one number has; on bool where at least one holds.
  public static func | (a: Tensor, b: some TensorScalar) -> Tensor {
    bits(.bitwiseOr, .logicalOr, .tensor(a), .scalar(b.scalarValue), "bitwiseOr")
  }

  /// The bits that exactly one of the numbers has; on bool where exactly one holds.
  public static func ^ (a: Tensor, b: Tensor) -> Tensor {
    bits(.bitwiseXor, .logicalXor, .tensor(a), .tensor(b), "bitwiseXor")
  }
  /// The bits that either each number or one number has; on bool where exactly one holds.
  public static func ^ (a: Tensor, b: some TensorScalar) -> Tensor {
    bits(.bitwiseXor, .logicalXor, .tensor(a), .scalar(b.scalarValue), "bitwiseXor")
  }

  /// Every bit the other way; on bool where the element does not hold.
  public static prefix func ~ (a: Tensor) -> Tensor {
    if a.dtype == .bool { return a.logicalNot() }
    // All bits of the type, so that the number does not widen it.
    guard let range = a.dtype.wholeNumbers, range.lowerBound == 0 else { return a ^ Int64(-1) }
    return a ^ range.upperBound
  }

  private static func shift(
    _ op: ElementwiseOp, _ a: Tensor, _ b: ElementwiseOperand, _ name: StaticString
  ) -> Tensor {
    let distance: DType = b.tensor?.dtype ?? .int32
    require(
      a.dtype.isInteger && (distance.isInteger || distance == .bool),
      "\(name): \(a.dtype) by \(distance): whole numbers are shifted by whole numbers")
    if case .scalar(let number) = b { require(!number.isFloat, "\(name): by a fraction") }
    return binary(op, .tensor(a), b, name: name)
  }

  /// Each number times 2 to the power of the other, as its type holds it; 0 for distances below 0 or of all bits and more.
  public static func << (a: Tensor, b: Tensor) -> Tensor { shift(.shiftLeft, a, .tensor(b), "shiftLeft") }
  /// Each number times 2 to the power of one number, as its type holds it; 0 for distances below 0 or of all bits and more.
  public static func << (a: Tensor, b: some TensorScalar) -> Tensor {
    shift(.shiftLeft, a, .scalar(b.scalarValue), "shiftLeft")
  }

  /// Each number divided by 2 to the power of the other and rounded down; for distances below 0 or of all bits and more 0,
  /// or -1 for negative numbers.
  public static func >> (a: Tensor, b: Tensor) -> Tensor { shift(.shiftRight, a, .tensor(b), "shiftRight") }
  /// Each number divided by 2 to the power of one number and rounded down; for distances below 0 or of all bits and more 0,
  /// or -1 for negative numbers.
  public static func >> (a: Tensor, b: some TensorScalar) -> Tensor {
    shift(.shiftRight, a, .scalar(b.scalarValue), "shiftRight")
  }
}
