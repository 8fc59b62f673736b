#if OpenCL
  import COpenCL
  import LatheCore

  /// A convolution as the kernels of convolution_gpu.cl take it: forward, or backward to the input.
  struct TiledConvolution {
    let batch: Int
    let groups: Int
    /// Of one group: the target's channels and the source's.
    let rows: Int, channels: Int
    private let sizes: Convolution2D
    private let backward: Bool

    init(_ sizes: Convolution2D, backward: Bool) {
      self.sizes = sizes
      self.backward = backward
      (batch, groups) = (sizes.batch, sizes.groups)
      let (inside, outside) = (sizes.channels / groups, sizes.outputChannels / groups)
      (rows, channels) = backward ? (inside, outside) : (outside, inside)
    }

    var taps: Int { sizes.kernelHeight * sizes.kernelWidth }
    var paddedRows: Int { roundedUp(rows, to: 4) }
    private var target: (height: Int, width: Int) {
      backward ? (sizes.height, sizes.width) : (sizes.outputHeight, sizes.outputWidth)
    }
    private var source: (height: Int, width: Int) {
      backward ? (sizes.outputHeight, sizes.outputWidth) : (sizes.height, sizes.width)
    }
    var targetPlane: Int { target.height * target.width }

    /// Pixels of the target that read neighbours of the source at a tap, and the pixels of the largest such phase.
    var phases: Int { backward ? sizes.strideY * sizes.strideX : 1 }
    var pixels: Int {
      guard backward else { return batch * targetPlane }
      return batch * ceilingDivide(target.height, sizes.strideY) * ceilingDivide(target.width, sizes.strideX)
    }

    /// Whether four pixels that follow each other lie so in memory, aligned.
    var isVector: Bool { phases == 1 && targetPlane % 4 == 0 }

    /// Steps of the filter's group, row and channel.
    var filterSteps: [Int] {
      let all = rows * channels * taps
      return backward ? [all, taps, rows * taps] : [all, channels * taps, taps]
    }

    /// `sizes`, `taps`, `planes` and `steps` of the kernels.
    func arguments() throws -> [KernelArgument] {
      let largest = max(
        pixels, channels * source.height * source.width, groups * taps * channels * paddedRows)
      guard largest <= Int(Int32.max) / 2 else {
        throw LatheError.unsupported("a convolution of \(largest) pixels or weights at once")
      }
      return [
        .ints([batch, groups, rows, channels]),
        .ints([sizes.kernelHeight, sizes.kernelWidth, sizes.dilationY, sizes.dilationX]),
        .ints([target.height, target.width, source.height, source.width]),
        .ints([sizes.strideY, sizes.strideX, sizes.paddingY, sizes.paddingX]),
      ]
    }
  }

  extension ProductTile {
    /// A tile for a convolution's kernels: the tuned choice, else by the number of results.
    init(_ choice: KernelChoice?, rows: Int, columns: Int, groups: Int, computeUnits: Int) {
      if let p = choice?.parameters {
        self.init(
          m: p["TILE_M"], n: p["TILE_N"], workM: p["WORK"], workN: p["WORK"], depth: p["DEPTH"])
      } else if rows > 64, ceilingDivide(rows, 128) * ceilingDivide(columns, 128) * groups >= 2 * computeUnits
      {
        self.init(m: 128, n: 128, workM: 8, workN: 8, depth: 8)
      } else {
        self.init(m: 64, n: 64, workM: 4, workN: 4, depth: 16)
      }
    }

    /// Work-items of a group along the columns and the rows.
    var local: (Int, Int, Int) { (n / workN, m / workM, 1) }

    /// Work-items for so many rows and columns.
    func grid(rows: Int, columns: Int, layers: Int) -> (Int, Int, Int) {
      (ceilingDivide(columns, n) * local.0, ceilingDivide(rows, m) * local.1, layers)
    }

    /// The definitions of product_tiles.clh.
    var options: KernelOptions {
      [
        "TILE_M": .int(m), "TILE_N": .int(n), "DEPTH": .int(depth), "WORK_M": .int(workM),
        "WORK_N": .int(workN),
      ]
    }
  }

  extension OpenCLBackend {
    /// convolution of convolution_gpu.cl, behind pack_filter.
    func convolveTiled(
      _ convolution: TiledConvolution, _ choice: KernelChoice?, source: cl_mem, filter: cl_mem, bias: cl_mem?,
      relu: Bool, backward: Bool, into target: cl_mem
    ) throws {
      let c = convolution
      let tile = ProductTile(
        choice, rows: c.rows, columns: c.pixels, groups: c.groups * c.phases, computeUnits: info.computeUnits)
      let sizes = try c.arguments()
      let packedCount = c.groups * c.taps * c.channels * c.paddedRows
      let packed = try pool.allocate(packedCount * 4)
      let steps = c.filterSteps + [0]
      try launch(
        kernel(.file("convolution_gpu.cl"), "pack_filter"),
        [.memory(filter), .memory(packed.memory), sizes[0], .int(c.taps), .longs(steps), .int(packedCount)],
        global: (packedCount, 1, 1), local: (64, 1, 1))
      var options = tile.options
      options["BACKWARD"] = backward ? 1 : 0
      options["ALIGNED"] = c.channels % tile.depth == 0 ? 1 : 0
      options["C_VECTOR"] = c.isVector ? 1 : 0
      try launch(
        kernel(.file("convolution_gpu.cl"), "convolution", options),
        [.memory(source), .memory(packed.memory), .memory(bias ?? packed.memory), .memory(target)] + sizes
          + [.int(bias == nil ? 0 : 1), .int(relu ? 1 : 0)],
        global: tile.grid(rows: c.rows, columns: c.pixels, layers: c.groups * c.phases), local: tile.local)
      // The scratch buffer may be reused as soon as the launch is queued: the queue is in order.
      withExtendedLifetime(packed) {}
    }

    /// Pixels whose products are added one by one: as many as keep their digits.
    private static let pixelsInOrder = 1 << 14

    /// filter_gradient of convolution_gpu.cl, and the sum of its slices.
    func filterGradientTiled(
      _ convolution: TiledConvolution, _ choice: KernelChoice?, dy: cl_mem, source: cl_mem, count: Int,
      into target: cl_mem
    ) throws {
      let c = convolution
      let columns = c.channels * c.taps
      let tile = ProductTile(
        choice, rows: c.rows, columns: columns, groups: c.groups, computeUnits: info.computeUnits)
      let sizes = try c.arguments()
      let tiles = ceilingDivide(columns, tile.n) * ceilingDivide(c.rows, tile.m) * c.groups
      let wanted = max(1, min(ceilingDivide(4 * info.computeUnits, tiles), ceilingDivide(c.pixels, 512)))
      let pixels = min(ceilingDivide(c.pixels, wanted), Self.pixelsInOrder)
      let perSlice = max(tile.depth, roundedUp(pixels, to: tile.depth))
      let slices = max(1, ceilingDivide(c.pixels, perSlice))
      let partial = slices > 1 ? try pool.allocate(slices * count * 4) : nil
      var options = tile.options
      options["A_VECTOR"] = c.targetPlane % 4 == 0 ? 1 : 0
      try launch(
        kernel(.file("convolution_gpu.cl"), "filter_gradient", options),
        [.memory(dy), .memory(source), .memory(partial?.memory ?? target)] + sizes + [.int(perSlice)],
        global: tile.grid(rows: c.rows, columns: columns, layers: c.groups * slices), local: tile.local)
      if let partial { try addSlices(partial.memory, slices: slices, count: count, into: target) }
    }
  }
#endif
