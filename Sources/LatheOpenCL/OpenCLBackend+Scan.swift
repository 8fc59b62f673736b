#if OpenCL
  import LatheCore

  extension OpenCLBackend {
    package func argReduce(
      outer: Int, count: Int, inner: Int, largest: Bool, inputs: [Operand], outputs: [Operand]
    ) throws {
      let dtype = inputs[0].dtype
      let load =
        switch dtype {
        case .float16: "lathe_from_float16_f1"
        case .bfloat16: "lathe_from_bfloat16_f1"
        default: ""
        }
      try scan(
        "arg_reduce", columns: outer * inner, count: count, inner: inner, inputs[0], outputs,
        [
          "ARG_REDUCE": 1, "LARGEST": largest ? 1 : 0, "IS_FLOAT": dtype.isFloatingPoint ? 1 : 0,
          "LOAD": .string(load),
          "ELEMENT": .string(ProgramPrinter.storedType(dtype)),
          "VALUE": .string(ProgramPrinter.storedType(dtype.computeType)),
        ])
    }

    package func cumulativeSum(outer: Int, count: Int, inner: Int, inputs: [Operand], outputs: [Operand])
      throws
    {
      let element = ProgramPrinter.storedType(inputs[0].dtype)
      try scan(
        "cumulative_sum", columns: outer * inner, count: count, inner: inner, inputs[0], outputs,
        [
          "ELEMENT": .string(element), "VALUE": .string(element),
          // In runs; float64 and whole numbers are added one by one.
          "IS_FLOAT": inputs[0].dtype == .float32 ? 1 : 0,
        ])
    }

    package func cumulativeProduct(outer: Int, count: Int, inner: Int, inputs: [Operand], outputs: [Operand])
      throws
    {
      let element = ProgramPrinter.storedType(inputs[0].dtype)
      try scan(
        "cumulative_product", columns: outer * inner, count: count, inner: inner, inputs[0], outputs,
        ["CUMULATIVE_PRODUCT": 1, "ELEMENT": .string(element), "VALUE": .string(element)])
    }

    package func cumulativeExtremum(
      outer: Int, count: Int, inner: Int, largest: Bool, inputs: [Operand], outputs: [Operand]
    ) throws {
      let element = ProgramPrinter.storedType(inputs[0].dtype)
      try scan(
        "cumulative_extremum", columns: outer * inner, count: count, inner: inner, inputs[0], outputs,
        [
          "CUMULATIVE_EXTREMUM": 1, "LARGEST": largest ? 1 : 0, "ELEMENT": .string(element),
          "VALUE": .string(element), "IS_FLOAT": inputs[0].dtype.isFloatingPoint ? 1 : 0,
        ])
    }

    private func scan(
      _ function: String, columns: Int, count: Int, inner: Int, _ from: Operand, _ to: [Operand],
      _ options: KernelOptions
    ) throws {
      guard columns > 0, count > 0 else { return }
      if profile == .gpu, inner == 1, count >= Self.shortestRow, count <= Int(Int32.max),
        function != "cumulative_product"
      {
        return try scanRows(function, rows: columns, count: count, from, to, options)
      }
      let local = profile == .cpu ? 1 : 64
      var options = options
      options["LOCAL"] = .int(local)
      let kernel = try kernel(.file("scan.cl"), function, options)
      let perItem =
        profile == .cpu ? max(1, max(4096 / count, columns / (max(1, info.computeUnits) * 16))) : 1
      try launch(
        kernel,
        [.memory(from.memory)] + to.map { .memory($0.memory) } + [
          .long(columns), .long(count), .long(inner), .long(perItem),
        ], global: ((columns + perItem - 1) / perItem, 1, 1), local: (local, 1, 1))
    }

    /// From this length on, rows have a work-group each on a GPU.
    ///
    /// Running products have not: those of parts may leave the range of numbers where those from the beginning do not.
    private static let shortestRow = 64

    private func scanRows(
      _ function: String, rows: Int, count: Int, _ from: Operand, _ to: [Operand], _ options: KernelOptions
    ) throws {
      let width = alignedLanes(count)
      let local = count >= 512 * width ? 256 : 64
      var options = options
      options["WIDTH"] = .int(width)
      options["LOCAL"] = .int(local)
      if options["LOAD"] == nil { options["LOAD"] = "" }
      try launch(
        kernel(.file("scan_rows_gpu.cl"), function, options),
        [.memory(from.memory)] + to.map { .memory($0.memory) } + [.uint32(UInt32(count))],
        global: (rows * local, 1, 1), local: (local, 1, 1))
    }
  }
#endif
