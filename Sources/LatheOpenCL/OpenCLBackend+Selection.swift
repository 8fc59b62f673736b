#if OpenCL
  import LatheCore

  extension OpenCLBackend {
    /// The most elements that work-items keep in order while they go through theirs.
    private static let mostSelected = 64

    package func topK(rows: Int, count: Int, k: Int, largest: Bool, inputs: [Operand], outputs: [Operand])
      throws
    {
      guard rows * k > 0 else { return }
      let dtype = inputs[0].dtype
      guard k <= Self.mostSelected else {
        if Self.countsTop(k, of: count) {
          return try topByCounting(
            rows: rows, count: count, k: k, largest: largest, inputs: inputs, outputs: outputs)
        }
        return try topBySorting(
          rows: rows, count: count, k: k, largest: largest, inputs: inputs, outputs: outputs)
      }
      // Parts of a row leave k elements each, which are cut into fewer parts, until one is left.
      var (from, fromPlaces) = (inputs[0].memory, inputs[0].memory)
      var held: [OpenCLBuffer] = []
      var left = count
      var isFirst = true
      while true {
        let wanted = max(1, (profile == .cpu ? 4 : 256) * info.computeUnits / rows)
        let parts = left < 2048 ? 1 : max(1, min(wanted, left / (8 * k)))
        let kernel = try kernel(
          .file("sort.cl"), "top_part",
          [
            "ELEMENT": .string(ProgramPrinter.storedType(dtype)), "IS_FLOAT": dtype.isFloatingPoint ? 1 : 0,
            "DESCENDING": largest ? 1 : 0, "TOP_K": 1, "FIRST": isFirst ? 1 : 0,
          ])
        var (to, toPlaces) = (outputs[0].memory, outputs[1].memory)
        if parts > 1 {
          let (values, places) = (
            try pool.allocate(rows * parts * k * dtype.byteCount), try pool.allocate(rows * parts * k * 4)
          )
          held += [values, places]
          (to, toPlaces) = (values.memory, places.memory)
        }
        try launch(
          kernel,
          [
            .memory(from), .memory(fromPlaces), .memory(to), .memory(toPlaces), .long(rows), .long(left),
            .long(parts), .long(k),
          ], global: (rows * parts, 1, 1), local: (profile == .cpu ? 1 : 64, 1, 1))
        if parts == 1 { break }
        (from, fromPlaces, left, isFirst) = (to, toPlaces, parts * k, false)
      }
      withExtendedLifetime(held) {}
    }

    private func topBySorting(
      rows: Int, count: Int, k: Int, largest: Bool, inputs: [Operand], outputs: [Operand]
    ) throws {
      let whole = Layout([rows, count])
      let sorted = try outputs.map {
        Operand(
          buffer: try allocate(byteCount: rows * count * $0.dtype.byteCount), layout: whole, dtype: $0.dtype)
      }
      try sort(rows: rows, count: count, descending: largest, inputs: inputs, outputs: sorted)
      for (all, output) in zip(sorted, outputs) {
        var first = all
        first.layout.shape = [rows, k]
        try copy(
          inputs: [first],
          outputs: [Operand(buffer: output.buffer, layout: Layout([rows, k]), dtype: output.dtype)])
      }
    }

    package func searchSorted(
      sequences: Int, rows: Int, count: Int, picked: Int, right: Bool, inputs: [Operand], outputs: [Operand]
    ) throws {
      guard rows * picked > 0 else { return }
      let dtype = inputs[0].dtype
      let kernel = try kernel(
        .file("search.cl"), "search_sorted",
        [
          "ELEMENT": .string(ProgramPrinter.storedType(dtype)), "IS_FLOAT": dtype.isFloatingPoint ? 1 : 0,
          "RIGHT": right ? 1 : 0,
        ])
      try launch(
        kernel,
        [
          .memory(inputs[0].memory), .memory(inputs[1].memory), .memory(outputs[0].memory),
          .long(rows * picked),
          .long(count), .long(picked), .long(sequences == 1 ? 0 : count),
        ], global: (rows * picked, 1, 1), local: (64, 1, 1))
    }
  }
#endif
