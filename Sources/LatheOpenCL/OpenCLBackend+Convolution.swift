#if OpenCL
  import COpenCL
  import LatheCore

  extension OpenCLBackend {
    package func convolution(_ sizes: Convolution2D, inputs: [Operand], outputs: [Operand]) throws {
      try convolve(sizes, backward: false, inputs: inputs, output: outputs[0])
    }

    package func convolutionBackwardInput(_ sizes: Convolution2D, inputs: [Operand], outputs: [Operand])
      throws
    {
      try convolve(sizes, backward: true, inputs: inputs, output: outputs[0])
    }

    /// The geometry with nothing in it that a plan does not depend on.
    private func geometry(_ sizes: Convolution2D, forward: Bool) -> Convolution2D {
      var geometry = sizes
      geometry.batch = 0
      if !forward {
        geometry.hasBias = false
        geometry.activation = .none
      }
      return geometry
    }

    private func convolve(_ sizes: Convolution2D, backward: Bool, inputs: [Operand], output: Operand) throws {
      guard output.elementCount > 0 else { return }
      try check(sizes, countsImages: profile == .cpu)
      if profile == .cpu, let tiles = WinogradConvolution(sizes, backward: backward) {
        return try convolve(
          tiles, x: inputs[0].memory, filter: inputs[1].memory,
          bias: sizes.hasBias && !backward ? inputs[2].memory : nil,
          relu: sizes.activation == .relu && !backward,
          into: output.memory)
      }
      if profile == .gpu, sizes.isDepthwise {
        return try convolveDepthwise(
          TiledConvolution(sizes, backward: backward, operands: inputs[0].dtype, results: output.dtype),
          source: inputs[0].memory, filter: inputs[1].memory,
          bias: sizes.hasBias && !backward ? inputs[2].memory : nil,
          relu: sizes.activation == .relu && !backward, into: output.memory)
      }
      if profile == .gpu, inputs[0].dtype == .float32, output.dtype == .float32,
        // A search among plain tiles is about those.
        !choices.isTrying(.convolutionGPU),
        let tiles = WinogradConvolution(onGPU: sizes, backward: backward, computeUnits: info.computeUnits)
      {
        let isDone = try tunedOnGPUs(.winogradGPU, .deep) { parameters in
          guard parameters?["USE"] != 0 else { return false }
          try convolveByPoints(
            tiles, x: inputs[0].memory, filter: inputs[1].memory,
            bias: sizes.hasBias && !backward ? inputs[2].memory : nil,
            relu: sizes.activation == .relu && !backward, into: output.memory)
          return true
        }
        if isDone { return }
      }
      try tuned(profile == .gpu ? .convolutionGPU : .convolutionCPU, .convolution(sizes)) {
        try convolve(sizes, $0, backward: backward, inputs: inputs, output: output)
      }
    }

    private func convolve(
      _ sizes: Convolution2D, _ choice: KernelChoice?, backward: Bool, inputs: [Operand], output: Operand
    ) throws {
      if profile == .gpu {
        return try convolveTiled(
          TiledConvolution(sizes, backward: backward, operands: inputs[0].dtype, results: output.dtype),
          choice, source: inputs[0].memory,
          filter: inputs[1].memory, bias: sizes.hasBias && !backward ? inputs[2].memory : nil,
          relu: sizes.activation == .relu && !backward, into: output.memory)
      }
      let key = LayerPlans.Key.convolution(
        geometry(sizes, forward: !backward), backward: backward, choice: choice?.number ?? 0)
      var arguments: [KernelArgument] = [.memory(inputs[0].memory), .memory(inputs[1].memory)]
      if sizes.hasBias && !backward { arguments.append(.memory(inputs[2].memory)) }
      arguments.append(.memory(output.memory))
      if backward && ScatterConvolutionPlan.serves(sizes) {
        let plan = try layerPlans.plan(key) { try ScatterConvolutionPlan(sizes, backend: self) }
        return try launch(plan.kernel, arguments, global: (sizes.batch, plan.blocks, 1))
      }
      let plan = try layerPlans.plan(key) {
        try ConvolutionPlan(sizes, choice, backward: backward, backend: self)
      }
      let lines = sizes.batch * plan.linesPerImage
      try check(lines)
      let blocks = ceilingDivide(lines, plan.blockLines)
      // Few pixels: the output channels are divided too, at the price of packing the patches again.
      let rowBlocks = ceilingDivide(plan.rows, plan.blockOut)
      let wanted = ceilingDivide(4 * info.computeUnits, blocks * sizes.groups * plan.phases)
      let rowsPerSplit = ceilingDivide(rowBlocks, min(rowBlocks, wanted)) * plan.blockOut
      let splits = ceilingDivide(plan.rows, rowsPerSplit)
      arguments.append(.int(lines))
      arguments.append(.int(rowsPerSplit))
      try launch(plan.kernel, arguments, global: (blocks, sizes.groups * splits, plan.phases))
    }

    /// Kernels count the elements of a plane and of the filter in 32 bits; some those of a group's part of an image.
    private func check(_ sizes: Convolution2D, countsImages: Bool) throws {
      let (channels, outputs) = (sizes.channels / sizes.groups, sizes.outputChannels / sizes.groups)
      let (from, to) = (sizes.height * sizes.width, sizes.outputHeight * sizes.outputWidth)
      let filter = sizes.outputChannels * channels * sizes.kernelHeight * sizes.kernelWidth
      let images =
        profile == .cpu
        ? [from * sizes.channels, to * sizes.outputChannels] : [from * channels, to * outputs]
      for count in [from, to, filter] + (countsImages ? images : []) where count > Int(Int32.max) / 2 {
        throw LatheError.unsupported(
          "a convolution of \(sizes.channels) channels of \(sizes.height) x \(sizes.width)")
      }
    }

    /// Kernels count lines and pixels of a batch in 32 bits.
    private func check(_ count: Int) throws {
      guard count <= Int(Int32.max) else {
        throw LatheError.unsupported("a convolution of \(count) pixels: the batch is too large")
      }
    }

    package func convolutionBackwardFilter(_ sizes: Convolution2D, inputs: [Operand], outputs: [Operand])
      throws
    {
      guard outputs[0].elementCount > 0 else { return }
      try check(sizes, countsImages: true)
      if profile == .cpu, let tiles = WinogradConvolution(sizes) {
        return try filterGradient(
          tiles, dy: inputs[0].memory, x: inputs[1].memory, into: outputs[0].memory)
      }
      if profile == .cpu && sizes.batch > 0 && LaneFilterGradientPlan.serves(sizes, vectors) {
        return try filterGradientByLanes(sizes, inputs: inputs, output: outputs[0])
      }
      if profile == .gpu, sizes.isDepthwise {
        return try filterGradientDepthwise(
          TiledConvolution(sizes, backward: false, operands: inputs[0].dtype, results: .float32),
          dy: inputs[0].memory, source: inputs[1].memory,
          count: outputs[0].elementCount, into: outputs[0].memory)
      }
      try tuned(profile == .gpu ? .convolutionGPU : .filterGradientCPU, .convolution(sizes)) {
        try filterGradient(sizes, $0, inputs: inputs, output: outputs[0])
      }
    }

    /// Blocks of lines whose sums are added in order: as many as keep their digits.
    private static let blocksInOrder = 32

    private func filterGradientByLanes(_ sizes: Convolution2D, inputs: [Operand], output: Operand) throws {
      let plan = try layerPlans.plan(.filterByLanes(geometry(sizes, forward: false))) {
        try LaneFilterGradientPlan(sizes, backend: self)
      }
      let blocks = ceilingDivide(sizes.batch, plan.blockImages) * plan.imageBlocks
      try check(blocks)
      // Eight work-items for each core; their number depends on the sizes and the device alone.
      let wanted = min(blocks, ceilingDivide(8 * info.computeUnits, plan.chunks * sizes.groups))
      let perSlice = min(ceilingDivide(blocks, wanted), Self.blocksInOrder)
      let slices = ceilingDivide(blocks, perSlice)
      let partial = try pool.allocate(slices * plan.sliceSize * 4)
      try launch(
        plan.kernel,
        [.memory(inputs[0].memory), .memory(inputs[1].memory), .memory(partial.memory)]
          + [.int(sizes.batch), .int(blocks), .int(perSlice)],
        global: (slices, plan.chunks, sizes.groups))
      try launch(
        plan.reduce,
        [.memory(partial.memory), .memory(output.memory), .int(sizes.channels / sizes.groups)]
          + [.int(sizes.kernelHeight * sizes.kernelWidth), .int(slices)],
        global: (plan.rows, plan.chunks, sizes.groups))
    }

    private func filterGradient(
      _ sizes: Convolution2D, _ choice: KernelChoice?, inputs: [Operand], output: Operand
    ) throws {
      let count = output.elementCount
      if profile == .gpu {
        return try filterGradientTiled(
          TiledConvolution(sizes, backward: false, operands: inputs[0].dtype, results: .float32), choice,
          dy: inputs[0].memory, source: inputs[1].memory,
          count: count, into: output.memory)
      }
      let key = LayerPlans.Key.filter(geometry(sizes, forward: false), choice: choice?.number ?? 0)
      let plan = try layerPlans.plan(key) { try FilterGradientPlan(sizes, choice, backend: self) }
      let total = sizes.batch * plan.linesPerImage
      let blocks = ceilingDivide(total, plan.blockLines)
      let wanted = max(1, min(blocks, ceilingDivide(16, plan.chunks * sizes.groups)))
      let perSlice = max(1, min(ceilingDivide(blocks, wanted), Self.blocksInOrder)) * plan.blockLines
      let slices = max(1, ceilingDivide(total, perSlice))
      try check(total)
      let partial = slices > 1 ? try pool.allocate(slices * count * 4) : nil
      let target = partial?.memory ?? output.memory
      try launch(
        plan.kernel,
        [.memory(inputs[0].memory), .memory(inputs[1].memory), .memory(target), .int(total), .int(perSlice)],
        global: (slices, plan.chunks, sizes.groups))
      guard let partial else { return }
      try addSlices(partial.memory, slices: slices, count: count, into: output.memory)
    }
  }
#endif
