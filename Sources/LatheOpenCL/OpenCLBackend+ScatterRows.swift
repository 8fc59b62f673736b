#if OpenCL
  import LatheCore

  // Many elements joined with those that an index names, on a GPU: scatter_rows_gpu.cl.

  extension OpenCLBackend {
    /// What is picked that a work-item joins at most, in the order of where it goes.
    private static let scatterChunk = 128

    /// The most that one launch orders, and the most comparisons that it makes: sorting takes more launches, of which each waits
    /// for the one before.
    private static let mostRanked = 8192, mostComparisons = 1 << 28

    /// `RULE` of scatter_rows_gpu.cl for sums.
    private static let addsRows = 4

    /// Whether what is picked is sorted by where it goes.
    ///
    /// On GPUs, where work-items that walk over all of it would be few and slow. Rows that are picked as a whole are sorted
    /// once, others each column by itself.
    func sortsScattered(outer: Int, count: Int, inner: Int, picked: Int, index: Operand) -> Bool {
      guard profile == .gpu, picked > Self.additionsInOrder, max(count, picked) < Int(Int32.max) else {
        return false
      }
      return index.layout.strides[2] == 0 || inner == 1 || outer * inner < max(1, info.computeUnits) * 64
    }

    /// Sorts what is picked by where it goes and joins what goes to each by a rule, nil to add; the output holds the base.
    ///
    /// The order of what is joined is that of the index, its result the same at every run.
    func scatterSorted(
      _ rule: ScatterRule?, outer: Int, count: Int, inner: Int, picked: Int, _ inputs: [Operand],
      _ output: Operand
    ) throws {
      let (index, source) = (inputs[1], inputs[2])
      let dtype = source.dtype
      // Whether products keep powers beside them.
      let isScaled = rule == .product && dtype.isFloatingPoint
      let groups = index.layout.strides[2] == 0 ? 1 : inner
      let width = groups > 1 || isScaled ? 1 : alignedLanes(inner)
      let lines = outer * groups
      let units = inner / groups / width
      let rows = lines * picked
      let chunks = ceilingDivide(picked, Self.scatterChunk)
      let options: KernelOptions = [
        "ELEMENT": .string(ProgramPrinter.storedType(dtype)), "WIDTH": .int(width),
        "RULE": .int(rule.map { Int($0.rawValue) } ?? Self.addsRows), "EMPTY": .string(empty(rule, dtype)),
        "PAIRS": (rule == nil ? dtype == .float32 : dtype.isFloatingPoint) ? 1 : 0,
        "SCALED_BITS": .int(isScaled ? 8 * dtype.byteCount : 0), "CHUNK": .int(Self.scatterChunk),
        "NARROW": rows * units <= Int(Int32.max) ? 1 : 0,
      ]
      func launch(
        _ function: String, _ arguments: [KernelArgument], over items: Int, _ lines: Int = 1, local: Int = 256
      ) throws {
        try self.launch(
          kernel(.file("scatter_rows_gpu.cl"), function, options), arguments, global: (items, lines, 1),
          local: (local, 1, 1))
      }
      func numbers() throws -> Operand {
        Operand(buffer: try allocate(byteCount: rows * 4), layout: Layout([lines, picked]), dtype: .int32)
      }
      let (sorted, places) = (try numbers(), try numbers())
      let reports = reportArguments(rule == nil ? .scatterAdd : .scatter, [output])
      let partial = try pool.allocate(lines * chunks * 4 * units * width * dtype.byteCount)
      if picked <= Self.mostRanked, rows <= Self.mostComparisons / picked {
        try launch(
          "scatter_order",
          indexArguments(index) + [.memory(sorted.memory), .memory(places.memory)] + reports
            + [.long(count), .int(picked), .long(groups), narrowDivisor(groups)],
          over: picked, lines, local: 64)
      } else {
        let keys = try numbers()
        try launch(
          "scatter_keys",
          indexArguments(index) + [.memory(keys.memory)] + reports
            + [rows, count, picked, groups].map { .long($0) }
            + [narrowDivisor(picked), narrowDivisor(groups)], over: rows)
        try sort(rows: lines, count: picked, descending: false, inputs: [keys], outputs: [sorted, places])
        withExtendedLifetime(keys) {}
      }
      try launch(
        "scatter_rows",
        [sorted, places, source, output].map { .memory($0.memory) } + [.memory(partial.memory)]
          + [rows * units, count, inner, picked, groups, units].map { .long($0) }
          + [units, picked, groups].map(narrowDivisor), over: rows * units)
      let joints = chunks - 1
      try launch(
        "scatter_join",
        [.memory(sorted.memory), .memory(partial.memory), .memory(output.memory)]
          + [lines * joints * units, count, inner, picked, groups, units, joints].map { .long($0) }
          + [units, joints, groups].map(narrowDivisor), over: lines * joints * units)
      // Scratch memory may go when the last launch is queued, no sooner.
      withExtendedLifetime((sorted, places, partial)) {}
    }

    /// What changes nothing when it is joined by a rule.
    private func empty(_ rule: ScatterRule?, _ dtype: DType) -> String {
      switch rule {
      case .product: "1"
      case .maximum where dtype.isFloatingPoint: "(-INFINITY)"
      case .minimum where dtype.isFloatingPoint: "INFINITY"
      case .maximum: dtype == .int32 ? "INT_MIN" : "LONG_MIN"
      case .minimum: dtype == .int32 ? "INT_MAX" : "LONG_MAX"
      case .set, nil: "0"
      }
    }
  }
#endif
