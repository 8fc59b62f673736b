#if OpenCL
  import LatheCore

  extension OpenCLBackend {
    package func elementwise(
      _ program: ElementwiseProgram, _ scalars: [ScalarValue], inputs: [Operand], outputs: [Operand]
    ) throws {
      guard let output = outputs.first, output.elementCount > 0 else { return }
      // The first layout is the outputs' own: axes are joined only where those are one run, too.
      let axes = CollapsedAxes(
        shape: output.shape, layouts: [Layout(output.shape)] + inputs.map(\.layout))
      guard axes.rank == 1 else {
        return try elementwise(program, scalars, axes, nil, inputs: inputs, outputs: outputs)
      }
      try tunedOnGPUs(.elementwiseGPU, .run) {
        try elementwise(program, scalars, axes, $0, inputs: inputs, outputs: outputs)
      }
    }

    private func elementwise(
      _ program: ElementwiseProgram, _ scalars: [ScalarValue], _ axes: CollapsedAxes,
      _ tuned: KernelParameters?, inputs: [Operand], outputs: [Operand]
    ) throws {
      let count = outputs[0].elementCount
      let rank = axes.rank
      let accesses = inputs.indices.map { axes.access($0 + 1, axis: rank - 1) }
      let width = tuned?["WIDTH"] ?? profile.vectorWidth
      let aligned =
        profile == .gpu && width > 1
        && axes.hasWholeVectors(width, accesses, axes.strides.dropFirst(), inputs)
      let isNarrow = profile == .gpu && rank > 1 && axes.hasNarrowPlaces
      let form = ElementwiseKernel(
        program: program, profile: profile, rank: rank, accesses: accesses, width: width, aligned: aligned,
        isNarrow: isNarrow)
      let kernel = try generated.kernel(GeneratedKernels.Key(program: program, form: form.form)) {
        try self.kernel(.generated(name: "elementwise", text: form.text), "elementwise")
      }

      var arguments = programArguments(program, scalars, inputs: inputs)
      for output in outputs { arguments.append(.memory(output.memory)) }
      let groups: Int
      let block: Int
      if profile == .cpu {
        (groups, block) = blocks(of: count)
      } else {
        let perItem = aligned || rank == 1 ? width : 1
        groups = min(
          (count + 256 * perItem - 1) / (256 * perItem), max(1, info.computeUnits) * (tuned?["GROUPS"] ?? 32))
        block = 0
      }
      arguments.append(.long(count))
      arguments.append(.long(block))
      for axis in axes.sizes.indices.dropFirst() {
        let size = axes.sizes[axis] / (aligned && axis == rank - 1 ? width : 1)
        arguments.append(isNarrow ? .int(size) : .long(size))
        if isNarrow { arguments.append(.divisor(size)) }
      }
      func step(_ value: Int) -> KernelArgument { isNarrow ? .int(value) : .long(value) }
      for k in inputs.indices {
        for axis in 0..<(rank - 1) { arguments.append(step(axes.strides[k + 1][axis])) }
        if accesses[k] == .strided { arguments.append(step(axes.strides[k + 1][rank - 1])) }
      }
      let local = profile == .cpu ? 1 : 256
      try launch(kernel, arguments, global: (groups * local, 1, 1), local: (local, 1, 1))
    }

    /// Inputs with their offsets, then scalars, as `ProgramPrinter.parameters` declares them.
    func programArguments(
      _ program: ElementwiseProgram, _ scalars: [ScalarValue], inputs: [Operand]
    ) -> [KernelArgument] {
      var arguments: [KernelArgument] = []
      arguments.reserveCapacity(2 * inputs.count + scalars.count + 12)
      for input in inputs {
        arguments.append(.memory(input.memory))
        arguments.append(.long(input.layout.offset))
      }
      arguments += programScalars(program, scalars)
      return arguments
    }

    /// The values of a program's scalars.
    func programScalars(_ program: ElementwiseProgram, _ scalars: [ScalarValue]) -> [KernelArgument] {
      zip(scalars, program.scalars).map { value, dtype in
        switch dtype {
        case .float32, .float16, .bfloat16: return .float(value.floatValue)
        case .float64: return .double(value.doubleValue)
        case .int64, .uint32: return .int64(value.intValue)
        case .int32, .int8, .int16, .uint16: return .int32(Int32(clamping: value.intValue))
        case .uint8: return .int32(Int32(UInt8(truncatingIfNeeded: value.intValue)))
        case .bool:
          return .int32(value.isTrue ? 1 : 0)
        }
      }
    }

    /// Fat work-groups for the cpu profile: their number and the elements of each, a multiple of 64.
    ///
    /// Four for each compute unit even out the load; below 4096 elements starting one costs more than it saves.
    func blocks(of count: Int, least: Int = 4096) -> (groups: Int, size: Int) {
      let wanted = max(least, (count + info.computeUnits * 4 - 1) / (max(1, info.computeUnits) * 4))
      let size = (wanted + 63) / 64 * 64
      return ((count + size - 1) / size, size)
    }
  }
#endif
