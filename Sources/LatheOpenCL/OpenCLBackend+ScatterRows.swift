#if OpenCL
  import LatheCore

  // Many rows added to rows that an index names, on a GPU: scatter_rows_gpu.cl.

  extension OpenCLBackend {
    /// Rows in the order of where they go that a work-item adds up at most.
    private static let scatterChunk = 128

    /// Sorts the picked rows by where they go and adds up what goes to each; the output holds the base.
    func scatterAddRows(
      outer: Int, count: Int, inner: Int, picked: Int, _ inputs: [Operand], _ output: Operand
    ) throws {
      let (index, source) = (inputs[1], inputs[2])
      let width = alignedLanes(inner)
      let rows = outer * picked
      let units = inner / width
      let chunks = ceilingDivide(picked, Self.scatterChunk)
      let options: KernelOptions = [
        "ELEMENT": .string(ProgramPrinter.storedType(source.dtype)), "WIDTH": .int(width),
        "IS_FLOAT": source.dtype == .float32 ? 1 : 0, "CHUNK": .int(Self.scatterChunk),
        "NARROW": rows * units <= Int(Int32.max) ? 1 : 0,
      ]
      func launch(_ function: String, _ arguments: [KernelArgument], over items: Int) throws {
        try self.launch(
          kernel(.file("scatter_rows_gpu.cl"), function, options), arguments, global: (items, 1, 1),
          local: (256, 1, 1))
      }
      func numbers() throws -> Operand {
        Operand(buffer: try allocate(byteCount: rows * 4), layout: Layout([outer, picked]), dtype: .int32)
      }
      let (keys, sorted, places) = (try numbers(), try numbers(), try numbers())
      let partial = try pool.allocate(outer * chunks * 4 * inner * source.dtype.byteCount)
      try launch(
        "scatter_keys",
        indexArguments(index).dropLast() + [.memory(keys.memory)] + reportArguments(.scatterAdd, [output])
          + [.long(rows), .long(count), .long(picked), narrowDivisor(picked)], over: rows)
      try sort(rows: outer, count: picked, descending: false, inputs: [keys], outputs: [sorted, places])
      try launch(
        "scatter_rows",
        [sorted, places, source, output].map { .memory($0.memory) } + [
          .memory(partial.memory), .long(rows * units), .long(count), .long(inner), .long(picked),
          narrowDivisor(units), narrowDivisor(picked),
        ], over: rows * units)
      let joints = chunks - 1
      try launch(
        "scatter_join",
        [
          .memory(sorted.memory), .memory(partial.memory), .memory(output.memory),
          .long(outer * joints * units), .long(count), .long(inner), .long(picked), .long(joints),
          narrowDivisor(units), narrowDivisor(joints),
        ], over: outer * joints * units)
      // Scratch memory may go when the last launch is queued, no sooner.
      withExtendedLifetime((keys, sorted, places)) {}
    }
  }
#endif
