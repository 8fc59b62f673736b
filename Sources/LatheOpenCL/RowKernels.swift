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
      _ file: String, _ function: String, _ name: String, _ value: Int, columns: Int, streams: Bool = false
    ) throws -> OpenCLKernel {
      let lanes = alignedLanes(columns)
      // Steps of a recurrence are not launched by rows.
      let items = file == "recurrence.cl" ? Self.usualRowItems : rowItems(columns)
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

    /// The work-items of a GPU that do a row together.
    private func rowItems(_ columns: Int) -> Int {
      guard profile == .gpu else { return 1 }
      return choices.current(.rowsGPU, columns <= 1024 ? .narrow : .wide)?.parameters["ITEMS"]
        ?? Self.usualRowItems
    }

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

    /// Launches a row kernel; the arguments `rows`, `columns` and `rows_per_group` follow `operands`.
    func launchRows(
      _ kernel: OpenCLKernel, _ operands: [KernelArgument], rows: Int, columns: Int,
      _ rest: [KernelArgument] = []
    ) throws {
      guard max(rows, columns) <= Int(Int32.max) / 2 else {
        throw LatheError.unsupported("\(rows) rows of \(columns)")
      }
      let perGroup = rowsPerGroup(rows: rows, columns: columns)
      let local = rowItems(columns)
      try launch(
        kernel, operands + [.int(rows), .int(columns), .int(perGroup)] + rest,
        global: (ceilingDivide(rows, perGroup) * local, 1, 1), local: (local, 1, 1))
    }
  }
#endif
