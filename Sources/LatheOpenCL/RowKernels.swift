#if OpenCL
  import LatheCore

  extension OpenCLBackend {
    /// A kernel of a file that works on rows with a definition of 0 or 1; with `streams` the result is written past the
    /// caches.
    func rowKernel(
      _ file: String, _ function: String, _ name: String, _ flag: Bool, columns: Int, streams: Bool = false
    ) throws -> OpenCLKernel {
      try rowKernel(file, function, name, flag ? 1 : 0, columns: columns, streams: streams)
    }

    /// A kernel of a file that works on rows of `columns` numbers with a definition; `rows.clh` goes in front of it.
    func rowKernel(
      _ file: String, _ function: String, _ name: String, _ value: Int, columns: Int, streams: Bool = false,
      items tuned: Int? = nil
    ) throws -> OpenCLKernel {
      let lanes = alignedLanes(columns)
      let items = tuned ?? Self.usualRowItems
      return try layerPlans.plan(
        .rows(file: file, function: function, value: value, streams: streams, lanes: lanes, items: items)
      ) {
        let text = try KernelSource.content(of: "rows.clh") + KernelSource.content(of: file)
        var options: KernelOptions = [name: .int(value)]
        if streams { options["STREAMS"] = 1 }
        if profile == .gpu { options["ROW_LANES"] = .int(lanes) }
        if profile == .gpu && items != Self.usualRowItems { options["ROW_ITEMS"] = .int(items) }
        return try kernel(.generated(name: file, text: text), function, options)
      }
    }

    /// `ROW_ITEMS` of rows.clh.
    private static let usualRowItems = 64

    /// How many numbers of a row a work-item of a GPU reads at once: rows that are a multiple of 4 long are all aligned.
    func alignedLanes(_ columns: Int) -> Int {
      profile == .cpu ? profile.vectorWidth : columns % 4 == 0 ? 4 : 1
    }

    /// Whether a result is better written past a CPU's caches: whoever reads it next would find little of it there.
    func streams(rows: Int, columns: Int) -> Bool {
      profile == .cpu && columns % 16 == 0 && rows * columns * 4 >= 16 << 20
    }

    /// How many rows a work-group does, a work-item on a CPU: there at least about 4096 elements, and 16 items for each
    /// core.
    func rowsPerGroup(rows: Int, columns: Int) -> Int {
      if profile == .gpu { return 1 }
      return max(
        1, min(ceilingDivide(4096, max(1, columns)), ceilingDivide(rows, 2 * info.computeUnits)),
        ceilingDivide(rows, 16 * info.computeUnits))
    }

    /// Launches a kernel of a file that works on rows with a definition of 0 or 1, on as many work-items as suit a device.
    func launchRows(
      _ file: String, _ function: String, _ name: String, _ flag: Bool, _ operands: [KernelArgument],
      rows: Int, columns: Int, streams: Bool = false, _ rest: [KernelArgument] = []
    ) throws {
      try tunedOnGPUs(.rowsGPU, columns <= 1024 ? .narrow : .wide) {
        let items = $0?["ITEMS"]
        try launchRows(
          rowKernel(
            file, function, name, flag ? 1 : 0, columns: columns, streams: streams, items: items),
          operands, rows: rows, columns: columns, rest, items: items)
      }
    }

    /// Launches a row kernel; the arguments `rows`, `columns` and `rows_per_group` follow `operands`.
    func launchRows(
      _ kernel: OpenCLKernel, _ operands: [KernelArgument], rows: Int, columns: Int,
      _ rest: [KernelArgument] = [], items tuned: Int? = nil
    ) throws {
      guard max(rows, columns) <= Int(Int32.max) / 2 else {
        throw LatheError.unsupported("\(rows) rows of \(columns)")
      }
      let perGroup = rowsPerGroup(rows: rows, columns: columns)
      // Of a GPU's work-group, which does a row together.
      let local = profile == .gpu ? tuned ?? Self.usualRowItems : 1
      try launch(
        kernel, operands + [.int(rows), .int(columns), .int(perGroup)] + rest,
        global: (ceilingDivide(rows, perGroup) * local, 1, 1), local: (local, 1, 1))
    }
  }
#endif
