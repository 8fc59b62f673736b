#if OpenCL
  import LatheCore

  extension OpenCLBackend {
    package func gather(
      outer: Int, count: Int, inner: Int, picked: Int, inputs: [Operand], outputs: [Operand]
    ) throws {
      let rows = outer * picked
      guard rows * inner > 0 else { return }
      let element = OpenCLBackend.rawType(inputs[0].dtype)
      func arguments(inner: Int) -> [KernelArgument] {
        [.memory(inputs[0].memory)] + indexArguments(inputs[1]) + [.memory(outputs[0].memory)]
          + reportArguments(.gather, outputs) + [.long(rows), .long(count), .long(inner), .long(picked)]
      }
      if profile == .cpu {
        let perItem = max(1, max(4096 / inner, rows / (max(1, info.computeUnits) * 16)))
        return try launch(
          kernel(.file("indexing.cl"), "gather", ["GATHER": 1, "ELEMENT": .string(element)]),
          arguments(inner: inner) + [.long(perItem)], global: (ceilingDivide(rows, perItem), 1, 1))
      }
      // Rows of whole vectors of 16 bytes are picked by those.
      let bytes = inner * inputs[0].dtype.byteCount
      let isVector = inputs[1].layout.strides[2] == 0 && bytes % 16 == 0
      let units = isVector ? bytes / 16 : inner
      let options: KernelOptions = [
        "GATHER": 1, "ELEMENT": .string(isVector ? "uint4" : element),
        "NARROW": rows * units <= Int(Int32.max) ? 1 : 0,
      ]
      try launch(
        kernel(.file("indexing.cl"), "gather", options),
        arguments(inner: units) + [narrowDivisor(units), narrowDivisor(picked)],
        global: (gpuGroups(rows * units) * 256, 1, 1), local: (256, 1, 1))
    }

    /// A divisor for LATHE_QUOTIENT, of which only kernels with NARROW make use.
    func narrowDivisor(_ value: Int) -> KernelArgument { .divisor(min(value, Int(Int32.max))) }

    package func scatterAdd(
      outer: Int, count: Int, inner: Int, picked: Int, inputs: [Operand], outputs: [Operand]
    ) throws {
      try copy(inputs: [inputs[0]], outputs: [outputs[0]])
      guard outer * picked * inner > 0, count > 0 || picked > 0 else { return }
      if sortsScattered(outer: outer, count: count, inner: inner, picked: picked, index: inputs[1]) {
        return try scatterSorted(
          nil, outer: outer, count: count, inner: inner, picked: picked, inputs, outputs[0])
      }
      // More than a run of additions lose digits.
      let counts = inputs[0].dtype == .float32 && picked > Self.additionsInOrder
      let options: KernelOptions = [
        "ELEMENT": .string(ProgramPrinter.storedType(inputs[0].dtype)), "COMPENSATED": counts ? 1 : 0,
      ]
      let kernel = try kernel(.file("indexing.cl"), "scatter_add", options)
      let sums =
        counts
        ? try compensation(
          options, index: inputs[1], outer: outer, count: count, inner: inner, picked: picked) : nil
      // Strips of a cache line or more for CPUs, one column for each work-item of a GPU.
      let strip = profile == .cpu ? max(16, (inner / max(1, info.computeUnits * 4) + 15) / 16 * 16) : 1
      let columns = outer * ((inner + strip - 1) / strip)
      let ranges = stretches(columns: columns, count: count, picked: picked)
      var arguments: [KernelArgument] =
        sums.map { [.memory($0.numbers.memory), .memory($0.rest.memory)] } ?? []
      arguments += [.memory(inputs[2].memory)] + indexArguments(inputs[1])
      arguments += [.memory(outputs[0].memory)] + reportArguments(.scatterAdd, outputs)
      arguments += [
        .long(outer), .long(count), .long(inner), .long(picked), .long(strip), .long(ranges),
      ]
      try launch(
        kernel, arguments, global: (columns * ranges, 1, 1), local: (profile == .cpu ? 1 : 64, 1, 1))
    }

    /// LATHE_PRODUCT_RUN of common.clh.
    static let additionsInOrder = 256

    /// The numbers of the elements to which many are added, and what their sums keep beside them.
    private func compensation(
      _ options: KernelOptions, index: Operand, outer: Int, count: Int, inner: Int, picked: Int
    ) throws -> (numbers: OpenCLBuffer, rest: OpenCLBuffer) {
      func launch(_ function: String, _ arguments: [KernelArgument], over items: Int) throws {
        try self.launch(
          kernel(.file("indexing.cl"), function, options), arguments, global: (items, 1, 1), local: (64, 1, 1)
        )
      }
      // Rows that are picked as a whole have one number.
      let width = index.layout.strides[2] == 0 ? 1 : inner
      let targets = outer * count * width
      let most = outer * picked * width / Self.additionsInOrder * (inner / width)
      let numbers = try pool.allocate((targets + 1) * 4)
      let rest = try pool.allocate(max(most, 1) * 4)
      try launch("scatter_clear", [.memory(numbers.memory), .long(targets + 1)], over: targets + 1)
      try launch("scatter_clear", [.memory(rest.memory), .long(most)], over: most)
      let sizes: [KernelArgument] = [.long(outer), .long(count), .long(width), .long(picked)]
      try launch(
        "scatter_count",
        [.memory(index.memory)] + indexArguments(index).dropFirst() + [.memory(numbers.memory)]
          + sizes, over: outer * picked * width)
      try launch("scatter_number", [.memory(numbers.memory), .long(targets)], over: targets)
      return (numbers, rest)
    }

    /// An index of shape [outer, picked, inner] with its offset and strides.
    func indexArguments(_ index: Operand) -> [KernelArgument] {
      let layout = index.layout
      return [.memory(index.memory), .long(layout.offset)] + (0..<3).map { .long(layout.strides[$0]) }
    }
  }
#endif
