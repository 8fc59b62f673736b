#if OpenCL
  import COpenCL
  import LatheCore

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
    /// convolution of convolution_gpu.cl or, on matrix units, of convolution_matrix_gpu.cl.
    func convolveTiled(
      _ c: TiledConvolution, _ choice: KernelChoice?, source: cl_mem, filter: cl_mem, bias: cl_mem?,
      relu: Bool, into target: cl_mem
    ) throws {
      let sizes = try c.arguments()
      let units = c.suitsUnits(isGradient: false) ? matrixUnits.form(c.operands, on: self) : nil
      let tile = units.map {
        MatrixTile($0, rows: c.rows, columns: c.pixels, layers: c.groups * c.phases, info)
      }
      let packed = try packFilter(c, filter, tile, sizes[0])
      var options = c.options
      let arguments: [KernelArgument] =
        [.memory(source), .memory(packed.memory), .memory(bias ?? packed.memory), .memory(target)] + sizes
        + [.int(bias == nil ? 0 : 1), .int(relu ? 1 : 0)]
      if let tile {
        options.add(tile.options)
        try launch(
          kernel(.file("convolution_matrix_gpu.cl"), "convolution", options), arguments,
          global: tile.grid(rows: c.rows, columns: c.pixels, layers: c.groups * c.phases), local: tile.local)
      } else {
        let tile = ProductTile(
          choice, rows: c.rows, columns: c.pixels, groups: c.groups * c.phases,
          computeUnits: info.computeUnits)
        options.add(tile.options)
        options["ALIGNED"] = c.channels % tile.depth == 0 ? 1 : 0
        options["C_VECTOR"] = c.isVector ? 1 : 0
        try launch(
          kernel(.file("convolution_gpu.cl"), "convolution", options), arguments,
          global: tile.grid(rows: c.rows, columns: c.pixels, layers: c.groups * c.phases), local: tile.local)
      }
      // The scratch buffer may be reused as soon as the launch is queued: the queue is in order.
      withExtendedLifetime(packed) {}
    }

    /// The filter in the order in which a tile reads it: pack_filter of convolution_gpu.cl, or of convolution_matrix_gpu.cl.
    private func packFilter(
      _ c: TiledConvolution, _ filter: cl_mem, _ tile: MatrixTile?, _ sizes: KernelArgument
    ) throws -> OpenCLBuffer {
      let count =
        c.groups * c.taps
        * (tile.map { c.rows * roundedUp(c.channels, to: $0.depth) } ?? c.channels * c.paddedRows)
      guard count <= Int(Int32.max) / 2 else {
        throw LatheError.unsupported("a convolution of \(count) weights at once")
      }
      let packed = try pool.allocate(count * (c.operands == .float32 ? 4 : 2))
      var options = c.options
      if let tile { options.add(tile.options) }
      try launch(
        kernel(
          .file(tile == nil ? "convolution_gpu.cl" : "convolution_matrix_gpu.cl"), "pack_filter", options),
        [
          .memory(filter), .memory(packed.memory), sizes, .int(c.taps), .longs(c.filterSteps + [0]),
          .int(count),
        ],
        global: (count, 1, 1), local: (64, 1, 1))
      return packed
    }

    /// Pixels whose products are added one by one: as many as keep their digits.
    private static let pixelsInOrder = 1 << 14

    /// filter_gradient of convolution_gpu.cl or of convolution_matrix_gpu.cl, and the sum of its slices.
    func filterGradientTiled(
      _ c: TiledConvolution, _ choice: KernelChoice?, dy: cl_mem, source: cl_mem, count: Int,
      into target: cl_mem
    ) throws {
      let columns = c.channels * c.taps
      let units = c.suitsUnits(isGradient: true) ? matrixUnits.form(c.operands, on: self) : nil
      let unitTile = units.map { MatrixTile($0, rows: c.rows, columns: columns, layers: c.groups, info) }
      let tile = ProductTile(
        choice, rows: c.rows, columns: columns, groups: c.groups, computeUnits: info.computeUnits)
      let (rowsOfTile, columnsOfTile, depth) =
        unitTile.map { ($0.m, $0.n, $0.depth) } ?? (tile.m, tile.n, tile.depth)
      let sizes = try c.arguments()
      let tiles = ceilingDivide(columns, columnsOfTile) * ceilingDivide(c.rows, rowsOfTile) * c.groups
      let wanted = max(1, min(ceilingDivide(4 * info.computeUnits, tiles), ceilingDivide(c.pixels, 512)))
      let pixels = min(ceilingDivide(c.pixels, wanted), Self.pixelsInOrder)
      let perSlice = max(depth, roundedUp(pixels, to: depth))
      let slices = max(1, ceilingDivide(c.pixels, perSlice))
      let partial = slices > 1 ? try pool.allocate(slices * count * 4) : nil
      let arguments: [KernelArgument] =
        [.memory(dy), .memory(source), .memory(partial?.memory ?? target)] + sizes + [.int(perSlice)]
      var options = c.options
      if let unitTile {
        options.add(unitTile.options)
        options["A_VECTOR"] = c.targetPlane % 8 == 0 ? 1 : 0
        try launch(
          kernel(.file("convolution_matrix_gpu.cl"), "filter_gradient", options), arguments,
          global: unitTile.grid(rows: c.rows, columns: columns, layers: c.groups * slices),
          local: unitTile.local)
      } else {
        options.add(tile.options)
        options["A_VECTOR"] = c.targetPlane % 4 == 0 ? 1 : 0
        try launch(
          kernel(.file("convolution_gpu.cl"), "filter_gradient", options), arguments,
          global: tile.grid(rows: c.rows, columns: columns, layers: c.groups * slices), local: tile.local)
      }
      if let partial { try addSlices(partial.memory, slices: slices, count: count, into: target) }
    }
  }
#endif
