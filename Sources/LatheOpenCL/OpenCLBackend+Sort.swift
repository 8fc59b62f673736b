#if OpenCL
  import LatheCore

  extension OpenCLBackend {
    /// Elements that a work-group of a GPU sorts in local memory.
    private static let sortTile = 1024

    package func sort(rows: Int, count: Int, descending: Bool, inputs: [Operand], outputs: [Operand]) throws {
      guard rows * count > 0 else { return }
      let dtype = inputs[0].dtype
      let options: KernelOptions = [
        "ELEMENT": .string(ProgramPrinter.storedType(dtype)), "IS_FLOAT": dtype.isFloatingPoint ? 1 : 0,
        "DESCENDING": descending ? 1 : 0, "TILE": .int(Self.sortTile),
      ]
      let result: [KernelArgument] = [.memory(outputs[0].memory), .memory(outputs[1].memory)]
      if profile == .cpu {
        let values = try pool.allocate(rows * count * dtype.byteCount)
        let places = try pool.allocate(rows * count * 4)
        let perItem = max(1, max(1024 / count, rows / (max(1, info.computeUnits) * 8)))
        try launch(
          kernel(.file("sort.cl"), "sort_rows", options),
          [.memory(inputs[0].memory)] + result + [
            .memory(values.memory), .memory(places.memory), .long(rows), .long(count), .long(perItem),
          ], global: ((rows + perItem - 1) / perItem, 1, 1))
        return
      }

      var padded = 1
      while padded < count { padded *= 2 }
      let values = try pool.allocate(rows * padded * dtype.byteCount)
      let places = try pool.allocate(rows * padded * 4)
      let work: [KernelArgument] = [.memory(values.memory), .memory(places.memory)]
      let sizes: [KernelArgument] = [.long(rows), .long(count), .long(padded)]
      let fill = try kernel(.file("sort.cl"), "sort_fill", options)
      try launch(
        fill, [.memory(inputs[0].memory)] + work + sizes, global: (rows * padded, 1, 1), local: (256, 1, 1))
      func launchTiles(_ lengths: ClosedRange<Int>) throws {
        let elements = rows * padded
        try launch(
          kernel(.file("sort.cl"), "sort_tile", options),
          work + [elements, count, padded, lengths.lowerBound, lengths.upperBound].map { .long($0) },
          global: (ceilingDivide(elements, Self.sortTile) * 256, 1, 1), local: (256, 1, 1))
      }
      if padded > 1 { try launchTiles(2...min(padded, Self.sortTile)) }
      let pairs = rows * padded / 2
      var length = 2 * Self.sortTile
      while length <= padded {
        var distance = length / 2
        while distance >= Self.sortTile {
          try launch(
            kernel(.file("sort.cl"), "sort_step", options),
            work + [pairs, count, padded, length, distance].map { .long($0) },
            global: (pairs, 1, 1), local: (256, 1, 1))
          distance /= 2
        }
        try launchTiles(length...length)
        length *= 2
      }
      let take = try kernel(.file("sort.cl"), "sort_take", options)
      try launch(take, work + result + sizes, global: (rows * count, 1, 1), local: (256, 1, 1))
    }
  }
#endif
