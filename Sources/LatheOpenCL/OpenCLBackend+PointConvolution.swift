#if OpenCL
  import COpenCL
  import LatheCore

  extension OpenCLBackend {
    /// A convolution, or the gradient of its input, by winograd_gpu.cl whether that pays or not, in chunks whose points take so
    /// many bytes.
    ///
    /// - Throws: `LatheError` also where it is no 3x3 that can be done so.
    package func convolveByPoints(
      _ sizes: Convolution2D, backward: Bool, inputs: [Operand], output: Operand, chunkBytes: Int
    ) throws {
      guard let tiles = WinogradConvolution(any: sizes, backward: backward) else {
        throw LatheError.unsupported("Winograd's way for this convolution")
      }
      try convolveByPoints(
        tiles, x: inputs[0].memory, filter: inputs[1].memory,
        bias: sizes.hasBias && !backward ? inputs[2].memory : nil,
        relu: sizes.activation == .relu && !backward, into: output.memory, chunkBytes: chunkBytes)
    }

    /// A Winograd convolution, or the gradient of its input where it is turned: kernels of winograd_gpu.cl around products.
    ///
    /// Points of 64 MB are a few thousand work-groups, and not more than large caches hold.
    func convolveByPoints(
      _ s: WinogradConvolution, x: cl_mem, filter: cl_mem, bias: cl_mem?, relu: Bool, into y: cl_mem,
      chunkBytes: Int = 64 << 20
    ) throws {
      let chunks = chunks(s, bytes: chunkBytes, lanes: 4)
      let points = WinogradConvolution.points
      let u = try pool.allocate(points * s.filterSize * 4)
      let most = points * 4 * (chunks.map(\.pitch).max() ?? 0)
      let v = try pool.allocate(most * s.channels)
      let m = try pool.allocate(most * s.outputChannels)
      let (row, step) = s.isTurned ? (9, s.outputChannels * 9) : (s.channels * 9, 9)
      try launchPoints(
        "winograd_filter", s.channels, s.outputChannels,
        [.memory(filter), .memory(u.memory), .int(s.outputChannels), .int(s.channels), .int(row), .int(step)]
          + [.int(s.isTurned ? 1 : 0)])
      for chunk in chunks {
        let tiles: [KernelArgument] = [
          .int(s.tilesAcross), .int(s.tilesDown), .divisor(s.tilesAcross), .divisor(s.tilesDown),
          .int(chunk.tiles), .int(chunk.pitch),
        ]
        try launchPoints(
          "winograd_input", chunk.pitch, s.channels,
          [.memory(x), .memory(v.memory), .long(chunk.first * s.channels * s.height * s.width)]
            + [s.channels, s.height, s.width, s.paddingY, s.paddingX].map { .int($0) } + tiles)
        try multiplyPoints(
          m: s.outputChannels, n: chunk.pitch, k: s.channels, u.memory, v.memory, bAlongK: false,
          into: m.memory)
        try launchPoints(
          "winograd_output", chunk.tiles, s.outputChannels,
          [.memory(m.memory), .memory(bias ?? m.memory), .memory(y)]
            + [.long(chunk.first * s.outputChannels * s.outputHeight * s.outputWidth)]
            + [s.outputChannels, s.outputHeight, s.outputWidth].map { .int($0) } + tiles
            + [.int(bias == nil ? 0 : 1), .int(relu ? 1 : 0)],
          isVector: s.outputWidth % 4 == 0)
      }
      // Scratch buffers may be reused as soon as the launches are queued: the queue is in order.
      withExtendedLifetime((u, v, m)) {}
    }

    /// Launches a kernel of winograd_gpu.cl over columns and rows.
    private func launchPoints(
      _ function: String, _ columns: Int, _ rows: Int, _ arguments: [KernelArgument], isVector: Bool = false
    ) throws {
      // What NVIDIA's compiler takes by itself leaves room for fewer groups and is not needed.
      var options: KernelOptions = [KernelOptions.registers: 64]
      if isVector { options["VECTOR"] = 1 }
      try launch(
        kernel(.file("winograd_gpu.cl"), function, options), arguments, global: (columns, rows, 1),
        local: (64, 1, 1))
    }
  }
#endif
