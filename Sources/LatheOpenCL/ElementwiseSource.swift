#if OpenCL
  import LatheCore

  extension ProgramPrinter {
    /// An instruction's right-hand side.
    func expression(_ instruction: ElementwiseProgram.Instruction) -> String {
      let dtype = instruction.dtype
      let a = "r\(instruction.a)"
      let b = "r\(instruction.b)"
      let c = "r\(instruction.c)"
      let t = type(dtype)
      let zero = "(\(t))(0)"
      switch instruction.op {
      case .negate: return "-\(a)"
      case .absolute: return absolute(a, dtype)
      case .sign: return sign(a, dtype)
      case .exp, .expm1, .log, .log1p, .sin, .cos, .tanh, .erf, .tan, .asin, .acos, .atan, .sinh, .cosh,
        .asinh, .acosh, .atanh:
        return dtype == .float64 ? "\(instruction.op)(\(a))" : "\(function("\(instruction.op)"))(\(a))"
      case .sigmoid, .gelu, .softplus: return "\(function("\(instruction.op)", dtype))(\(a))"
      case .geluTanh: return "\(function("gelu_tanh", dtype))(\(a))"
      case .roundToFloat16: return "\(function("round_float16"))(\(halfSource(a, dtype)))"
      case .roundToBFloat16: return "\(function("round_bfloat16"))(\(halfSource(a, dtype)))"
      case .wrapToInt8: return widened(stored(a, as: .int8), from: .int8)
      case .wrapToInt16: return widened(stored(a, as: .int16), from: .int16)
      case .wrapToUInt16: return widened(stored(a, as: .uint16), from: .uint16)
      case .wrapToUInt32: return widened(stored(a, as: .uint32), from: .uint32)
      case .sqrt: return "sqrt(\(a))"
      case .rsqrt: return "\(one(dtype)) / sqrt(\(a))"
      case .square: return "\(a) * \(a)"
      case .reciprocal: return "\(one(dtype)) / \(a)"
      case .relu: return dtype == .uint8 ? a : choose(zero, a, mask: "\(a) < \(zero)")
      case .silu: return "\(a) * \(function("sigmoid", dtype))(\(a))"
      case .floor: return "floor(\(a))"
      case .ceil: return "ceil(\(a))"
      case .round: return "rint(\(a))"
      case .isNaN: return asMask("isnan(\(a))", dtype)
      case .logicalNot: return "(\(a) == 0)"
      case .toFloat32: return converted(a, from: dtype, to: .float32)
      case .toFloat64: return converted(a, from: dtype, to: .float64)
      case .toInt32: return converted(a, from: dtype, to: .int32)
      case .toInt64: return converted(a, from: dtype, to: .int64)
      case .toUInt8: return converted(a, from: dtype, to: .uint8)
      case .toBool: return dtype == .bool ? a : asMask("\(a) != \(zero)", dtype)
      case .add: return "\(a) + \(b)"
      case .subtract: return "\(a) - \(b)"
      case .multiply: return "\(a) * \(b)"
      case .divide: return "\(a) / \(b)"
      case .power:
        return dtype == .float64
          ? "pow(\(a), \(b))"
          : dtype == .float32 ? "\(function("pow"))(\(a), \(b))" : lanes("integer_power", a, b, dtype)
      case .remainder:
        return dtype.isFloatingPoint
          ? "\(function("remainder", dtype))(\(a), \(b))" : lanes("integer_remainder", a, b, dtype)
      case .floorDivide:
        return dtype.isFloatingPoint
          ? "\(function("floor_divide", dtype))(\(a), \(b))" : lanes("integer_floor_divide", a, b, dtype)
      case .atan2: return dtype == .float64 ? "atan2(\(a), \(b))" : "\(function("atan2"))(\(a), \(b))"
      case .bitwiseAnd: return "(\(a) & \(b))"
      case .bitwiseOr: return "(\(a) | \(b))"
      case .bitwiseXor: return "(\(a) ^ \(b))"
      case .shiftLeft: return lanes("integer_shift_left", a, b, dtype)
      case .shiftRight: return lanes("integer_shift_right", a, b, dtype)
      case .minimum: return extreme("min", a, b, dtype)
      case .maximum: return extreme("max", a, b, dtype)
      case .equal, .notEqual, .less, .lessEqual, .greater, .greaterEqual:
        return comparison(instruction.op, a, b, dtype)
      case .logicalAnd: return "(\(a) & \(b))"
      case .logicalOr: return "(\(a) | \(b))"
      case .logicalXor: return "(\(a) ^ \(b))"
      case .leakyReLU: return choose(a, "\(a) * \(b)", mask: "\(a) >= \(zero)")
      case .elu:
        return choose(
          a, "\(b) * \(dtype == .float64 ? "expm1" : function("expm1"))(\(a))", mask: "\(a) > \(zero)")
      case .select: return selection(a, b, c, dtype)
      case .clamp: return extreme("min", extreme("max", a, b, dtype), c, dtype)
      }
    }

    /// `yes` where the mask, a comparison of the operands' own type, holds, else `no`.
    private func choose(_ yes: String, _ no: String, mask: String) -> String {
      width == 1 ? "((\(mask)) ? (\(yes)) : (\(no)))" : "select(\(no), \(yes), \(mask))"
    }

    private func one(_ dtype: DType) -> String { dtype == .float64 ? "1.0" : "1.0f" }

    /// What is rounded to 16 bits: of a float64 a float that rounds as it would.
    private func halfSource(_ a: String, _ dtype: DType) -> String {
      dtype == .float64 ? "\(function("to_odd", dtype))(\(a))" : a
    }

    /// A comparison of operands of a type as an int mask.
    private func asMask(_ comparison: String, _ dtype: DType) -> String {
      guard width > 1, dtype == .int64 || dtype == .float64 || dtype == .uint8 else {
        return "(\(comparison))"
      }
      return "convert_int\(width)(\(comparison))"
    }

    private func absolute(_ a: String, _ dtype: DType) -> String {
      switch dtype {
      case .float32, .float64: "fabs(\(a))"
      case .uint8: a
      default: choose("-\(a)", a, mask: "\(a) < (\(type(dtype)))(0)")
      }
    }

    private func sign(_ a: String, _ dtype: DType) -> String {
      let zero = "(\(type(dtype)))(0)"
      switch dtype {
      case .float32, .float64: return "\(function("sign", dtype))(\(a))"
      case .uint8: return "min(\(a), (\(type(dtype)))(1))"
      default: return width == 1 ? "(\(a) > 0) - (\(a) < 0)" : "(\(a) < \(zero)) - (\(a) > \(zero))"
      }
    }

    /// Floats are rounded towards zero and limited to the target's range, NaN becomes 0; whole numbers wrap.
    private func converted(_ a: String, from: DType, to: DType) -> String {
      if from == to { return a }
      let rounding = from.isFloatingPoint && !to.isFloatingPoint ? "_sat_rtz" : ""
      return "convert_\(type(to))\(rounding)(\(from == .bool ? "\(a) & 1" : a))"
    }

    private func extreme(_ name: String, _ a: String, _ b: String, _ dtype: DType) -> String {
      switch dtype {
      case .float32, .float64: "\(function(name, dtype))(\(a), \(b))"
      case .bool: name == "min" ? "(\(a) & \(b))" : "(\(a) | \(b))"
      default: "\(name)(\(a), \(b))"
      }
    }

    private func comparison(_ op: ElementwiseOp, _ a: String, _ b: String, _ dtype: DType) -> String {
      if dtype == .bool {
        switch op {
        case .equal: return "(\(a) == \(b))"
        case .notEqual: return "(\(a) != \(b))"
        case .less: return "((\(a) == 0) & \(b))"
        case .lessEqual: return "((\(a) == 0) | \(b))"
        case .greater: return "(\(a) & (\(b) == 0))"
        default: return "(\(a) | (\(b) == 0))"
        }
      }
      let sign =
        switch op {
        case .equal: "=="
        case .notEqual: "!="
        case .less: "<"
        case .lessEqual: "<="
        case .greater: ">"
        default: ">="
        }
      return asMask("\(a) \(sign) \(b)", dtype)
    }

    private func selection(_ mask: String, _ yes: String, _ no: String, _ dtype: DType) -> String {
      if width == 1 { return "(\(mask) ? \(yes) : \(no))" }
      switch dtype {
      case .int64, .float64: return "select(\(no), \(yes), convert_long\(width)(\(mask)))"
      case .uint8: return "select(\(no), \(yes), convert_char\(width)(\(mask)))"
      default: return "select(\(no), \(yes), \(mask))"
      }
    }

    /// A helper on whole numbers, lane by lane.
    private func lanes(_ name: String, _ a: String, _ b: String, _ dtype: DType) -> String {
      let element = type(dtype).prefix { $0.isLetter }
      if width == 1 { return "(\(element))lathe_\(name)(\(a), \(b))" }
      let digits = Array("0123456789abcdef")
      let calls = (0..<width).map { "(\(element))lathe_\(name)(\(a).s\(digits[$0]), \(b).s\(digits[$0]))" }
      return "(\(type(dtype)))(\(calls.joined(separator: ", ")))"
    }
  }
#endif
