#if OpenCL
  import LatheCore

  /// How convolution_filter_lanes_cpu.cl computes a filter's gradient, with a channel in each lane of a vector.
  struct LaneFilterGradientPlan: Sendable {
    let kernel: OpenCLKernel
    let reduce: OpenCLKernel
    /// Images of a block, and blocks of an image where it is one.
    let blockImages: Int, imageBlocks: Int
    let chunks: Int
    let rows: Int
    /// Elements of a slice.
    let sliceSize: Int

    /// Sums that the vector registers hold beside vectors, factors and what the compiler loads ahead.
    private static func mostSums(_ registers: VectorRegisters) -> Int { registers.count >= 32 ? 24 : 12 }
    /// Vectors of a block of the source: 80 KB, which the second-level cache keeps.
    private static func mostVectors(_ registers: VectorRegisters) -> Int { 20480 / registers.lanes }

    /// Whether there are channels enough to fill vectors, and a filter narrow enough to be under one pixel at a time.
    static func serves(_ sizes: Convolution2D, _ registers: VectorRegisters) -> Bool {
      let taps = sizes.kernelHeight * sizes.kernelWidth
      return sizes.channels / sizes.groups >= registers.lanes && taps > 1
        && sizes.kernelWidth <= mostSums(registers) && vectors(sizes, lines: 1) <= mostVectors(registers)
    }

    /// Vectors that lie under `lines` lines of the output of one image.
    private static func vectors(_ sizes: Convolution2D, lines: Int) -> Int {
      ((lines - 1) * sizes.strideY + (sizes.kernelHeight - 1) * sizes.dilationY + 1)
        * ((sizes.outputWidth - 1) * sizes.strideX + (sizes.kernelWidth - 1) * sizes.dilationX + 1)
    }

    init(_ sizes: Convolution2D, backend: OpenCLBackend) throws {
      var options = convolutionOptions(sizes, backward: false)
      for name in ["BACKWARD", "HAS_BIAS", "RELU"] { options[name] = nil }
      let registers = backend.vectors
      let mostVectors = Self.mostVectors(registers)
      // Steps over columns share less with each other, so that the compiler needs more registers for the next one.
      let mostSums =
        registers.count < 32 && sizes.strideX > 1
        ? Self.mostSums(registers) * 3 / 4 : Self.mostSums(registers)
      let channels = sizes.channels / sizes.groups
      rows = sizes.outputChannels / sizes.groups
      // As many lines of the filter as leave sums for two rows, so that what is loaded serves both.
      let kernelLines =
        (1...sizes.kernelHeight).last {
          sizes.kernelHeight % $0 == 0 && 2 * $0 * sizes.kernelWidth <= mostSums
        } ?? 1
      let most = (1...sizes.outputHeight).last { Self.vectors(sizes, lines: $0) <= mostVectors } ?? 1
      let lines = evenPart(of: sizes.outputHeight, most: most)
      imageBlocks = ceilingDivide(sizes.outputHeight, lines)
      blockImages = imageBlocks > 1 ? 1 : mostVectors / Self.vectors(sizes, lines: lines)
      options["KERNEL_LINES"] = .int(kernelLines)
      options["ROWS_TILE"] = .int(max(1, min(rows, mostSums / (kernelLines * sizes.kernelWidth))))
      options["BLOCK_LINES"] = .int(lines)
      options["BLOCK_IMAGES"] = .int(blockImages)
      chunks = ceilingDivide(channels, registers.lanes)
      sliceSize = sizes.groups * chunks * rows * sizes.kernelHeight * sizes.kernelWidth * registers.lanes
      kernel = try backend.kernel(.file("convolution_filter_lanes_cpu.cl"), "filter_lanes", options)
      // One program for all geometries.
      reduce = try backend.kernel(.file("lane_slices_cpu.cl"), "add_lane_slices")
    }
  }
#endif
