#if OpenCL
  import LatheCore

  extension OpenCLBackend {
    package func rotate(_ sizes: Rotation, inputs: [Operand], outputs: [Operand]) throws {
      guard outputs[0].elementCount > 0 else { return }
      let layouts = inputs.map(\.layout)
      let rows = sizes.batch * sizes.heads * sizes.time
      var arguments: [KernelArgument] = (inputs + outputs).map { .memory($0.memory) }
      arguments += ([layouts[0].offset] + layouts[0].strides.prefix(3)).map { .long($0) }
      for table in layouts[1...] { arguments += [.long(table.offset), .long(table.strides[0])] }
      arguments += [sizes.heads, sizes.time, sizes.width, sizes.pairs, sizes.isInterleaved ? 1 : 0]
        .map { .int($0) }
      arguments.append(.float(sizes.isInverse ? -1 : 1))
      let kernel = try kernel(.file("rotation.cl"), "rotate_rows")
      if profile == .cpu {
        let perItem = max(1, 4096 / sizes.width, rows / (16 * info.computeUnits))
        arguments += [.long(rows), .long(perItem)]
        return try launch(kernel, arguments, global: (ceilingDivide(rows, perItem), 1, 1))
      }
      let items = max(sizes.pairs, sizes.width - 2 * sizes.pairs)
      try launch(
        kernel, arguments,
        global: (
          ceilingDivide(items, 32) * 32, ceilingDivide(sizes.time, 8) * 8, sizes.batch * sizes.heads
        ), local: (32, 8, 1))
    }
  }
#endif
