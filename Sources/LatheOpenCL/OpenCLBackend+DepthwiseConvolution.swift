#if OpenCL
  import COpenCL
  import LatheCore

  extension Convolution2D {
    /// Whether groups have one channel of the input, so that products of tiles would be almost empty.
    var isDepthwise: Bool { groups > 1 && channels == groups }
  }

  extension OpenCLBackend {
    /// depthwise of convolution_depthwise_gpu.cl.
    func convolveDepthwise(
      _ c: TiledConvolution, source: cl_mem, filter: cl_mem, bias: cl_mem?, relu: Bool, into target: cl_mem
    ) throws {
      let run = c.target.width % 4 == 0 ? 4 : 1
      let runs = c.batch * c.groups * c.rows * c.targetPlane / run
      var options = c.options
      options["RUN_X"] = .int(run)
      try launch(
        kernel(.file("convolution_depthwise_gpu.cl"), "depthwise", options),
        [.memory(source), .memory(filter), .memory(bias ?? filter), .memory(target)] + c.arguments()
          + [.int(bias == nil ? 0 : 1), .int(relu ? 1 : 0), .int(runs)],
        global: (runs, 1, 1), local: (64, 1, 1))
    }

    /// Taps and work-items of a group of depthwise_gradient.
    private static let tapsPerGroup = 8
    private static let itemsPerGroup = 256

    /// depthwise_gradient of convolution_depthwise_gpu.cl, and the sum of its slices.
    func filterGradientDepthwise(
      _ c: TiledConvolution, dy: cl_mem, source: cl_mem, count: Int, into target: cl_mem
    ) throws {
      let sizes = try c.arguments()
      let blocks = ceilingDivide(c.taps, Self.tapsPerGroup)
      let channels = c.groups * c.rows
      let wanted = ceilingDivide(8 * info.computeUnits, blocks * channels)
      let perSlice = max(
        roundedUp(ceilingDivide(c.pixels, wanted), to: Self.itemsPerGroup), 8 * Self.itemsPerGroup)
      let slices = max(1, ceilingDivide(c.pixels, perSlice))
      let partial = slices > 1 ? try pool.allocate(slices * count * 4) : nil
      try launch(
        kernel(.file("convolution_depthwise_gpu.cl"), "depthwise_gradient", c.options),
        [.memory(dy), .memory(source), .memory(partial?.memory ?? target)] + sizes + [.int(perSlice)],
        global: (blocks * Self.itemsPerGroup, channels, slices), local: (Self.itemsPerGroup, 1, 1))
      if let partial { try addSlices(partial.memory, slices: slices, count: count, into: target) }
    }
  }
#endif
