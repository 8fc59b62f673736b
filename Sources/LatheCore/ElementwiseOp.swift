/// An operation that maps elements one to one.
///
/// Adding one: a case here, its C loop (`kernels/cpu/elementwise_ops.h`, `kernels/cpu/include/elementwise.h`,
/// `LatheCPU/ElementwiseKernels.swift`), its OpenCL expression (`LatheOpenCL/ElementwiseSource.swift`), its gradient
/// (`Lathe/ElementwiseGradient.swift`), its method on Tensor and its test row. Every switch over this type is
/// exhaustive, so the compiler names what is missing.
public enum ElementwiseOp: UInt8, CaseIterable, Hashable, Sendable {
  // Unary.
  case negate, absolute, sign, exp, expm1, log, log1p, sqrt, rsqrt, square, reciprocal, sin, cos, tanh
  case tan, asin, acos, atan, sinh, cosh, asinh, acosh, atanh
  case sigmoid, erf, relu, gelu, geluTanh, silu, softplus, floor, ceil, round
  case isNaN, logicalNot
  /// Conversions; the instruction's `dtype` is the source's type.
  case toFloat32, toFloat64, toInt32, toInt64, toUInt8, toBool
  /// A float32 or float64 rounded once to the nearest float16 or bfloat16 (ties to even), held as float32.
  case roundToFloat16, roundToBFloat16
  /// An int32 (for uint32 an int64) as the narrower type holds it, still held as it was.
  case wrapToInt8, wrapToInt16, wrapToUInt16, wrapToUInt32
  // Binary.
  case add, subtract, multiply, divide, power, minimum, maximum
  /// The remainder with the divisor's sign, as NumPy's and PyTorch's.
  case remainder
  /// The quotient rounded down; by 0 it is 0 for whole numbers and IEEE 754's for floats.
  case floorDivide
  /// The angle of the point (b, a).
  case atan2
  case bitwiseAnd, bitwiseOr, bitwiseXor
  /// By less than 0 or by all bits and more: 0, to the right what the sign alone leaves.
  case shiftLeft, shiftRight
  case equal, notEqual, less, lessEqual, greater, greaterEqual
  case logicalAnd, logicalOr, logicalXor
  /// a where a >= 0, else a * b.
  case leakyReLU
  /// a where a > 0, else b * (exp(a) - 1).
  case elu
  // Ternary.
  /// b where the bool a holds, else c; the instruction's `dtype` is that of b and c.
  case select
  /// a limited to b...c; NaN stays NaN.
  case clamp

  /// The number of operands.
  public var arity: Int {
    switch self {
    case .select, .clamp: 3
    case .add, .subtract, .multiply, .divide, .power, .minimum, .maximum, .remainder, .equal, .notEqual,
      .less,
      .lessEqual, .greater, .greaterEqual, .logicalAnd, .logicalOr, .logicalXor, .leakyReLU, .elu,
      .floorDivide, .atan2, .bitwiseAnd, .bitwiseOr, .bitwiseXor, .shiftLeft, .shiftRight:
      2
    default: 1
    }
  }

  /// The result's type for operands of a compute type.
  public func resultType(_ operand: DType) -> DType {
    switch self {
    case .isNaN, .logicalNot, .toBool, .equal, .notEqual, .less, .lessEqual, .greater, .greaterEqual,
      .logicalAnd,
      .logicalOr, .logicalXor:
      .bool
    case .toFloat32, .roundToFloat16, .roundToBFloat16: .float32
    case .toFloat64: .float64
    case .toInt32: .int32
    case .toInt64: .int64
    case .toUInt8: .uint8
    default: operand
    }
  }

  /// Whether the operation is defined on operands of a compute type (float32, float64, int32, int64, uint8, bool).
  ///
  /// The front end converts operands so that backends meet nothing else: transcendental functions run in
  /// float32 and float64, logic takes bool, arithmetic takes numbers, `power` all but bool.
  public func isDefined(on dtype: DType) -> Bool {
    switch self {
    case .exp, .expm1, .log, .log1p, .sqrt, .rsqrt, .reciprocal, .sin, .cos, .tanh, .sigmoid, .erf, .gelu,
      .geluTanh, .silu, .softplus, .floor, .ceil, .round, .isNaN, .roundToFloat16, .roundToBFloat16, .divide,
      .leakyReLU, .elu, .tan, .asin, .acos, .atan, .sinh, .cosh, .asinh, .acosh, .atanh, .atan2:
      dtype == .float32 || dtype == .float64
    case .bitwiseAnd, .bitwiseOr, .bitwiseXor, .shiftLeft, .shiftRight: dtype.isInteger
    case .wrapToInt8, .wrapToInt16, .wrapToUInt16: dtype == .int32
    case .wrapToUInt32: dtype == .int64
    case .logicalNot, .logicalAnd, .logicalOr, .logicalXor: dtype == .bool
    case .negate, .absolute, .sign, .square, .relu, .add, .subtract, .multiply, .power, .remainder,
      .floorDivide, .clamp:
      dtype != .bool
    case .minimum, .maximum, .equal, .notEqual, .less, .lessEqual, .greater, .greaterEqual, .select: true
    case .toFloat32, .toFloat64, .toInt32, .toInt64, .toUInt8, .toBool: true
    }
  }
}
