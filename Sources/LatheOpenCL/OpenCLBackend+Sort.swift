#if OpenCL
  import LatheCore

  extension OpenCLBackend {
    package func sort(rows: Int, count: Int, descending: Bool, inputs: [Operand], outputs: [Operand]) throws {
      guard rows * count > 0 else { return }
      let dtype = inputs[0].dtype
      let options: KernelOptions = [
        "ELEMENT": .string(ProgramPrinter.storedType(dtype)), "IS_FLOAT": dtype.isFloatingPoint ? 1 : 0,
        "DESCENDING": descending ? 1 : 0,
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
      let step = try kernel(.file("sort.cl"), "sort_step", options)
      let pairs = rows * padded / 2
      var length = 2
      while length <= padded {
        var distance = length / 2
        while distance >= 1 {
          try launch(
            step, work + [.long(pairs), .long(count), .long(padded), .long(length), .long(distance)],
            global: (pairs, 1, 1), local: (256, 1, 1))
          distance /= 2
        }
        length *= 2
      }
      let take = try kernel(.file("sort.cl"), "sort_take", options)
      try launch(take, work + result + sizes, global: (rows * count, 1, 1), local: (256, 1, 1))
    }
  }
#endif
