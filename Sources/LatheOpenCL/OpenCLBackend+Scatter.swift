#if OpenCL
  import LatheCore

  extension OpenCLBackend {
    package func scatter(
      _ rule: ScatterRule, outer: Int, count: Int, inner: Int, picked: Int, inputs: [Operand],
      outputs: [Operand]
    ) throws {
      try copy(inputs: [inputs[0]], outputs: [outputs[0]])
      guard outer * picked * inner > 0 else { return }
      let sizes: [KernelArgument] = [.long(outer), .long(count), .long(inner), .long(picked)]
      let dtype = inputs[0].dtype
      if rule == .set {
        return try scatterSet(dtype, sizes, elements: outer * picked * inner, inputs, outputs[0])
      }
      if sortsScattered(outer: outer, count: count, inner: inner, picked: picked, index: inputs[1]) {
        return try scatterSorted(
          rule, outer: outer, count: count, inner: inner, picked: picked, inputs, outputs[0])
      }
      let kernel = try kernel(
        .file("scatter.cl"), "scatter",
        [
          "ELEMENT": .string(ProgramPrinter.storedType(dtype)), "IS_FLOAT": dtype.isFloatingPoint ? 1 : 0,
          "RULE": .int(Int(rule.rawValue)),
        ])
      // Strips of a cache line or more for CPUs, one column for each work-item of a GPU.
      let strip = profile == .cpu ? max(16, (inner / max(1, info.computeUnits * 4) + 15) / 16 * 16) : 1
      let columns = outer * ((inner + strip - 1) / strip)
      let ranges = stretches(columns: columns, count: count, picked: picked)
      var arguments: [KernelArgument] = [.memory(inputs[2].memory)] + indexArguments(inputs[1])
      arguments +=
        [.memory(outputs[0].memory)] + reportArguments(.scatter, outputs) + sizes + [
          .long(strip), .long(ranges),
        ]
      try launch(kernel, arguments, global: (columns * ranges, 1, 1), local: (profile == .cpu ? 1 : 64, 1, 1))
    }

    /// Stretches of the axis that work-items share where there are few columns: each looks at every index and joins what
    /// is picked for its own places.
    func stretches(columns: Int, count: Int, picked: Int) -> Int {
      let wanted = max(1, info.computeUnits) * (profile == .cpu ? 2 : 64) / columns
      return max(1, min(wanted, count, picked / 64))
    }

    /// Each element claims its place for the order that it has, and those that come last write: all at once.
    private func scatterSet(
      _ dtype: DType, _ sizes: [KernelArgument], elements: Int, _ inputs: [Operand], _ output: Operand
    ) throws {
      let options: KernelOptions = ["ELEMENT": .string(OpenCLBackend.rawType(dtype)), "RULE": 0]
      let owners = try pool.allocate(output.elementCount * 4)
      let local = 64
      try launch(
        kernel(.file("scatter.cl"), "scatter_clear", options),
        [.memory(owners.memory), .long(output.elementCount)], global: (output.elementCount, 1, 1),
        local: (local, 1, 1))
      let index = indexArguments(inputs[1])
      try launch(
        kernel(.file("scatter.cl"), "scatter_claim", options),
        index + [.memory(owners.memory)] + reportArguments(.scatter, [output]) + sizes,
        global: (elements, 1, 1),
        local: (local, 1, 1))
      try launch(
        kernel(.file("scatter.cl"), "scatter_write", options),
        [.memory(inputs[2].memory)] + index + [.memory(owners.memory), .memory(output.memory)] + sizes,
        global: (elements, 1, 1), local: (local, 1, 1))
    }
  }
#endif
