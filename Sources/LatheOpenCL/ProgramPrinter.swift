#if OpenCL
  import LatheCore

  /// Prints an element-wise program as OpenCL C for vectors of one width.
  ///
  /// Register k is a constant `r<k>` of a vector (or scalar) type. A bool register is an int mask as comparisons
  /// give it: 0 or -1 in vectors, 0 or 1 in scalars. Input k is `x<k>`, read from index `b<k>` on with stride `s<k>`.
  struct ProgramPrinter {
    let program: ElementwiseProgram
    let width: Int

    private var w: String { width == 1 ? "" : "\(width)" }

    /// In front of a kernel whose steps give what each would by itself: none is joined with the next, as a product with a
    /// sum.
    static let stepByStep = "#pragma OPENCL FP_CONTRACT OFF"

    /// A helper of math.clh for this width, or of math_f64.clh.
    func function(_ name: String, _ dtype: DType = .float32) -> String {
      "lathe_\(name)_\(dtype == .float64 ? "d" : "f")\(width)"
    }

    /// The type of a register.
    func type(_ dtype: DType) -> String {
      switch dtype {
      case .float32, .float16, .bfloat16: "float\(w)"
      case .float64: "double\(w)"
      case .int32, .int8, .int16, .uint16, .bool: "int\(w)"
      case .int64, .uint32: "long\(w)"
      case .uint8: "uchar\(w)"
      }
    }

    /// The type of an element in memory.
    static func storedType(_ dtype: DType) -> String {
      switch dtype {
      case .float32: "float"
      case .float64: "double"
      case .float16, .bfloat16, .uint16: "ushort"
      case .int32: "int"
      case .int64: "long"
      case .uint8, .bool: "uchar"
      case .int8: "char"
      case .int16: "short"
      case .uint32: "uint"
      }
    }

    /// The parameters for inputs and scalars; inputs come with their offset.
    static func parameters(_ program: ElementwiseProgram) -> [String] {
      program.inputs.enumerated().map { k, dtype in
        "__global const \(storedType(dtype)) *restrict x\(k), long o\(k)"
      } + program.scalars.indices.map { scalarParameter(program, $0) }
    }

    /// The parameter of a scalar.
    static func scalarParameter(_ program: ElementwiseProgram, _ k: Int) -> String {
      "\(scalarType(program.scalars[k])) k\(k)"
    }

    private static func scalarType(_ dtype: DType) -> String {
      switch dtype {
      case .float32, .float16, .bfloat16: "float"
      case .float64: "double"
      case .int64: "long"
      default: "int"
      }
    }

    /// Definitions of all registers for the element (or the vector from element) `index` on.
    ///
    /// - Parameter aligned: whether contiguous inputs may be read as whole vectors of their type.
    func body(accesses: [Access], index: String, aligned: Bool = false) -> String {
      var lines: [String] = []
      for (k, dtype) in program.inputs.enumerated() {
        let loaded = load(k, dtype, accesses[k], index, aligned: aligned)
        lines.append("const \(type(dtype)) r\(k) = \(loaded);")
      }
      for (k, dtype) in program.scalars.enumerated() {
        let value = dtype == .bool ? (width == 1 ? "(k\(k) != 0)" : "-(k\(k) != 0)") : "k\(k)"
        lines.append("const \(type(dtype)) r\(program.inputs.count + k) = (\(type(dtype)))(\(value));")
      }
      let first = program.inputs.count + program.scalars.count
      for (k, instruction) in program.instructions.enumerated() {
        let result = type(instruction.op.resultType(instruction.dtype))
        lines.append("const \(result) r\(first + k) = \(expression(instruction));")
      }
      return lines.joined(separator: "\n")
    }

    private func load(_ k: Int, _ dtype: DType, _ access: Access, _ index: String, aligned: Bool) -> String {
      let stored = ProgramPrinter.storedType(dtype)
      let raw: String
      switch access {
      case .contiguous where width == 1: raw = "x\(k)[b\(k) + \(index)]"
      case .contiguous where aligned: raw = "*(__global const \(stored)\(w) *)(x\(k) + b\(k) + \(index))"
      case .contiguous: raw = "vload\(w)(0, x\(k) + b\(k) + \(index))"
      case .broadcast: raw = "(\(stored)\(w))(x\(k)[b\(k)])"
      case .strided:
        let elements = (0..<width).map { "x\(k)[b\(k) + (\(index) + \($0)) * s\(k)]" }
        raw = "(\(stored)\(w))(\(elements.joined(separator: ", ")))"
      }
      return widened(raw, from: dtype)
    }

    /// Elements of a type as a register holds them.
    func widened(_ raw: String, from dtype: DType) -> String {
      switch dtype {
      case .float16: "\(function("from_float16"))(\(raw))"
      case .bfloat16: "\(function("from_bfloat16"))(\(raw))"
      case .int8, .int16, .uint16, .uint32: "convert_\(type(dtype))(\(raw))"
      case .bool: width == 1 ? "(\(raw) != 0)" : "(convert_int\(w)(\(raw)) != 0)"
      default: raw
      }
    }

    /// A register as it is stored in an output of a type.
    func stored(_ register: String, as dtype: DType) -> String {
      switch dtype {
      case .float16: "\(function("to_float16"))(\(register))"
      case .bfloat16: "\(function("to_bfloat16"))(\(register))"
      case .bool: "convert_uchar\(w)(\(register) & 1)"
      case .int8, .int16, .uint16, .uint32:
        "convert_\(ProgramPrinter.storedType(dtype))\(w)(\(register))"
      default: register
      }
    }

    /// Stores of all outputs, each at `index` of `y<k>`.
    func stores(index: String, aligned: Bool = false) -> String {
      program.outputs.enumerated().map { k, output in
        let value = stored("r\(output.register)", as: output.dtype)
        if width == 1 { return "y\(k)[\(index)] = \(value);" }
        if aligned {
          return "*(__global \(ProgramPrinter.storedType(output.dtype))\(w) *)(y\(k) + \(index)) = \(value);"
        }
        return "vstore\(w)(\(value), 0, y\(k) + \(index));"
      }.joined(separator: "\n")
    }
  }
#endif
