#if OpenCL
  import LatheCore

  /// How convolution_filter_lanes_cpu.cl computes a filter's gradient, with 16 channels to a vector.
  struct LaneFilterGradientPlan: Sendable {
    let kernel: OpenCLKernel
    let reduce: OpenCLKernel
    /// Images of a block, and blocks of an image where it is one.
    let blockImages: Int, imageBlocks: Int
    let chunks: Int
    let rows: Int
    /// Elements of a slice.
    let sliceSize: Int

    /// Sums that the vector registers hold beside the vectors and factors.
    private static let mostSums = 27
    /// Vectors of a block of the source: 80 KB, which the second-level cache keeps.
    private static let mostVectors = 1280

    /// Whether there are channels enough to fill vectors, and a filter narrow enough to be under one pixel at a time.
    static func serves(_ sizes: Convolution2D) -> Bool {
      let taps = sizes.kernelHeight * sizes.kernelWidth
      return sizes.channels / sizes.groups >= 16 && taps > 1 && sizes.kernelWidth <= mostSums
        && vectors(sizes, lines: 1) <= mostVectors
    }

    /// Vectors that lie under `lines` lines of the output of one image.
    private static func vectors(_ sizes: Convolution2D, lines: Int) -> Int {
      ((lines - 1) * sizes.strideY + (sizes.kernelHeight - 1) * sizes.dilationY + 1)
        * ((sizes.outputWidth - 1) * sizes.strideX + (sizes.kernelWidth - 1) * sizes.dilationX + 1)
    }

    init(_ sizes: Convolution2D, backend: OpenCLBackend) throws {
      var options = convolutionOptions(sizes, backward: false)
      for name in ["BACKWARD", "HAS_BIAS", "RELU"] { options[name] = nil }
      let channels = sizes.channels / sizes.groups
      rows = sizes.outputChannels / sizes.groups
      let kernelLines =
        (1...sizes.kernelHeight).last {
          sizes.kernelHeight % $0 == 0 && $0 * sizes.kernelWidth <= Self.mostSums
        } ?? 1
      let most = (1...sizes.outputHeight).last { Self.vectors(sizes, lines: $0) <= Self.mostVectors } ?? 1
      let lines = evenPart(of: sizes.outputHeight, most: most)
      imageBlocks = ceilingDivide(sizes.outputHeight, lines)
      blockImages = imageBlocks > 1 ? 1 : Self.mostVectors / Self.vectors(sizes, lines: lines)
      options["KERNEL_LINES"] = .int(kernelLines)
      options["ROWS_TILE"] = .int(min(rows, Self.mostSums / (kernelLines * sizes.kernelWidth)))
      options["BLOCK_LINES"] = .int(lines)
      options["BLOCK_IMAGES"] = .int(blockImages)
      chunks = ceilingDivide(channels, 16)
      sliceSize = sizes.groups * chunks * rows * sizes.kernelHeight * sizes.kernelWidth * 16
      kernel = try backend.kernel(.file("convolution_filter_lanes_cpu.cl"), "filter_lanes", options)
      // One program for all geometries.
      reduce = try backend.kernel(.file("lane_slices_cpu.cl"), "add_lane_slices")
    }
  }
#endif
