/// The element type of a tensor.
public enum DType: UInt8, CaseIterable, Hashable, Sendable, CustomStringConvertible {
  case float32, float16, bfloat16, int32, int64, uint8, bool
  case int8, int16, uint16, uint32
  case float64

  /// Bytes that one element takes.
  public var byteCount: Int {
    switch self {
    case .float32, .int32, .uint32: 4
    case .float16, .bfloat16, .int16, .uint16: 2
    case .int64, .float64: 8
    case .uint8, .int8, .bool: 1
    }
  }

  /// Whether the type holds floating-point numbers.
  public var isFloatingPoint: Bool {
    self == .float32 || self == .float64 || self == .float16 || self == .bfloat16
  }

  /// Whether the type holds whole numbers; `bool` is not one.
  public var isInteger: Bool { wholeNumbers != nil }

  /// The whole numbers that the type holds; nil for floating-point types and `bool`.
  public var wholeNumbers: ClosedRange<Int64>? {
    switch self {
    case .int8: -0x80...0x7f
    case .int16: -0x8000...0x7fff
    case .int32: -0x8000_0000...0x7fff_ffff
    case .int64: .min ... .max
    case .uint8: 0...0xff
    case .uint16: 0...0xffff
    case .uint32: 0...0xffff_ffff
    case .float32, .float64, .float16, .bfloat16, .bool: nil
    }
  }

  /// The name as NumPy writes it.
  public var description: String {
    switch self {
    case .float32: "float32"
    case .float64: "float64"
    case .float16: "float16"
    case .bfloat16: "bfloat16"
    case .int32: "int32"
    case .int64: "int64"
    case .uint8: "uint8"
    case .int8: "int8"
    case .int16: "int16"
    case .uint16: "uint16"
    case .uint32: "uint32"
    case .bool: "bool"
    }
  }

  /// Whether the type is a floating-point type of 16 bits.
  package var isHalf: Bool { self == .float16 || self == .bfloat16 }

  /// The type in which kernels compute, one that holds all of this type's numbers: half types are widened to float32,
  /// int8, int16 and uint16 to int32, uint32 to int64; every other type stays.
  public var computeType: DType {
    switch self {
    case .float16, .bfloat16: .float32
    case .int8, .int16, .uint16: .int32
    case .uint32: .int64
    case .float32, .float64, .int32, .int64, .uint8, .bool: self
    }
  }

  /// The type in which functions of floating-point numbers compute: float64 for itself, float32 for every other.
  public var floatType: DType { self == .float64 ? .float64 : .float32 }

  /// What makes of a number of the compute type the one that this type would hold; nil where the two are one type.
  public var narrowing: ElementwiseOp? {
    switch self {
    case .float16: .roundToFloat16
    case .bfloat16: .roundToBFloat16
    case .int8: .wrapToInt8
    case .int16: .wrapToInt16
    case .uint16: .wrapToUInt16
    case .uint32: .wrapToUInt32
    case .float32, .float64, .int32, .int64, .uint8, .bool: nil
    }
  }

  /// The common type of two operands.
  ///
  /// Whole numbers take the narrowest type that holds the numbers of both, `bool` is below them; the two half types
  /// together give float32, float64 with any other type float64. As in PyTorch an integer with a float takes the
  /// float's type.
  public static func promote(_ a: DType, _ b: DType) -> DType {
    if a == b { return a }
    if a.isFloatingPoint && b.isFloatingPoint { return a == .float64 || b == .float64 ? .float64 : .float32 }
    if a.isFloatingPoint { return a }
    if b.isFloatingPoint { return b }
    guard let first = a.wholeNumbers else { return b }
    guard let second = b.wholeNumbers else { return a }
    return narrowFirst.first { $0.holds(first) && $0.holds(second) } ?? .int64
  }

  private static let narrowFirst: [DType] = [.uint8, .int8, .uint16, .int16, .uint32, .int32, .int64]

  /// Whether the type is one of whole numbers and holds all of a range.
  public func holds(_ numbers: ClosedRange<Int64>) -> Bool {
    guard let own = wholeNumbers else { return false }
    return own.lowerBound <= numbers.lowerBound && numbers.upperBound <= own.upperBound
  }
}
