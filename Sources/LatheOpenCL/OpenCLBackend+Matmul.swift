#if OpenCL
  import COpenCL
  import LatheCore

  /// A matrix product as the kernels take it.
  struct MatrixOperands {
    var m: Int
    var n: Int
    var k: Int
    /// Steps along m and k of a, along k and n of b.
    var aRow: Int, aStep: Int, bRow: Int, bStep: Int
    var aOffset: Int, bOffset: Int
    var batch: BatchAxes
    var a: cl_mem
    var b: cl_mem
    var bias: cl_mem
    var hasBias: Bool
    var relu: Bool
    /// Of a and b, and of the result.
    var operands = StoredType.float32, results = StoredType.float32
    /// Whether matrix units may round operands of float32.
    var allowsTF32 = false

    /// Whether gemv_gpu.cl serves: few rows, contiguous along k, so that reading b is all that counts.
    var isSkinny: Bool { m <= 8 && aStep == 1 && k > 0 && (bStep == 1 || bRow == 1) }

    /// Whether gemv_cpu.cl serves, and gemm_dot_cpu.cl.
    var isRow: Bool { m == 1 && bStep == 1 && batch.count == 1 }
    var suitsDots: Bool {
      // Nothing to sum leaves the bias or zeros, which gemm_dot writes, as gemv does.
      k == 0 || (aStep == 1 && bRow == 1 && bStep != 1 && (m <= 64 || m * n * k < 4_000_000))
    }

    /// Whether few rows take b as it lies, by columns, with the results transposed afterwards: packing it for them would take as
    /// long as multiplying.
    var suitsTransposing: Bool {
      aStep == 1 && bRow == 1 && bStep >= k && batch.count == 1 && (9...96).contains(m) && n >= 4 * m
        && m * n * k >= 1 << 20
    }

    /// The same numbers as b transposed times a transposed; only a result of one row or column lies the same way then.
    var transposed: MatrixOperands {
      var swapped = self
      (swapped.m, swapped.n, swapped.a, swapped.b) = (n, m, b, a)
      (swapped.aRow, swapped.aStep, swapped.bRow, swapped.bStep) = (bStep, bRow, aStep, aRow)
      (swapped.aOffset, swapped.bOffset) = (bOffset, aOffset)
      (swapped.batch.a, swapped.batch.b) = (batch.b, batch.a)
      return swapped
    }

    var head: [KernelArgument] { [.int(m), .int(n), .int(k)] }
    var epilogue: [KernelArgument] { [.int(hasBias ? 1 : 0), .int(relu ? 1 : 0)] }
  }

  extension OpenCLBackend {
    package func matmul(_ sizes: MatrixMultiplication, inputs: [Operand], outputs: [Operand]) throws {
      let output = outputs[0]
      guard output.elementCount > 0 else { return }
      let rank = output.shape.rank
      guard max(sizes.m, sizes.n, sizes.k) <= Int(Int32.max) / 4 else {
        throw LatheError.unsupported("a product of [\(sizes.m), \(sizes.k)] and [\(sizes.k), \(sizes.n)]")
      }
      let inputs = try inputs.map(withShortSteps)
      let a = inputs[0].layout
      let b = inputs[1].layout
      // The step of an axis of one element may be anything; 0 would hide that the other axis is contiguous.
      func step(_ layout: Layout, _ axis: Int, other: Int) -> Int {
        if layout.shape[axis] > 1 { return layout.strides[axis] }
        return layout.strides[other] == 1 || layout.shape[other] == 1 ? layout.shape[other] : 1
      }
      var product = MatrixOperands(
        m: sizes.m, n: sizes.n, k: sizes.k,
        aRow: step(a, rank - 2, other: rank - 1), aStep: step(a, rank - 1, other: rank - 2),
        bRow: step(b, rank - 2, other: rank - 1), bStep: step(b, rank - 1, other: rank - 2),
        aOffset: a.offset, bOffset: b.offset,
        batch: BatchAxes(shape: output.shape, a: a, b: b),
        a: inputs[0].memory, b: inputs[1].memory,
        bias: sizes.hasBias ? inputs[2].memory : inputs[1].memory, hasBias: sizes.hasBias,
        relu: sizes.activation == .relu, operands: StoredType(inputs[0].dtype),
        results: StoredType(output.dtype), allowsTF32: sizes.allowsTF32)
      // Rows of a that go on through the batch, times one b: a single larger product.
      if let last = product.batch.sizes.indices.last, product.batch.sizes[last] > 1,
        product.batch.b[last] == 0,
        product.batch.sizes.dropLast().allSatisfy({ $0 == 1 }),
        product.batch.a[last] == product.m * product.aRow,
        product.m * product.batch.sizes[last] <= Int(Int32.max) / 4
      {
        product.m *= product.batch.sizes[last]
        product.batch.sizes[last] = 1
      }
      if output.dtype != .float64, product.n == 1, product.m > 1, !product.hasBias {
        // A matrix times a column: the kernels for a row read the matrix once and where it lies.
        let row = product.transposed
        if profile == .gpu ? row.isSkinny : row.isRow || row.suitsDots { product = row }
      }
      guard product.batch.count <= Int(Int32.max) else {
        throw LatheError.unsupported("\(product.batch.count) products of matrices")
      }
      for index in 0..<product.batch.launches {
        let (aOffset, bOffset) = product.batch.offsets(launch: index)
        var part = product
        part.aOffset += aOffset
        part.bOffset += bOffset
        let first = index * product.batch.count * product.m * product.n
        if output.dtype == .float64 {
          try multiplyFloat64(part, into: output.memory, at: first)
        } else {
          try multiplyLong(part, into: output.memory, at: first)
        }
      }
      withExtendedLifetime(inputs) {}
    }

    /// The operand, or a copy where its rows or columns lie further apart than kernels count.
    private func withShortSteps(_ operand: Operand) throws -> Operand {
      let shape = operand.shape
      let isFar = (max(0, shape.rank - 2)..<shape.rank).contains {
        shape[$0] > 1 && abs(operand.layout.strides[$0]) > Int(Int32.max)
      }
      guard isFar else { return operand }
      let buffer = try pool.allocate(operand.elementCount * operand.dtype.byteCount)
      let copied = Operand(buffer: buffer, layout: Layout(shape), dtype: operand.dtype)
      try copy(inputs: [operand], outputs: [copied])
      return copied
    }

    /// All products of the last three batch axes.
    func multiply(_ product: MatrixOperands, into c: cl_mem, at first: Int) throws {
      let shape = TuningShape.product(m: product.m, n: product.n)
      if profile == .gpu {
        if product.isSkinny {
          return try tuned(.gemvGPU, product.bStep == 1 ? .row : .column) {
            try multiplySkinny(product, $0, into: c, at: first)
          }
        }
        if let form = matrixUnits.productForm(product.operands, allowsTF32: product.allowsTF32, on: self) {
          return try multiply(product, onUnits: form, into: c, at: first)
        }
        return try tuned(.gemmGPU, shape) { try multiplyTiled(product, $0, into: c, at: first) }
      }
      if product.isRow { return try multiplyRow(product, into: c, at: first) }
      if product.suitsTransposing { return try multiplyTransposed(product, into: c, at: first) }
      if product.suitsDots { return try multiplyDot(product, into: c, at: first) }
      let pack = product.bStep != 1 || (product.m >= 128 && product.n * product.k >= 65536)
      try tuned(.gemmCPU, shape) { try multiplyBlocked(product, $0, packing: pack, into: c, at: first) }
    }

    /// gemv of gemv_cpu.cl: b contiguous along n.
    private func multiplyRow(_ p: MatrixOperands, into c: cl_mem, at first: Int) throws {
      // Four items for each compute unit, unless they are too little work each.
      let columns = roundedUp(
        max(ceilingDivide(p.n, 4 * info.computeUnits), 65536 / max(p.k, 1), 1), to: 128)
      let arguments: [KernelArgument] =
        [.memory(p.a), .memory(p.b), .memory(p.bias), .memory(c), .long(p.aOffset), .long(p.bOffset)]
        + [.long(first), .int(p.n), .int(p.k), .int(p.aStep), .long(p.bRow)] + p.epilogue + [.int(columns)]
      try launch(
        kernel(.file("gemv_cpu.cl"), "gemv"), arguments, global: (ceilingDivide(p.n, columns), 1, 1))
    }

    /// gemm_dot of gemm_dot_cpu.cl: both operands contiguous along k.
    private func multiplyDot(_ p: MatrixOperands, into c: cl_mem, at first: Int) throws {
      let kernel = try kernel(.file("gemm_dot_cpu.cl"), "gemm_dot")
      let target = 4 * info.computeUnits
      var rows = 4
      var columns = p.n
      func items() -> Int { ceilingDivide(p.m, rows) * ceilingDivide(p.n, columns) * p.batch.count }
      while items() < target && columns > 16 { columns = roundedUp(ceilingDivide(columns, 2), to: 4) }
      while items() > 8 * target && rows < p.m { rows *= 2 }
      let arguments: [KernelArgument] =
        [.memory(p.a), .memory(p.b), .memory(p.bias), .memory(c), .long(first)] + p.head
        + [.long(p.aOffset), .long(p.bOffset), .int(p.aRow), .int(p.bStep)] + p.epilogue
        + [.int(rows), .int(columns)] + p.batch.arguments()
      try launch(
        kernel, arguments, global: (ceilingDivide(p.n, columns), ceilingDivide(p.m, rows), p.batch.count))
    }

    /// gemm of gemm_cpu.cl, with b packed first if `packing`.
    private func multiplyBlocked(
      _ p: MatrixOperands, _ choice: KernelChoice?, packing: Bool, into c: cl_mem, at first: Int
    ) throws {
      let block = RegisterBlock(choice, m: p.m, n: p.n, vectors)
      let blockRows = block.rows
      let width = block.width
      var b = p.b
      var bOffset = p.bOffset
      var bSteps = p.batch.b.suffix(3)
      var scratch: OpenCLBuffer?
      if packing {
        // Packed once where b is the same for every product of the batch.
        let shared = bSteps.allSatisfy { $0 == 0 }
        let count = shared ? 1 : p.batch.count
        let panels = ceilingDivide(p.n, width)
        let size = panels * width * p.k
        let buffer = try pool.allocate(count * size * 4)
        scratch = buffer
        try packPanels(
          b, into: buffer.memory, block, n: p.n, k: p.k, offset: p.bOffset, column: p.bStep, step: p.bRow,
          count: count, batch: p.batch.sizes.suffix(2) + bSteps)
        b = buffer.memory
        bOffset = 0
        let (size1, size2) = (p.batch.sizes[p.batch.sizes.count - 2], p.batch.sizes[p.batch.sizes.count - 1])
        bSteps = shared ? [0, 0, 0] : [size1 * size2 * size, size2 * size, size]
      }
      let target = 8 * info.computeUnits
      var rows = block.rowsPerItem / blockRows * blockRows
      var columns = roundedUp(min(p.n, block.columnsPerItem), to: width)
      func items() -> Int { ceilingDivide(p.m, rows) * ceilingDivide(p.n, columns) * p.batch.count }
      while items() < target && (columns > 128 || rows > 2 * blockRows) {
        if columns > 128 {
          columns = roundedUp(columns / 2, to: width)
        } else {
          rows = roundedUp(rows / 2, to: blockRows)
        }
      }
      while items() < 2 * info.computeUnits && (columns > width || rows > blockRows) {
        if rows > blockRows {
          rows = roundedUp(rows / 2, to: blockRows)
        } else {
          columns = roundedUp(columns / 2, to: width)
        }
      }
      let arguments: [KernelArgument] =
        [.memory(p.a), .memory(b), .memory(p.bias), .memory(c), .long(first)] + p.head
        + [.long(p.aOffset), .long(bOffset), .int(p.aRow), .int(p.aStep), .int(p.bRow)] + p.epilogue
        + [.int(rows), .int(columns)] + p.batch.arguments(b: bSteps)
      try launch(
        kernel(.file("gemm_cpu.cl"), "gemm", block.options(packing: packing)), arguments,
        global: (ceilingDivide(p.n, columns), ceilingDivide(p.m, rows), p.batch.count))
      // The scratch buffer may be reused as soon as the launch is queued: the queue is in order.
      withExtendedLifetime(scratch) {}
    }

    /// b transposed times a transposed by gemm_cpu.cl, then store_transposed of gemm_transposed_cpu.cl.
    private func multiplyTransposed(_ p: MatrixOperands, into c: cl_mem, at first: Int) throws {
      let lanes = vectors.lanes
      let results = try pool.allocate((p.n + lanes) * p.m * 4 + lanes * 4)
      var swapped = p.transposed
      (swapped.hasBias, swapped.relu) = (false, false)
      try tuned(.gemmCPU, .product(m: swapped.m, n: swapped.n)) {
        try multiplyBlocked(swapped, $0, packing: true, into: results.memory, at: 0)
      }
      let columns = roundedUp(max(ceilingDivide(p.n, 4 * info.computeUnits), 4096 / p.m), to: lanes)
      let arguments: [KernelArgument] =
        [.memory(results.memory), .memory(p.bias), .memory(c), .long(first), .int(p.m), .int(p.n)]
        + p.epilogue + [.int(columns)]
      try launch(
        kernel(.file("gemm_transposed_cpu.cl"), "store_transposed"), arguments,
        global: (ceilingDivide(p.n, columns), 1, 1))
      withExtendedLifetime(results) {}
    }

    /// pack_panels of gemm_cpu.cl: matrices of k rows and n columns, `column` and `step` elements from one column and
    /// one row to the next; `batch` has the sizes of the last two of three batch axes and the steps of all three.
    func packPanels(
      _ b: cl_mem, into panels: cl_mem, _ block: RegisterBlock, n: Int, k: Int, offset: Int = 0, column: Int,
      step: Int, count: Int = 1, batch: ArraySlice<Int> = [1, 1, 0, 0, 0]
    ) throws {
      let arguments: [KernelArgument] =
        [.memory(b), .memory(panels), .int(n), .int(k), .long(offset), .int(column), .int(step)]
        + batch.prefix(2).map(KernelArgument.int) + batch.dropFirst(2).map(KernelArgument.long)
      try launch(
        kernel(.file("gemm_cpu.cl"), "pack_panels", block.options(packing: true)), arguments,
        global: (ceilingDivide(n, block.width), 1, count))
    }

    /// gemm_f64 of gemm_f64.cl.
    private func multiplyFloat64(_ p: MatrixOperands, into c: cl_mem, at first: Int) throws {
      let arguments: [KernelArgument] =
        [.memory(p.a), .memory(p.b), .memory(p.bias), .memory(c), .long(first)] + p.head
        + [p.aOffset, p.bOffset, p.aRow, p.aStep, p.bRow, p.bStep].map(KernelArgument.long) + p.epilogue
        + p.batch.arguments()
      let isCPU = profile == .cpu
      let global =
        isCPU
        ? (ceilingDivide(p.n, 8), ceilingDivide(p.m, 4)) : (roundedUp(p.n, to: 16), roundedUp(p.m, to: 16))
      try launch(
        kernel(.file("gemm_f64.cl"), "gemm_f64"), arguments, global: (global.0, global.1, p.batch.count),
        local: isCPU ? (1, 1, 1) : (16, 16, 1))
    }
  }
#endif
