#if OpenCL
  import LatheCore

  /// How kernels that compute in float32 find an operand or leave a result; the raw value is that of stored.clh.
  enum StoredType: Int {
    case float32, float16, bfloat16

    /// The type for tensors of a floating-point type.
    init(_ dtype: DType) { self = dtype == .float16 ? .float16 : dtype == .bfloat16 ? .bfloat16 : .float32 }

    /// The type's name.
    var name: String { self == .float32 ? "float32" : self == .float16 ? "float16" : "bfloat16" }
  }

  extension KernelOptions {
    /// Adds what stored.clh is built with; without it both are float32.
    mutating func set(operands: StoredType, results: StoredType) {
      if operands != .float32 { self["OPERANDS"] = .int(operands.rawValue) }
      if results != .float32 { self["RESULTS"] = .int(results.rawValue) }
    }
  }
#endif
