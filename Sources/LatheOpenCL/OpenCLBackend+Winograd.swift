#if OpenCL
  import COpenCL
  import LatheCore

  extension OpenCLBackend {
    /// Some images of a Winograd convolution: their tiles, one after the other, fill up whole vectors.
    struct WinogradChunk {
      let first: Int, tiles: Int, pitch: Int
    }

    /// Chunks whose points take 24 MB and so on, in whole vectors.
    func chunks(_ s: WinogradConvolution, bytes: Int = 24 << 20, lanes: Int) -> [WinogradChunk] {
      let most = s.imagesOfChunk(bytes: bytes)
      return stride(from: 0, to: s.images, by: most).map { first in
        let tiles = min(most, s.images - first) * s.tilesOfImage
        return WinogradChunk(first: first, tiles: tiles, pitch: roundedUp(tiles, to: lanes))
      }
    }

    private func winograd(_ function: String) throws -> OpenCLKernel {
      try kernel(.file("winograd_cpu.cl"), function)
    }

    /// A kernel over blocks of tiles and of channels, enough of them for all cores.
    private func launchTiles(
      _ function: String, _ chunk: WinogradChunk, channels: Int, _ arguments: [KernelArgument]
    ) throws {
      let blocks = ceilingDivide(chunk.pitch, 4 * vectors.lanes)
      let wanted = min(channels, ceilingDivide(8 * info.computeUnits, blocks))
      let perItem = ceilingDivide(channels, wanted)
      try launch(
        winograd(function), arguments + [.int(perItem)], global: (blocks, ceilingDivide(channels, perItem), 1)
      )
    }

    /// v of x, or of what is read instead of it.
    private func transformInput(
      _ s: WinogradConvolution, _ chunk: WinogradChunk, _ x: cl_mem, into v: cl_mem
    ) throws {
      try launchTiles(
        "winograd_input", chunk, channels: s.channels,
        [.memory(x), .memory(v), .long(chunk.first * s.channels * s.height * s.width), .int(s.channels)]
          + [.int(s.height), .int(s.width), .int(s.paddingY), .int(s.paddingX)]
          + [.int(s.outputWidth / 4), .int(s.outputHeight / 4), .int(chunk.tiles), .int(chunk.pitch)])
    }

    /// The 36 products of matrices that lie one behind the other, a by rows along k; b by rows along n, or along k.
    func multiplyPoints(
      m: Int, n: Int, k: Int, _ a: cl_mem, _ b: cl_mem, bAlongK: Bool, into c: cl_mem, at first: Int = 0
    ) throws {
      try multiplyLong(
        MatrixOperands(
          m: m, n: n, k: k, aRow: k, aStep: 1, bRow: bAlongK ? 1 : n, bStep: bAlongK ? k : 1, aOffset: 0,
          bOffset: 0, batch: BatchAxes(count: WinogradConvolution.points, a: m * k, b: n * k), a: a, b: b,
          bias: b, hasBias: false, relu: false), into: c, at: first)
    }

    /// The convolution, or the gradient of its input where it is turned.
    func convolve(
      _ s: WinogradConvolution, x: cl_mem, filter: cl_mem, bias: cl_mem?, relu: Bool, into y: cl_mem
    ) throws {
      let chunks = chunks(s, lanes: vectors.lanes)
      let points = WinogradConvolution.points
      let u = try pool.allocate(points * s.filterSize * 4)
      let most = points * 4 * (chunks.map(\.pitch).max() ?? 0)
      let v = try pool.allocate(most * s.channels)
      let m = try pool.allocate(most * s.outputChannels)
      let (row, step) = s.isTurned ? (9, s.outputChannels * 9) : (s.channels * 9, 9)
      try launch(
        winograd("winograd_filter"),
        [
          .memory(filter), .memory(u.memory), .int(s.channels), .int(row), .int(step),
          .int(s.isTurned ? 1 : 0),
        ],
        global: (s.outputChannels, 1, 1))
      for chunk in chunks {
        try transformInput(s, chunk, x, into: v.memory)
        try multiplyPoints(
          m: s.outputChannels, n: chunk.pitch, k: s.channels, u.memory, v.memory, bAlongK: false,
          into: m.memory)
        try launchTiles(
          "winograd_output", chunk, channels: s.outputChannels,
          [.memory(m.memory), .memory(bias ?? m.memory), .memory(y)]
            + [
              .long(chunk.first * s.outputChannels * s.outputHeight * s.outputWidth), .int(s.outputChannels),
            ]
            + [.int(s.outputHeight), .int(s.outputWidth), .int(chunk.tiles), .int(chunk.pitch)]
            + [.int(bias == nil ? 0 : 1), .int(relu ? 1 : 0)])
      }
    }

    /// The gradient of the filter, chunks of images added in pairs.
    func filterGradient(_ s: WinogradConvolution, dy: cl_mem, x: cl_mem, into filter: cl_mem) throws {
      let chunks = chunks(s, lanes: vectors.lanes)
      let points = WinogradConvolution.points
      let most = points * 4 * (chunks.map(\.pitch).max() ?? 0)
      let v = try pool.allocate(most * s.channels)
      let z = try pool.allocate(most * s.outputChannels)
      let count = points * s.filterSize
      let sums = try pool.allocate(count * 4)
      let partial = chunks.count > 1 ? try pool.allocate(chunks.count * count * 4) : sums
      for (index, chunk) in chunks.enumerated() {
        try transformInput(s, chunk, x, into: v.memory)
        try launchTiles(
          "winograd_gradient", chunk, channels: s.outputChannels,
          [.memory(dy), .memory(z.memory)]
            + [
              .long(chunk.first * s.outputChannels * s.outputHeight * s.outputWidth), .int(s.outputChannels),
            ]
            + [.int(s.outputHeight), .int(s.outputWidth), .int(chunk.tiles), .int(chunk.pitch)])
        try multiplyPoints(
          m: s.outputChannels, n: s.channels, k: chunk.pitch, z.memory, v.memory, bAlongK: true,
          into: partial.memory, at: index * count)
      }
      if chunks.count > 1 {
        try addSlices(partial.memory, slices: chunks.count, count: count, into: sums.memory)
      }
      try launch(
        winograd("winograd_taps"), [.memory(sums.memory), .memory(filter), .int(s.channels)],
        global: (s.outputChannels, 1, 1))
    }
  }
#endif
