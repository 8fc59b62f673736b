import CPUKernels
import LatheCore

/// The C kernel of every element-wise operation, for this processor.
enum ElementwiseKernels {
  // The table is constant memory of the C target.
  nonisolated(unsafe) static let table: UnsafePointer<lathe_elementwise_kernels> = lathe_elementwise()

  /// The kernel of an operation on a compute type; stops the program where there is none.
  static func find(_ op: ElementwiseOp, _ dtype: DType) -> lathe_kernel {
    let t = table
    func each(
      _ f32: lathe_kernel?, _ f64: lathe_kernel?, _ i32: lathe_kernel?, _ i64: lathe_kernel?,
      _ u8: lathe_kernel?, _ bool: lathe_kernel? = nil
    ) -> lathe_kernel? {
      switch dtype {
      case .float32: f32
      case .float64: f64
      case .int32: i32
      case .int64: i64
      case .uint8: u8
      case .bool: bool
      case .float16, .bfloat16, .int8, .int16, .uint16, .uint32: nil
      }
    }
    func float(_ f32: lathe_kernel?, _ f64: lathe_kernel?) -> lathe_kernel? { each(f32, f64, nil, nil, nil) }
    func logic(_ kernel: lathe_kernel?) -> lathe_kernel? { dtype == .bool ? kernel : nil }
    let k = t.pointee
    let kernel: lathe_kernel? =
      switch op {
      case .negate: each(k.negate_f32, k.negate_f64, k.negate_i32, k.negate_i64, k.negate_u8)
      case .absolute: each(k.absolute_f32, k.absolute_f64, k.absolute_i32, k.absolute_i64, k.absolute_u8)
      case .sign: each(k.sign_f32, k.sign_f64, k.sign_i32, k.sign_i64, k.sign_u8)
      case .exp: float(k.exp_f32, k.exp_f64)
      case .expm1: float(k.expm1_f32, k.expm1_f64)
      case .log: float(k.log_f32, k.log_f64)
      case .log1p: float(k.log1p_f32, k.log1p_f64)
      case .sqrt: float(k.sqrt_f32, k.sqrt_f64)
      case .rsqrt: float(k.rsqrt_f32, k.rsqrt_f64)
      case .square: each(k.square_f32, k.square_f64, k.square_i32, k.square_i64, k.square_u8)
      case .reciprocal: float(k.reciprocal_f32, k.reciprocal_f64)
      case .sin: float(k.sin_f32, k.sin_f64)
      case .cos: float(k.cos_f32, k.cos_f64)
      case .tan: float(k.tan_f32, k.tan_f64)
      case .asin: float(k.asin_f32, k.asin_f64)
      case .acos: float(k.acos_f32, k.acos_f64)
      case .atan: float(k.atan_f32, k.atan_f64)
      case .atan2: float(k.atan2_f32, k.atan2_f64)
      case .sinh: float(k.sinh_f32, k.sinh_f64)
      case .cosh: float(k.cosh_f32, k.cosh_f64)
      case .asinh: float(k.asinh_f32, k.asinh_f64)
      case .acosh: float(k.acosh_f32, k.acosh_f64)
      case .atanh: float(k.atanh_f32, k.atanh_f64)
      case .tanh: float(k.tanh_f32, k.tanh_f64)
      case .sigmoid: float(k.sigmoid_f32, k.sigmoid_f64)
      case .erf: float(k.erf_f32, k.erf_f64)
      case .relu: each(k.relu_f32, k.relu_f64, k.relu_i32, k.relu_i64, k.relu_u8)
      case .gelu: float(k.gelu_f32, k.gelu_f64)
      case .geluTanh: float(k.gelu_tanh_f32, k.gelu_tanh_f64)
      case .silu: float(k.silu_f32, k.silu_f64)
      case .softplus: float(k.softplus_f32, k.softplus_f64)
      case .floor: float(k.floor_f32, k.floor_f64)
      case .ceil: float(k.ceil_f32, k.ceil_f64)
      case .round: float(k.round_f32, k.round_f64)
      case .isNaN: float(k.is_nan_f32, k.is_nan_f64)
      case .logicalNot: logic(k.logical_not)
      case .toFloat32: each(k.f32_to_f32, k.f64_to_f32, k.i32_to_f32, k.i64_to_f32, k.u8_to_f32, k.u8_to_f32)
      case .toFloat64: each(k.f32_to_f64, k.f64_to_f64, k.i32_to_f64, k.i64_to_f64, k.u8_to_f64, k.u8_to_f64)
      case .toInt32: each(k.f32_to_i32, k.f64_to_i32, k.i32_to_i32, k.i64_to_i32, k.u8_to_i32, k.u8_to_i32)
      case .toInt64: each(k.f32_to_i64, k.f64_to_i64, k.i32_to_i64, k.i64_to_i64, k.u8_to_i64, k.u8_to_i64)
      case .toUInt8: each(k.f32_to_u8, k.f64_to_u8, k.i32_to_u8, k.i64_to_u8, k.u8_to_u8, k.u8_to_u8)
      case .toBool:
        each(k.f32_to_bool, k.f64_to_bool, k.i32_to_bool, k.i64_to_bool, k.u8_to_bool, k.u8_to_bool)
      case .roundToFloat16: float(k.f32_round_to_f16, k.f64_round_to_f16)
      case .roundToBFloat16: float(k.f32_round_to_bf16, k.f64_round_to_bf16)
      case .wrapToInt8: each(nil, nil, k.wrap_i8, nil, nil)
      case .wrapToInt16: each(nil, nil, k.wrap_i16, nil, nil)
      case .wrapToUInt16: each(nil, nil, k.wrap_u16, nil, nil)
      case .wrapToUInt32: each(nil, nil, nil, k.wrap_u32, nil)
      case .add: each(k.add_f32, k.add_f64, k.add_i32, k.add_i64, k.add_u8)
      case .subtract: each(k.subtract_f32, k.subtract_f64, k.subtract_i32, k.subtract_i64, k.subtract_u8)
      case .multiply: each(k.multiply_f32, k.multiply_f64, k.multiply_i32, k.multiply_i64, k.multiply_u8)
      case .divide: float(k.divide_f32, k.divide_f64)
      case .power: each(k.power_f32, k.power_f64, k.power_i32, k.power_i64, k.power_u8)
      case .minimum:
        each(k.minimum_f32, k.minimum_f64, k.minimum_i32, k.minimum_i64, k.minimum_u8, k.minimum_u8)
      case .maximum:
        each(k.maximum_f32, k.maximum_f64, k.maximum_i32, k.maximum_i64, k.maximum_u8, k.maximum_u8)
      case .remainder:
        each(k.remainder_f32, k.remainder_f64, k.remainder_i32, k.remainder_i64, k.remainder_u8)
      case .floorDivide:
        each(
          k.floor_divide_f32, k.floor_divide_f64, k.floor_divide_i32, k.floor_divide_i64, k.floor_divide_u8)
      case .bitwiseAnd: each(nil, nil, k.bitwise_and_i32, k.bitwise_and_i64, k.bitwise_and_u8)
      case .bitwiseOr: each(nil, nil, k.bitwise_or_i32, k.bitwise_or_i64, k.bitwise_or_u8)
      case .bitwiseXor: each(nil, nil, k.bitwise_xor_i32, k.bitwise_xor_i64, k.bitwise_xor_u8)
      case .shiftLeft: each(nil, nil, k.shift_left_i32, k.shift_left_i64, k.shift_left_u8)
      case .shiftRight: each(nil, nil, k.shift_right_i32, k.shift_right_i64, k.shift_right_u8)
      case .equal: each(k.equal_f32, k.equal_f64, k.equal_i32, k.equal_i64, k.equal_u8, k.equal_u8)
      case .notEqual:
        each(
          k.not_equal_f32, k.not_equal_f64, k.not_equal_i32, k.not_equal_i64, k.not_equal_u8, k.not_equal_u8)
      case .less: each(k.less_f32, k.less_f64, k.less_i32, k.less_i64, k.less_u8, k.less_u8)
      case .lessEqual:
        each(
          k.less_equal_f32, k.less_equal_f64, k.less_equal_i32, k.less_equal_i64, k.less_equal_u8,
          k.less_equal_u8)
      case .greater:
        each(k.greater_f32, k.greater_f64, k.greater_i32, k.greater_i64, k.greater_u8, k.greater_u8)
      case .greaterEqual:
        each(
          k.greater_equal_f32, k.greater_equal_f64, k.greater_equal_i32, k.greater_equal_i64,
          k.greater_equal_u8,
          k.greater_equal_u8)
      case .logicalAnd: logic(k.logical_and)
      case .logicalOr: logic(k.logical_or)
      case .logicalXor: logic(k.logical_xor)
      case .leakyReLU: float(k.leaky_relu_f32, k.leaky_relu_f64)
      case .elu: float(k.elu_f32, k.elu_f64)
      case .select: each(k.select_f32, k.select_f64, k.select_i32, k.select_i64, k.select_u8, k.select_u8)
      case .clamp: each(k.clamp_f32, k.clamp_f64, k.clamp_i32, k.clamp_i64, k.clamp_u8)
      }
    guard let kernel else { preconditionFailure("\(op) is not defined on \(dtype)") }
    return kernel
  }

  /// The kernel that reads elements as registers of their compute type.
  static func load(_ dtype: DType) -> lathe_kernel {
    let k = table.pointee
    return switch dtype {
    case .float16: k.f16_to_f32
    case .bfloat16: k.bf16_to_f32
    case .int8: k.i8_to_i32
    case .int16: k.i16_to_i32
    case .uint16: k.u16_to_i32
    case .uint32: k.u32_to_i64
    case .uint8, .bool: k.copy_u8
    case .float32, .int32: k.copy_i32
    case .int64, .float64: k.copy_i64
    }
  }

  /// The kernel that stores registers of a type's compute type as its elements.
  static func store(_ dtype: DType) -> lathe_kernel {
    let k = table.pointee
    return switch dtype {
    case .float16: k.f32_to_f16
    case .bfloat16: k.f32_to_bf16
    // The lowest bits are the same, signed or not.
    case .int8: k.i32_to_u8
    case .int16, .uint16: k.i32_to_u16
    case .uint32: k.i64_to_i32
    case .uint8, .bool: k.copy_u8
    case .float32, .int32: k.copy_i32
    case .int64, .float64: k.copy_i64
    }
  }

  /// About how long an operation takes for an element, in units of an addition.
  static func cost(_ op: ElementwiseOp) -> Int {
    switch op {
    case .exp, .log, .tanh, .sigmoid, .erf, .gelu, .geluTanh, .silu, .divide, .sqrt, .rsqrt, .reciprocal: 6
    case .expm1, .log1p, .sin, .cos, .softplus, .elu, .asin, .acos, .atan, .sinh, .cosh: 12
    case .tan, .atan2, .asinh, .acosh, .atanh: 20
    case .power, .remainder, .floorDivide: 30
    default: 1
    }
  }
}
