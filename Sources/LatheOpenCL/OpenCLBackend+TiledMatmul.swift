#if OpenCL
  import COpenCL
  import LatheCore

  extension OpenCLBackend {
    /// Whether groups of four, or of another width, along the contiguous axis are aligned and whole.
    private static func isVector(
      extent: Int, step: Int, offset: Int, batch: ArraySlice<Int>, width: Int = 4
    ) -> Bool {
      extent % width == 0 && step % width == 0 && offset % width == 0
        && batch.allSatisfy { $0 % width == 0 }
    }

    /// What product kernels are told of how operands lie and are stored; `width` elements are read at once.
    private static func access(_ p: MatrixOperands, width: Int, cVector: Bool) -> (
      KernelOptions, isVector: Bool
    ) {
      let (aAlongK, bAlongK) = (p.aStep == 1, p.bStep != 1)
      let aVector = isVector(
        extent: aAlongK ? p.k : p.m, step: aAlongK ? p.aRow : p.aStep, offset: p.aOffset,
        batch: p.batch.a.suffix(3), width: width)
      let bVector = isVector(
        extent: bAlongK ? p.k : p.n, step: bAlongK ? p.bStep : p.bRow, offset: p.bOffset,
        batch: p.batch.b.suffix(3), width: width)
      var options: KernelOptions = [
        "A_ALONG_K": aAlongK ? 1 : 0, "B_ALONG_K": bAlongK ? 1 : 0, "A_VECTOR": aVector ? 1 : 0,
        "B_VECTOR": bVector ? 1 : 0, "C_VECTOR": cVector ? 1 : 0,
      ]
      options.set(operands: p.operands, results: p.results)
      return (options, aVector && bVector && cVector)
    }

    /// Arguments of gemm in gemm_gpu.cl and gemm_matrix_gpu.cl.
    private static func arguments(_ p: MatrixOperands, into c: cl_mem, at first: Int) -> [KernelArgument] {
      [.memory(p.a), .memory(p.b), .memory(p.bias), .memory(c), .long(first)] + p.head
        + [.long(p.aOffset), .long(p.bOffset), .int(p.aRow), .int(p.aStep), .int(p.bRow), .int(p.bStep)]
        + p.epilogue + p.batch.arguments()
    }

    /// gemm of gemm_matrix_gpu.cl.
    func multiply(_ p: MatrixOperands, onUnits form: MatrixForm, into c: cl_mem, at first: Int) throws {
      try multiply(
        p, onUnits: MatrixTile(form, p.operands, m: p.m, n: p.n, batch: p.batch.count, info), into: c,
        at: first)
    }

    /// The same with a tile, and definitions beside its own.
    func multiply(
      _ p: MatrixOperands, onUnits tile: MatrixTile, _ extra: KernelOptions = [:], into c: cl_mem,
      at first: Int
    ) throws {
      let width = p.operands == .float32 ? 4 : 8
      var (options, _) = Self.access(p, width: width, cVector: p.n % 2 == 0 && first % 2 == 0)
      options.add(tile.options)
      options.add(extra)
      try launch(
        kernel(.file("gemm_matrix_gpu.cl"), "gemm", options), Self.arguments(p, into: c, at: first),
        global: tile.grid(rows: p.m, columns: p.n, layers: p.batch.count), local: tile.local)
    }

    /// gemm of gemm_gpu.cl.
    func multiplyTiled(_ p: MatrixOperands, _ choice: KernelChoice?, into c: cl_mem, at first: Int) throws {
      var (options, isVector) = Self.access(p, width: 4, cVector: p.n % 4 == 0 && first % 4 == 0)
      let tile = ProductTile(
        choice, m: p.m, n: p.n, batch: p.batch.count, computeUnits: info.computeUnits, isVector: isVector)
      let widest = max(p.aRow, p.aStep, p.bRow, p.bStep) * max(tile.m, tile.n, tile.depth)
      options.add(tile.options)
      options["WIDE"] = widest > Int(Int32.max) ? 1 : 0
      try launch(
        kernel(.file("gemm_gpu.cl"), "gemm", options), Self.arguments(p, into: c, at: first),
        global: tile.grid(rows: p.m, columns: p.n, layers: p.batch.count), local: tile.local)
    }

    /// gemv of gemv_gpu.cl.
    func multiplySkinny(_ p: MatrixOperands, _ choice: KernelChoice?, into c: cl_mem, at first: Int) throws {
      let alongK = p.bStep != 1
      let bVector = Self.isVector(
        extent: alongK ? p.k : p.n, step: alongK ? p.bStep : p.bRow, offset: p.bOffset,
        batch: p.batch.b.suffix(3))
      let otherVector =
        alongK
        ? Self.isVector(extent: p.k, step: p.aRow, offset: p.aOffset, batch: p.batch.a.suffix(3))
        : first % 4 == 0
      let isVector = bVector && otherVector
      let rows = p.m == 1 ? 1 : p.m == 2 ? 2 : p.m <= 4 ? 4 : 8
      var options: KernelOptions = [
        "ROWS": .int(rows), "B_ALONG_K": alongK ? 1 : 0, "VECTOR": isVector ? 1 : 0,
      ]
      if let choice { options["SHARE"] = .int(choice.parameters["SHARE"]) }
      let share = choice?.parameters["SHARE"] ?? (alongK ? 32 : 16)
      let columns = 256 / share * (isVector && !alongK ? 4 : 1)
      let arguments: [KernelArgument] =
        [.memory(p.a), .memory(p.b), .memory(p.bias), .memory(c), .long(first)] + p.head
        + [.long(p.aOffset), .long(p.bOffset), .int(p.aRow), .int(p.bRow), .int(p.bStep)]
        + p.epilogue + p.batch.arguments()
      options.set(operands: p.operands, results: p.results)
      try launch(
        kernel(.file("gemv_gpu.cl"), "gemv", options), arguments,
        global: (ceilingDivide(p.n, columns) * 256, 1, p.batch.count), local: (256, 1, 1))
    }
  }
#endif
