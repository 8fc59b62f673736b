#if OpenCL
  import COpenCL
  import LatheCore

  extension BlockType {
    /// Whether it is one of those that block_rounded_cpu.clh has products of bytes for.
    fileprivate var isFewBits: Bool { [.q4_0, .q4_1, .q8_0].contains(self) }
  }

  extension OpenCLBackend {
    /// Rows of x that the kernels take at a time; with more the matrix is unpacked first.
    private static let mostRows = 8
    /// Floats of a matrix that are unpacked at a time.
    private static let unpackedLimit = 1 << 26

    package func blockProduct(_ sizes: BlockProduct, inputs: [Operand], outputs: [Operand]) throws {
      guard outputs[0].elementCount > 0 else { return }
      guard max(sizes.m, sizes.n, sizes.k) <= Int(Int32.max) / 4 else {
        throw LatheError.unsupported("a product of [\(sizes.m), \(sizes.k)] and [\(sizes.n), \(sizes.k)]")
      }
      var first = 0
      var placed: [PlacedPart] = []
      for (index, part) in sizes.parts.enumerated() where part.n > 0 {
        placed.append(
          PlacedPart(
            part: part, matrix: inputs[1 + index],
            bias: sizes.hasBias ? inputs[1 + sizes.parts.count + index] : nil, first: first))
        first += part.n
      }
      if sizes.m > Self.mostRows {
        for part in placed { try multiplyUnpacked(part, of: sizes, inputs[0], outputs[0]) }
        return
      }
      // Neighbours of one type are one launch.
      var start = 0
      while start < placed.count {
        let type = placed[start].part.type
        let end =
          placed[start...].prefix(Self.mostMatrices).firstIndex { $0.part.type != type }
          ?? min(start + Self.mostMatrices, placed.count)
        try multiply(Array(placed[start..<end]), of: sizes, inputs[0], outputs[0])
        start = end
      }
    }

    /// Matrices that the kernels take at a time.
    private static let mostMatrices = 3

    /// One of the matrices of a product, and the first of the columns that are its results.
    private struct PlacedPart {
      var part: BlockProduct.Part
      var matrix: Operand
      var bias: Operand?
      var first: Int
    }

    /// Products with up to three matrices of one type.
    private func multiply(
      _ placed: [PlacedPart], of sizes: BlockProduct, _ x: Operand, _ output: Operand
    ) throws {
      let rows = sizes.m == 1 ? 1 : sizes.m <= 4 ? 4 : Self.mostRows
      let type = placed[0].part.type
      var options: KernelOptions = ["TYPE": .int(Int(type.rawValue)), "ROWS": .int(rows)]
      var all = placed
      while all.count < Self.mostMatrices {
        all.append(
          PlacedPart(part: .init(type: type, n: 0), matrix: placed[0].matrix, bias: placed[0].bias, first: 0))
      }
      let n = placed.reduce(0) { $0 + $1.part.n }
      let operands = [x] + all.map(\.matrix) + all.map { $0.bias ?? x } + [output]
      var arguments: [KernelArgument] =
        operands.map { .memory($0.memory) }
        + [.int(sizes.m), .ints(all.map(\.part.n) + [0]), .int(sizes.k), .int(sizes.hasBias ? 1 : 0)]
        + [.int(placed[0].first), .int(sizes.n)]
      guard profile == .cpu else {
        options["VECTOR"] = sizes.k % 4 == 0 ? 1 : 0
        return try launch(
          kernel(.file("block_product_gpu.cl"), "block_product", options), arguments,
          global: (ceilingDivide(n, 256 / Self.share) * 256, 1, 1), local: (256, 1, 1))
      }
      let rounded = ceilingDivide(sizes.k, 256) * (256 + 64)
      let rounds = sizes.m == 1 && type.isFewBits && rounded <= info.localMemory / 2
      // Several items for each compute unit, unless they are too little work each; fewer where each rounds the row first.
      let items = (rounds ? 2 : 8) * info.computeUnits
      let perItem = max(ceilingDivide(n, items), 32768 / max(1, sizes.k * rows), 1)
      arguments.append(.int(perItem))
      if rounds {
        options["ROUNDED"] = 1
        arguments.append(.local(rounded))
      }
      try launch(
        kernel(.file("block_product_cpu.cl"), "block_product", options), arguments,
        global: (ceilingDivide(n, perItem), 1, 1))
    }

    /// SHARE of block_product_gpu.cl.
    private static let share = 32

    /// Unpacks the matrix, as many rows at a time as there is room for, and multiplies float32.
    private func multiplyUnpacked(
      _ placed: PlacedPart, of sizes: BlockProduct, _ x: Operand, _ output: Operand
    ) throws {
      let rows = placed.part.n
      let most = max(1, Self.unpackedLimit / max(1, sizes.k))
      for first in stride(from: 0, to: rows, by: most) {
        let count = min(most, rows - first)
        let unpacked = try pool.allocate(count * sizes.k * 4)
        try unpack(
          placed.part.type, placed.matrix, columns: sizes.k, rows: first..<first + count,
          into: unpacked.memory)
        var product = MatrixOperands(
          m: sizes.m, n: count, k: sizes.k, aRow: sizes.k, aStep: 1, bRow: 1, bStep: max(1, sizes.k),
          aOffset: 0, bOffset: 0, batch: BatchAxes(count: 1, a: 0, b: 0), a: x.memory,
          b: unpacked.memory, bias: unpacked.memory, hasBias: placed.bias != nil, relu: false)
        if count == sizes.n {
          if let bias = placed.bias { product.bias = bias.memory }
          return try multiplyLong(product, into: output.memory, at: 0)
        }
        // Results lie row by row: those of some columns are put between others.
        func slice(_ operand: Operand, _ shape: Shape, _ strides: Shape, from first: Int) -> Operand {
          var slice = operand
          slice.layout = Layout(shape: shape, strides: strides, offset: first)
          return slice
        }
        let bias = try placed.bias.map { try contiguous(slice($0, [count], [1], from: first)) }
        if let bias { product.bias = bias.memory }
        let part = try newOperand([sizes.m, count])
        try multiplyLong(product, into: part.memory, at: 0)
        try copy(
          inputs: [part],
          outputs: [
            slice(output, [sizes.m, count], [sizes.n, 1], from: placed.first + first)
          ])
        withExtendedLifetime((unpacked, bias)) {}
      }
    }

    private func newOperand(_ shape: Shape) throws -> Operand {
      Operand(
        buffer: try pool.allocate(shape.elementCount * 4), layout: Layout(shape), dtype: .float32)
    }

    private func contiguous(_ operand: Operand) throws -> Operand {
      let result = try newOperand(operand.shape)
      try copy(inputs: [operand], outputs: [result])
      return result
    }

    package func blockRows(
      _ type: BlockType, rows: Int, columns: Int, picked: Int, inputs: [Operand], outputs: [Operand]
    ) throws {
      guard outputs[0].elementCount > 0 else { return }
      try launchRows(
        type, columns: columns, picked: picked,
        [.memory(inputs[0].memory), .memory(inputs[1].memory), .memory(outputs[0].memory)]
          + reportArguments(.rows, outputs) + [.int(1), .long(rows)], first: 0)
    }

    /// Unpacks some rows of a matrix.
    private func unpack(
      _ type: BlockType, _ matrix: Operand, columns: Int, rows: Range<Int>, into memory: cl_mem
    ) throws {
      try launchRows(
        type, columns: columns, picked: rows.count,
        [.memory(matrix.memory), .memory(matrix.memory), .memory(memory), .memory(memory)]
          + [.int(0), .int(0), .long(0)],
        first: rows.lowerBound)
    }

    /// block_rows of block_rows.cl.
    private func launchRows(
      _ type: BlockType, columns: Int, picked: Int, _ head: [KernelArgument], first: Int
    ) throws {
      guard picked * columns > 0 else { return }
      let options: KernelOptions = ["TYPE": .int(Int(type.rawValue))]
      let perItem = max(1, max(4096 / columns, picked / (max(1, info.computeUnits) * 16)))
      let arguments = head + [.long(columns), .long(picked), .long(first), .long(perItem)]
      let kernel = try kernel(.file("block_rows.cl"), "block_rows", options)
      if profile == .cpu {
        return try launch(kernel, arguments, global: (ceilingDivide(picked, perItem), 1, 1))
      }
      let units = picked * (type.dtype == nil ? columns / 8 : columns)
      try launch(kernel, arguments, global: (gpuGroups(units) * 256, 1, 1), local: (256, 1, 1))
    }
  }
#endif
