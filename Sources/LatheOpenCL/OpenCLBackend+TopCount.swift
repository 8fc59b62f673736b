#if OpenCL
  import LatheCore

  extension OpenCLBackend {
    /// Whether counting finds the first k elements sooner than a sort of all: of short rows its launches take longer.
    static func countsTop(_ k: Int, of count: Int) -> Bool { count >= 4096 && k <= count / 4 }

    /// The k first elements of rows by counting the digits of keys, then a sort of those alone; see select.cl.
    func topByCounting(
      rows: Int, count: Int, k: Int, largest: Bool, inputs: [Operand], outputs: [Operand]
    ) throws {
      let dtype = inputs[0].dtype
      let bits = 8 * dtype.byteCount
      let isFloat = dtype.isFloatingPoint
      let options: KernelOptions = [
        "ELEMENT": .string(ProgramPrinter.storedType(dtype)), "KEY": .string(bits > 32 ? "ulong" : "uint"),
        "BITS": .int(bits), "IS_FLOAT": isFloat ? 1 : 0,
        "IS_SIGNED": dtype == .int32 || dtype == .int64 ? 1 : 0,
        "AS_KEY": .string(bits > 32 ? "as_ulong" : "as_uint"), "DESCENDING": largest ? 1 : 0,
      ]
      func launch(_ function: String, _ arguments: [KernelArgument], over items: Int, local: Int = 64) throws
      {
        try self.launch(
          kernel(.file("select.cl"), function, options), arguments, global: (items, 1, 1),
          local: (local, 1, 1))
      }
      let x = inputs[0].memory
      let units = max(1, info.computeUnits)
      let isCPU = profile == .cpu
      let prefixes = try pool.allocate(rows * max(bits / 8, 4))
      let wanted = try pool.allocate(rows * 4)
      let bins = try pool.allocate(rows * 256 * 4)
      try launch("select_clear", [.memory(bins.memory), .long(rows * 256)], over: rows * 256)
      let parts = max(1, min(units * (isCPU ? 4 : 8) / rows, count / 4096))
      for shift in stride(from: bits - 8, through: 0, by: -8) {
        let isFirst = KernelArgument.int(shift == bits - 8 ? 1 : 0)
        let group = isCPU ? 1 : 256
        try launch(
          "select_count",
          [
            .memory(x), .memory(prefixes.memory), .memory(bins.memory), .long(rows), .long(count),
            .long(parts),
            .int(shift), isFirst,
          ], over: rows * parts * group, local: group)
        try launch(
          "select_digit",
          [
            .memory(prefixes.memory), .memory(wanted.memory), .memory(bins.memory), .long(rows), .long(k),
            isFirst,
          ], over: rows)
      }

      let pieces = max(1, min(units * (isCPU ? 4 : 512) / rows, count / (isCPU ? 4096 : 256)))
      let local = isCPU ? 1 : 64
      let tallies = try pool.allocate(rows * pieces * 2 * 4)
      let sizes: [KernelArgument] = [.long(rows), .long(count), .long(pieces)]
      try launch(
        "select_tally", [.memory(x), .memory(prefixes.memory), .memory(tallies.memory)] + sizes,
        over: rows * pieces * local, local: local)
      try launch(
        "select_offsets",
        [.memory(wanted.memory), .memory(tallies.memory), .long(rows), .long(pieces), .long(k)], over: rows)
      let layout = Layout([rows, k])
      let values = Operand(
        buffer: try allocate(byteCount: rows * k * dtype.byteCount), layout: layout, dtype: dtype)
      let taken = try pool.allocate(rows * k * 4)
      try launch(
        "select_take",
        [
          .memory(x), .memory(prefixes.memory), .memory(tallies.memory), .memory(values.memory),
          .memory(taken.memory),
        ] + sizes + [.long(k)], over: rows * pieces, local: local)
      let order = Operand(buffer: try allocate(byteCount: rows * k * 4), layout: layout, dtype: .int32)
      try sort(rows: rows, count: k, descending: largest, inputs: [values], outputs: [outputs[0], order])
      try launch(
        "select_places",
        [.memory(taken.memory), .memory(order.memory), .memory(outputs[1].memory), .long(rows), .long(k)],
        over: rows * k)
    }
  }
#endif
