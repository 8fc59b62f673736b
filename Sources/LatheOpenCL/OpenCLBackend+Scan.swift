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
        [
          "CUMULATIVE_PRODUCT": 1, "ELEMENT": .string(element), "VALUE": .string(element),
          "SCALED_BITS": .int(inputs[0].dtype.isFloatingPoint ? 8 * inputs[0].dtype.byteCount : 0),
        ])
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
      if profile == .gpu, count >= Self.shortestRow, count <= Int(Int32.max) {
        if inner == 1 { return try scanRows(function, rows: columns, count: count, from, to, options) }
        if columns < max(1, info.computeUnits) * 64 {
          let outer = columns / inner
          return try scanTurned(function, outer: outer, count: count, inner: inner, from, to, options)
        }
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

    /// From this length on, rows have a work-group each on a GPU, or several; and columns that are few are turned into rows.
    private static let shortestRow = 64

    private func scanRows(
      _ function: String, rows: Int, count: Int, _ from: Operand, _ to: [Operand], _ options: KernelOptions
    ) throws {
      let width = alignedLanes(count)
      let local = count >= 512 * width ? 256 : 64
      let (parts, stretch) = rowStretches(rows: rows, count: count, tile: local * width)
      var options = options
      options["WIDTH"] = .int(width)
      options["LOCAL"] = .int(local)
      if options["LOAD"] == nil { options["LOAD"] = "" }
      func launch(_ function: String, _ arguments: [KernelArgument], over items: Int, local: Int) throws {
        try self.launch(
          kernel(.file("scan_rows_gpu.cl"), function, options), arguments, global: (items, 1, 1),
          local: (local, 1, 1))
      }
      let x = KernelArgument.memory(from.memory)
      let sizes = [count, parts, stretch].map { KernelArgument.uint32(UInt32($0)) }
      func pass(_ results: [KernelArgument]) throws {
        try launch(function, [x] + results + sizes, over: rows * parts * local, local: local)
      }
      let results = to.map { KernelArgument.memory($0.memory) }
      if parts == 1 { return try pass(results) }
      if function == "arg_reduce" {
        let places = try pool.allocate(rows * parts * 4)
        try pass([.memory(places.memory)])
        return try launch(
          "arg_join",
          [x, .memory(places.memory)] + results + [rows, count, parts].map { .uint32(UInt32($0)) },
          over: rows,
          local: 64)
      }
      // Totals are as wide as elements, what belongs to them at the most.
      let totals = try (0..<2).map { _ in try pool.allocate(rows * parts * 8) }
      for number in 1...2 {
        options["PARTS"] = .int(number)
        try pass(results + totals.map { .memory($0.memory) })
      }
      withExtendedLifetime(totals) {}
    }

    /// How many work-groups share a row, and of how many elements: more than one where rows are few and long.
    private func rowStretches(rows: Int, count: Int, tile: Int) -> (parts: Int, stretch: Int) {
      let wanted = max(1, min(max(1, info.computeUnits) * 4 / rows, 256, count / (8 * tile)))
      let stretch = ceilingDivide(ceilingDivide(count, wanted), tile) * tile
      return wanted == 1 ? (1, count) : (ceilingDivide(count, stretch), stretch)
    }

    /// Columns as rows of a copy, whose results are turned back.
    private func scanTurned(
      _ function: String, outer: Int, count: Int, inner: Int, _ from: Operand, _ to: [Operand],
      _ options: KernelOptions
    ) throws {
      let (columns, rows) = (Layout([outer, count, inner]), Layout([outer, inner, count]))
      let turn: Shape = [0, 2, 1]
      func room(of dtype: DType) throws -> Operand {
        let bytes = rows.elementCount * dtype.byteCount
        return Operand(buffer: try allocate(byteCount: bytes), layout: rows, dtype: dtype)
      }
      func seen(_ operand: Operand, as layout: Layout) -> Operand {
        Operand(buffer: operand.buffer, layout: layout, dtype: operand.dtype)
      }
      let turned = try room(of: from.dtype)
      try copy(inputs: [seen(from, as: columns.permuted(turn))], outputs: [turned])
      // A place for each column needs no turning.
      let isWhole = function != "arg_reduce"
      let results = try isWhole ? to.map { try room(of: $0.dtype) } : to
      try scanRows(function, rows: outer * inner, count: count, turned, results, options)
      if isWhole {
        for (result, output) in zip(results, to) {
          try copy(
            inputs: [seen(result, as: rows.permuted(turn))], outputs: [seen(output, as: columns)])
        }
      }
      // Scratch memory may go when the last launch is queued, no sooner.
      withExtendedLifetime((turned, results)) {}
    }
  }
#endif
