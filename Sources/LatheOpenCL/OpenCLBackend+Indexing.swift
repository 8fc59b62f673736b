#if OpenCL
  import LatheCore

  extension OpenCLBackend {
    func gather(
      outer: Int, count: Int, inner: Int, picked: Int, inputs: [Operand], outputs: [Operand]
    ) throws {
      let rows = outer * picked
      guard rows * inner > 0 else { return }
      let kernel = try kernel(
        .file("indexing.cl"), "gather",
        ["GATHER": 1, "ELEMENT": .string(OpenCLBackend.rawType(inputs[0].dtype))])
      let perItem = max(1, max(4096 / inner, rows / (max(1, info.computeUnits) * 16)))
      let groups = profile == .cpu ? (rows + perItem - 1) / perItem : gpuGroups(rows * inner)
      let local = profile == .cpu ? 1 : 256
      var arguments: [KernelArgument] = [.memory(inputs[0].memory)]
      arguments += indexArguments(inputs[1])
      arguments += [.memory(outputs[0].memory)] + reportArguments(.gather, outputs)
      arguments += [
        .long(rows), .long(count), .long(inner), .long(picked), .long(perItem),
      ]
      try launch(kernel, arguments, global: (groups * local, 1, 1), local: (local, 1, 1))
    }

    func scatterAdd(
      outer: Int, count: Int, inner: Int, picked: Int, inputs: [Operand], outputs: [Operand]
    ) throws {
      try copy(inputs: [inputs[0]], outputs: [outputs[0]])
      guard outer * picked * inner > 0, count > 0 || picked > 0 else { return }
      let element = ProgramPrinter.storedType(inputs[0].dtype)
      let kernel = try kernel(.file("indexing.cl"), "scatter_add", ["ELEMENT": .string(element)])
      // Strips of a cache line or more for CPUs, one column for each work-item of a GPU.
      let strip = profile == .cpu ? max(16, (inner / max(1, info.computeUnits * 4) + 15) / 16 * 16) : 1
      let items = outer * ((inner + strip - 1) / strip)
      var arguments: [KernelArgument] = [.memory(inputs[2].memory)]
      arguments += indexArguments(inputs[1])
      arguments += [.memory(outputs[0].memory)] + reportArguments(.scatterAdd, outputs)
      arguments += [
        .long(outer), .long(count), .long(inner), .long(picked), .long(strip),
      ]
      try launch(
        kernel, arguments, global: (items, 1, 1), local: (profile == .cpu ? 1 : 64, 1, 1))
    }

    /// An index of shape [outer, picked, inner] with its offset and strides.
    private func indexArguments(_ index: Operand) -> [KernelArgument] {
      let layout = index.layout
      return [.memory(index.memory), .long(layout.offset)] + (0..<3).map { .long(layout.strides[$0]) }
    }
  }
#endif
