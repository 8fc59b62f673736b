#if OpenCL
  import LatheCore

  extension OpenCLBackend {
    package func channelMoments(
      outer: Int, channels: Int, inner: Int, inputs: [Operand], outputs: [Operand]
    ) throws {
      guard max(outer, channels * inner) <= Int(Int32.max) else {
        throw LatheError.unsupported("channelMoments of [\(outer), \(channels), \(inner)]")
      }
      // The number of slices depends on the sizes and the device alone, so that the results are the same in every run.
      let isRow = inner >= 16
      let columns = channels * inner
      let lanes = profile == .cpu ? 16 : 1
      let units = isRow ? channels : ceilingDivide(columns, lanes)
      let numbers = isRow ? outer * inner : outer * lanes
      let wanted = ceilingDivide(info.computeUnits * (profile == .cpu ? 4 : 16), units)
      let slices = max(1, min(outer, wanted, numbers / 4096))
      let partsOfChannel = isRow ? slices * (profile == .cpu ? 17 : 1) : slices * inner
      let parts = try pool.allocate(channels * partsOfChannel * 16)
      let local = profile == .cpu ? 1 : 64
      let options: KernelOptions = profile == .cpu ? [:] : ["WIDTH": .int(alignedLanes(inner))]
      var arguments: [KernelArgument] = [.memory(inputs[0].memory), .memory(parts.memory), .int(outer)]
      arguments += isRow ? [.int(channels), .int(inner)] : [.int(columns)]
      try launch(
        kernel(.file("moments.cl"), isRow ? "row_moments" : "column_moments", options),
        arguments + [.int(slices)],
        global: (isRow && profile == .gpu ? units * local : units, slices, 1), local: (local, 1, 1))
      try launch(
        kernel(.file("moments.cl"), "join_moments", options),
        [
          .memory(parts.memory), .memory(outputs[0].memory), .memory(outputs[1].memory), .int(channels),
          .int(partsOfChannel),
        ], global: (channels, 1, 1), local: (profile == .cpu ? 1 : 64, 1, 1))
    }
  }
#endif
