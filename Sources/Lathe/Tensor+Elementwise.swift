import LatheCore

/// How the Gaussian error linear unit is computed.
public enum GELUApproximation: Sendable {
  /// x * (1 + erf(x / sqrt 2)) / 2.
  case exact
  /// x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))) / 2.
  case tanh
}

extension Tensor {
  /// e to the power of each element.
  public func exp() -> Tensor { floatUnary(.exp, name: "exp") }

  /// exp(x) - 1, exact for small x.
  public func expm1() -> Tensor { floatUnary(.expm1, name: "expm1") }

  /// The natural logarithm.
  public func log() -> Tensor { floatUnary(.log, name: "log") }

  /// log(1 + x), exact for small x.
  public func log1p() -> Tensor { floatUnary(.log1p, name: "log1p") }

  /// The square root.
  public func sqrt() -> Tensor { floatUnary(.sqrt, name: "sqrt") }

  /// 1 / sqrt(x).
  public func rsqrt() -> Tensor { floatUnary(.rsqrt, name: "rsqrt") }

  /// 1 / x.
  public func reciprocal() -> Tensor { floatUnary(.reciprocal, name: "reciprocal") }

  /// The sine of radians.
  public func sin() -> Tensor { floatUnary(.sin, name: "sin") }

  /// The cosine of radians.
  public func cos() -> Tensor { floatUnary(.cos, name: "cos") }

  /// The hyperbolic tangent.
  public func tanh() -> Tensor { floatUnary(.tanh, name: "tanh") }

  /// 1 / (1 + exp(-x)).
  public func sigmoid() -> Tensor { floatUnary(.sigmoid, name: "sigmoid") }

  /// The error function.
  public func erf() -> Tensor { floatUnary(.erf, name: "erf") }

  /// x * sigmoid(x).
  public func silu() -> Tensor { floatUnary(.silu, name: "silu") }

  /// log(1 + exp(x)).
  public func softplus() -> Tensor { floatUnary(.softplus, name: "softplus") }

  /// The largest whole number not above each element; whole numbers stay as they are.
  public func floor() -> Tensor { dtype.isFloatingPoint ? unary(.floor, name: "floor") : self }

  /// The smallest whole number not below each element; whole numbers stay as they are.
  public func ceil() -> Tensor { dtype.isFloatingPoint ? unary(.ceil, name: "ceil") : self }

  /// The nearest whole number, ties to even each element; whole numbers stay as they are.
  public func round() -> Tensor { dtype.isFloatingPoint ? unary(.round, name: "round") : self }

  /// The absolute value.
  public func abs() -> Tensor { unary(.absolute, name: "abs", type: dtype == .bool ? .uint8 : nil) }

  /// -1, 0 or 1; NaN stays NaN.
  public func sign() -> Tensor { unary(.sign, name: "sign", type: dtype == .bool ? .uint8 : nil) }

  /// x * x.
  public func square() -> Tensor { unary(.square, name: "square", type: dtype == .bool ? .uint8 : nil) }

  /// max(x, 0).
  public func relu() -> Tensor { unary(.relu, name: "relu", type: dtype == .bool ? .uint8 : nil) }

  /// The Gaussian error linear unit (Hendrycks and Gimpel, 2016).
  public func gelu(approximation: GELUApproximation = .exact) -> Tensor {
    floatUnary(approximation == .exact ? .gelu : .geluTanh, name: "gelu")
  }

  /// x where x > 0, else slope * x.
  public func leakyReLU(slope: some BinaryFloatingPoint = 0.01) -> Tensor {
    Tensor.binary(
      .leakyReLU, .tensor(self), .scalar(.float(Double(slope))), name: "leakyReLU", floatOnly: true)
  }

  /// x where x > 0, else alpha * (exp(x) - 1) (Clevert et al., 2016).
  public func elu(alpha: some BinaryFloatingPoint = 1.0) -> Tensor {
    Tensor.binary(.elu, .tensor(self), .scalar(.float(Double(alpha))), name: "elu", floatOnly: true)
  }

  /// Where the element is not a number.
  public func isNaN() -> Tensor {
    dtype.isFloatingPoint ? unary(.isNaN, name: "isNaN") : Tensor.full(shape, 0, dtype: .bool, device: device)
  }

  /// Where the element is 0 or false.
  public func logicalNot() -> Tensor { cast(to: .bool).unary(.logicalNot, name: "logicalNot") }

  /// Where both hold; numbers count as true unless 0.
  public func logicalAnd(_ other: Tensor) -> Tensor {
    Tensor.binary(.logicalAnd, .tensor(cast(to: .bool)), .tensor(other.cast(to: .bool)), name: "logicalAnd")
  }

  /// Where at least one holds; numbers count as true unless 0.
  public func logicalOr(_ other: Tensor) -> Tensor {
    Tensor.binary(.logicalOr, .tensor(cast(to: .bool)), .tensor(other.cast(to: .bool)), name: "logicalOr")
  }

  /// Where exactly one holds; numbers count as true unless 0.
  public func logicalXor(_ other: Tensor) -> Tensor {
    Tensor.binary(.logicalXor, .tensor(cast(to: .bool)), .tensor(other.cast(to: .bool)), name: "logicalXor")
  }

  /// Each element to a power; whole numbers to a negative power give 0 (1 and -1 stay what they are).
  public func pow(_ other: Tensor) -> Tensor {
    Tensor.binary(.power, .tensor(inFullPrecision), .tensor(other.inFullPrecision), name: "pow")
  }

  /// Each element to a power; whole numbers to a negative power give 0 (1 and -1 stay what they are); one number for all elements.
  public func pow(_ other: some TensorScalar) -> Tensor {
    Tensor.binary(.power, .tensor(inFullPrecision), .scalar(other.scalarValue), name: "pow")
  }

  /// The smaller element; NaN wins.
  public func minimum(_ other: Tensor) -> Tensor {
    Tensor.binary(.minimum, .tensor(self), .tensor(other), name: "minimum")
  }

  /// The smaller element; NaN wins; one number for all elements.
  public func minimum(_ other: some TensorScalar) -> Tensor {
    Tensor.binary(.minimum, .tensor(self), .scalar(other.scalarValue), name: "minimum")
  }

  /// The larger element; NaN wins.
  public func maximum(_ other: Tensor) -> Tensor {
    Tensor.binary(.maximum, .tensor(self), .tensor(other), name: "maximum")
  }

  /// The larger element; NaN wins; one number for all elements.
  public func maximum(_ other: some TensorScalar) -> Tensor {
    Tensor.binary(.maximum, .tensor(self), .scalar(other.scalarValue), name: "maximum")
  }

  /// Each element limited to `low...high`; nil is no limit, NaN stays NaN.
  ///
  /// A limit that a whole-number type cannot hold is the nearest one that it can.
  public func clamped(_ low: (some TensorScalar)?, _ high: (some TensorScalar)?) -> Tensor {
    require(dtype != .bool, "clamped: not defined on bool")
    let limits = (low?.scalarValue, high?.scalarValue)
    let hasFraction = limits.0?.isFloat ?? false || limits.1?.isFloat ?? false
    let x = hasFraction && !dtype.isFloatingPoint ? cast(to: .float32) : self
    func limit(_ value: ScalarValue?, _ none: (Double, Int64)) -> ScalarValue {
      if x.dtype.isFloatingPoint { return value?.converted(to: x.dtype.computeType) ?? .float(none.0) }
      let range = x.dtype.wholeNumbers ?? .min ... .max
      return .int(Swift.min(Swift.max(value?.intValue ?? none.1, range.lowerBound), range.upperBound))
    }
    return Tensor.record(
      .clamp,
      Operands(
        .tensor(x), .scalar(limit(limits.0, (-.infinity, .min))),
        .scalar(limit(limits.1, (.infinity, .max)))), type: x.dtype.computeType, result: x.dtype,
      name: "clamped")
  }

  /// `a` where the condition holds, else `b`, as NumPy's and PyTorch's `where`; all three broadcast.
  public static func `where`(_ condition: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor {
    let common = DType.promote(a.dtype, b.dtype)
    return record(
      .select,
      Operands(
        .tensor(condition.cast(to: .bool)), .tensor(a.cast(to: common)), .tensor(b.cast(to: common))),
      type: common.computeType, result: common, name: "select")
  }
}
