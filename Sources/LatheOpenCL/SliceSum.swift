#if OpenCL
  import COpenCL
  import LatheCore

  extension OpenCLBackend {
    /// Adds `slices` partial results of `count` elements each, in a fixed order; see slices.cl.
    ///
    /// - Parameters:
    ///   - first: Where the result starts in `target`, in elements.
    ///   - bias: One number for each of the result's `columns`.
    ///   - results: How the result is stored.
    func addSlices(
      _ partial: cl_mem, slices: Int, count: Int, into target: cl_mem, at first: Int = 0, bias: cl_mem? = nil,
      columns: Int = 1, relu: Bool = false, as results: StoredType = .float32
    ) throws {
      guard count <= Int(Int32.max) else {
        throw LatheError.unsupported("sums of slices with \(count) elements")
      }
      let arguments: [KernelArgument] =
        [.memory(partial), .memory(bias ?? partial), .memory(target), .long(first), .int(count)]
        + [.int(columns), .int(slices), .int(bias == nil ? 0 : 1), .int(relu ? 1 : 0)]
      var options: KernelOptions = [:]
      options.set(operands: .float32, results: results)
      try launch(
        kernel(.file("slices.cl"), "add_slices", options), arguments,
        global: (profile == .gpu ? count : ceilingDivide(count, 16), 1, 1),
        local: (profile == .gpu ? 64 : 1, 1, 1))
    }
  }
#endif
