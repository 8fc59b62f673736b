/// A Swift number or truth value that tensors are made from and read into.
public protocol TensorScalar: Sendable {
  /// The element type that holds it.
  static var dtype: DType { get }
  /// Converts from a floating-point element.
  init(element: Double)
  /// Converts from a whole-number element; a bool is 0 or 1.
  init(element: Int64)
  /// As the kernels take it.
  var scalarValue: ScalarValue { get }
  /// As an element of a type that is no floating-point one holds it, by the rule of `Tensor.cast(to:)`.
  func wholeValue(as dtype: DType) -> ScalarValue
}

extension TensorScalar {
  /// As an element of a type that is no floating-point one holds it, by the rule of `Tensor.cast(to:)`.
  public func wholeValue(as dtype: DType) -> ScalarValue { scalarValue.converted(to: dtype) }
}

extension TensorScalar where Self: BinaryInteger {
  /// Converts from a floating-point element: cut towards zero, limited to the range, 0 for NaN.
  public init(element: Double) { self.init(clamping: ScalarValue.float(element).intValue) }
  /// Converts from a whole-number element; a bool is 0 or 1.
  public init(element: Int64) { self.init(truncatingIfNeeded: element) }
  /// As the kernels take it.
  public var scalarValue: ScalarValue { .int(Int64(truncatingIfNeeded: self)) }
}

extension TensorScalar where Self: BinaryFloatingPoint {
  /// Converts from a floating-point element.
  public init(element: Double) { self.init(element) }
  /// Converts from a whole-number element; a bool is 0 or 1.
  public init(element: Int64) { self.init(element) }
  /// As the kernels take it.
  public var scalarValue: ScalarValue { .float(Double(self)) }
}

extension Float: TensorScalar {
  /// The element type that holds it.
  public static var dtype: DType { .float32 }
}
extension Double: TensorScalar {
  /// The element type of tensors that are made of literals: float64 only where it is asked for.
  public static var dtype: DType { .float32 }
}
extension Float16: TensorScalar {
  /// The element type that holds it.
  public static var dtype: DType { .float16 }
}
extension Int32: TensorScalar {
  /// The element type that holds it.
  public static var dtype: DType { .int32 }
}
extension Int64: TensorScalar {
  /// The element type that holds it.
  public static var dtype: DType { .int64 }
}
extension Int: TensorScalar {
  /// The element type that holds it.
  public static var dtype: DType { .int64 }
}
extension UInt8: TensorScalar {
  /// The element type that holds it.
  public static var dtype: DType { .uint8 }
}
extension Int8: TensorScalar {
  /// The element type that holds it.
  public static var dtype: DType { .int8 }
}
extension Int16: TensorScalar {
  /// The element type that holds it.
  public static var dtype: DType { .int16 }
}
extension UInt16: TensorScalar {
  /// The element type that holds it.
  public static var dtype: DType { .uint16 }
}
extension UInt32: TensorScalar {
  /// The element type that holds it.
  public static var dtype: DType { .uint32 }
}

extension Bool: TensorScalar {
  /// The element type that holds it.
  public static var dtype: DType { .bool }
  /// Converts from a floating-point element.
  public init(element: Double) { self = element != 0 }
  /// Converts from a whole-number element; a bool is 0 or 1.
  public init(element: Int64) { self = element != 0 }
  /// As the kernels take it.
  public var scalarValue: ScalarValue { .int(self ? 1 : 0) }
}

extension ScalarValue: TensorScalar {
  /// Float32, the type of most constants.
  public static var dtype: DType { .float32 }
  /// Converts from a floating-point element.
  public init(element: Double) { self = .float(element) }
  /// Converts from a whole-number element; a bool is 0 or 1.
  public init(element: Int64) { self = .int(element) }
  /// As the kernels take it.
  public var scalarValue: ScalarValue { self }
}

extension Float {
  /// The nearest number that a floating-point type holds.
  func rounded(to dtype: DType) -> Float {
    switch dtype {
    case .float16: Float(Float16(self))
    case .bfloat16: BFloat16Bits.float(BFloat16Bits.bits(self))
    default: self
    }
  }
}

/// The bits of bfloat16: the upper half of a float32.
enum BFloat16Bits {
  static func float(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }

  /// Rounds to the nearest, ties to even; NaN stays NaN.
  static func bits(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    if value.isNaN { return UInt16(truncatingIfNeeded: bits >> 16) | 0x40 }
    return UInt16(truncatingIfNeeded: (bits &+ 0x7fff &+ ((bits >> 16) & 1)) >> 16)
  }
}
