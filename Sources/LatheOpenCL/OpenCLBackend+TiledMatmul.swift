#if OpenCL
  import COpenCL
  import LatheCore

  extension OpenCLBackend {
    /// Whether groups of four along the contiguous axis are aligned and whole.
    private static func isVector(extent: Int, step: Int, offset: Int, batch: ArraySlice<Int>) -> Bool {
      extent % 4 == 0 && step % 4 == 0 && offset % 4 == 0 && batch.allSatisfy { $0 % 4 == 0 }
    }

    /// gemm of gemm_gpu.cl.
    func multiplyTiled(_ p: MatrixOperands, _ choice: KernelChoice?, into c: cl_mem, at first: Int) throws {
      let aAlongK = p.aStep == 1
      let bAlongK = p.bStep != 1
      let aVector = Self.isVector(
        extent: aAlongK ? p.k : p.m, step: aAlongK ? p.aRow : p.aStep, offset: p.aOffset,
        batch: p.batch.a.suffix(3))
      let bVector = Self.isVector(
        extent: bAlongK ? p.k : p.n, step: bAlongK ? p.bStep : p.bRow, offset: p.bOffset,
        batch: p.batch.b.suffix(3))
      let cVector = p.n % 4 == 0 && first % 4 == 0
      let tile = ProductTile(
        choice, m: p.m, n: p.n, batch: p.batch.count, computeUnits: info.computeUnits,
        isVector: aVector && bVector && cVector)
      let widest = max(p.aRow, p.aStep, p.bRow, p.bStep) * max(tile.m, tile.n, tile.depth)
      var options = tile.options
      options["A_ALONG_K"] = aAlongK ? 1 : 0
      options["B_ALONG_K"] = bAlongK ? 1 : 0
      options["A_VECTOR"] = aVector ? 1 : 0
      options["B_VECTOR"] = bVector ? 1 : 0
      options["C_VECTOR"] = cVector ? 1 : 0
      options["WIDE"] = widest > Int(Int32.max) ? 1 : 0
      let arguments: [KernelArgument] =
        [.memory(p.a), .memory(p.b), .memory(p.bias), .memory(c), .long(first)] + p.head
        + [.long(p.aOffset), .long(p.bOffset), .int(p.aRow), .int(p.aStep), .int(p.bRow), .int(p.bStep)]
        + p.epilogue + p.batch.arguments()
      try launch(
        kernel(.file("gemm_gpu.cl"), "gemm", options), arguments,
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
      try launch(
        kernel(.file("gemv_gpu.cl"), "gemv", options), arguments,
        global: (ceilingDivide(p.n, columns) * 256, 1, p.batch.count), local: (256, 1, 1))
    }
  }
#endif
