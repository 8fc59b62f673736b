#if OpenCL
  import LatheCore
  import LatheOpenCL

  extension OpenCLBackend {
    /// A contiguous operand of any content.
    func room(_ shape: Shape, _ dtype: DType = .float32) throws -> Operand {
      let buffer = try allocate(byteCount: max(1, shape.elementCount * dtype.byteCount))
      return Operand(buffer: buffer, layout: Layout(shape), dtype: dtype)
    }

    /// An operand of any content whose elements may lie far apart.
    func room(_ shape: Shape, strides: Shape, offset: Int = 0, _ dtype: DType = .float32) throws
      -> Operand
    {
      let last = zip(shape, strides).reduce(offset) { $0 + ($1.0 - 1) * max(0, $1.1) }
      let buffer = try allocate(byteCount: (last + 1) * dtype.byteCount)
      return Operand(
        buffer: buffer, layout: Layout(shape: shape, strides: strides, offset: offset), dtype: dtype
      )
    }

    /// A contiguous operand that holds values.
    func holding<Value: BitwiseCopyable>(
      _ values: [Value], _ shape: Shape, _ dtype: DType = .float32
    ) throws
      -> Operand
    {
      let operand = try room(shape, dtype)
      try values.withUnsafeBytes { try write($0, to: operand.buffer) }
      return operand
    }

    /// The values of a contiguous operand.
    func values(_ operand: Operand) throws -> [Float] {
      try floats(operand.buffer, count: operand.elementCount)
    }
  }
#endif
