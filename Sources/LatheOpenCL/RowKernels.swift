#if OpenCL
  import LatheCore

  extension OpenCLBackend {
    /// A kernel of a file that works on rows: `rows.clh` goes in front of it, `flag` is a definition of 0 or 1.
    func rowKernel(_ file: String, _ function: String, _ name: String, _ flag: Bool) throws -> OpenCLKernel {
      try layerPlans.plan(.rows(file: file, function: function, flag: flag)) {
        let text = try KernelSource.content(of: "rows.clh") + KernelSource.content(of: file)
        return try kernel(.generated(name: file, text: text), function, [name: flag ? 1 : 0])
      }
    }

    /// Launches a row kernel; the arguments `rows`, `columns` and `rows_per_group` follow `operands`.
    func launchRows(
      _ kernel: OpenCLKernel, _ operands: [KernelArgument], rows: Int, columns: Int,
      _ rest: [KernelArgument] = []
    ) throws {
      guard rows <= Int(Int32.max), columns <= Int(Int32.max) else {
        throw LatheError.unsupported("\(rows) rows of \(columns)")
      }
      // At least about 4096 elements for a work-item of a CPU, and 16 items for each core.
      let perGroup =
        profile == .gpu
        ? 1
        : max(
          1, min(ceilingDivide(4096, max(1, columns)), ceilingDivide(rows, 2 * info.computeUnits)),
          ceilingDivide(rows, 16 * info.computeUnits))
      let local = profile == .gpu ? 64 : 1
      try launch(
        kernel, operands + [.int(rows), .int(columns), .int(perGroup)] + rest,
        global: (ceilingDivide(rows, perGroup) * local, 1, 1), local: (local, 1, 1))
    }
  }
#endif
