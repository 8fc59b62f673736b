#if OpenCL
  import LatheCore

  extension OpenCLBackend {
    /// Elements that a work-group of a GPU sorts in local memory: of more, too few groups would fit on a compute unit.
    private static func sortTile(_ dtype: DType) -> Int { dtype.byteCount > 4 ? 1024 : 2048 }

    package func sort(rows: Int, count: Int, descending: Bool, inputs: [Operand], outputs: [Operand]) throws {
      guard rows * count > 0 else { return }
      let dtype = inputs[0].dtype
      let tile = Self.sortTile(dtype)
      let options: KernelOptions = [
        "ELEMENT": .string(ProgramPrinter.storedType(dtype)), "IS_FLOAT": dtype.isFloatingPoint ? 1 : 0,
        "DESCENDING": descending ? 1 : 0, "TILE": .int(tile),
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

      var bits = 0
      while 1 << bits < count { bits += 1 }
      let padded = 1 << bits
      // Rows that a tile holds are sorted by one launch, without padded copies.
      let room = padded > tile ? rows * padded : 1
      let values = try pool.allocate(room * dtype.byteCount)
      let places = try pool.allocate(room * 4)
      let work: [KernelArgument] = [.memory(values.memory), .memory(places.memory)]
      func launchTiles(from first: Int, through last: Int) throws {
        let elements = rows * padded
        try launch(
          kernel(.file("sort.cl"), "sort_tile", options),
          [.memory(inputs[0].memory)] + work + result + [.long(elements), .long(count), .int(bits)] + [
            .long(first), .long(last), .int(first == 2 ? 1 : 0), .int(last == padded ? 1 : 0),
          ], global: (ceilingDivide(elements, tile) * 256, 1, 1), local: (256, 1, 1))
      }
      func launchSteps(_ function: String, _ length: Int, _ distance: Int, items: Int) throws {
        try launch(
          kernel(.file("sort.cl"), function, options),
          work + [items, count, padded, length, distance].map { .long($0) }, global: (items, 1, 1),
          local: (256, 1, 1))
      }
      try launchTiles(from: 2, through: min(padded, tile))
      var length = 2 * tile
      while length <= padded {
        var distance = length / 2
        while distance >= 2 * tile {
          distance /= 2
          try launchSteps("sort_two_steps", length, distance, items: rows * padded / 4)
          distance /= 2
        }
        if distance >= tile {
          try launchSteps("sort_step", length, distance, items: rows * padded / 2)
        }
        try launchTiles(from: length, through: length)
        length *= 2
      }
      withExtendedLifetime((values, places)) {}
    }
  }
#endif
