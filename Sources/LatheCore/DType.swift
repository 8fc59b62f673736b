/// The element type of a tensor.
public enum DType: UInt8, CaseIterable, Hashable, Sendable, CustomStringConvertible {
  case float32, float16, bfloat16, int32, int64, uint8, bool

  /// Bytes that one element takes.
  public var byteCount: Int {
    switch self {
    case .float32, .int32: 4
    case .float16, .bfloat16: 2
    case .int64: 8
    case .uint8, .bool: 1
    }
  }

  /// Whether the type holds floating-point numbers.
  public var isFloatingPoint: Bool { self == .float32 || self == .float16 || self == .bfloat16 }

  /// Whether the type holds whole numbers; `bool` is not one.
  public var isInteger: Bool { self == .int32 || self == .int64 || self == .uint8 }

  /// The name as NumPy writes it.
  public var description: String {
    switch self {
    case .float32: "float32"
    case .float16: "float16"
    case .bfloat16: "bfloat16"
    case .int32: "int32"
    case .int64: "int64"
    case .uint8: "uint8"
    case .bool: "bool"
    }
  }

  /// The type in which kernels compute: half types are widened to float32, every other type stays.
  public var computeType: DType { isFloatingPoint ? .float32 : self }

  /// The common type of two operands.
  ///
  /// The order is bool < uint8 < int32 < int64 < float16, bfloat16 < float32; the two half types together
  /// give float32. As in PyTorch an integer with a float takes the float's type.
  public static func promote(_ a: DType, _ b: DType) -> DType {
    if a == b { return a }
    if a.isFloatingPoint && b.isFloatingPoint { return .float32 }
    if a.isFloatingPoint { return a }
    if b.isFloatingPoint { return b }
    return a.integerRank > b.integerRank ? a : b
  }

  private var integerRank: Int {
    switch self {
    case .bool: 0
    case .uint8: 1
    case .int32: 2
    default: 3
    }
  }
}
