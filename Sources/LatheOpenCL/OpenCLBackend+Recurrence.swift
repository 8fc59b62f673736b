#if OpenCL
  import COpenCL
  import LatheCore

  // Recurrent layers: at each step a product with the state, then a kernel for the rest of the cell; where
  // `sharesSequences`, all steps in one launch.

  extension OpenCLBackend {
    package func recurrence(_ sizes: RecurrentSequence, inputs: [Operand], outputs: [Operand]) throws {
      guard outputs[0].elementCount > 0 else { return }
      var rest = inputs[3...]
      let (projected, first, weight) = (inputs[0], inputs[1], inputs[2])
      let cell = sizes.cell == .lstm ? rest.removeFirst() : first
      let bias = sizes.hasBias ? rest.removeFirst() : first
      let mask = sizes.hasMask ? rest.removeFirst() : first
      let width = sizes.cell.gateCount * sizes.size
      if sharesSequences(sizes) {
        let turnRow = Self.turnRow(sizes.size)
        let panels = try packedWeight(weight, sizes, transposed: true)
        let turns = try scratch([sizes.batch, turnRow])
        let products = try scratch([sizes.batch, width])
        let operands = [projected, panels, bias, first, cell, mask, outputs[0], outputs[1], turns, products]
        return try launchSequences(
          "forward_sequence", sizes, operands, flags: [sizes.hasBias ? 1 : 0], turnRow: turnRow)
      }
      let kernel = try recurrentKernel(sizes, "forward")
      let product = try scratch([sizes.batch, width])
      var transposed = weight
      transposed.layout = Layout(shape: [sizes.size, width], strides: [1, sizes.size], offset: 0)
      var before = -1
      for step in sizes.order {
        let state = before < 0 ? first : Self.states(outputs[0], sizes, at: before)
        try matmul(
          MatrixMultiplication(m: sizes.batch, n: width, k: sizes.size), inputs: [state, transposed],
          outputs: [product])
        let operands = [projected, product, bias, first, cell, mask, outputs[0], outputs[1]]
        try launchStep(
          kernel, sizes, operands,
          [
            sizes.hasBias ? 1 : 0, sizes.hasMask ? 1 : 0, before < 0 ? 1 : 0, sizes.steps, step,
            max(before, 0),
          ])
        before = step
      }
      // Scratch memory may go when the last launch is queued, no sooner.
      withExtendedLifetime(product) {}
    }

    package func recurrenceBackward(_ sizes: RecurrentSequence, inputs: [Operand], outputs: [Operand]) throws
    {
      guard sizes.batch * sizes.size > 0 else { return }
      var rest = inputs[5...]
      let (first, weight) = (inputs[3], inputs[4])
      let cell = sizes.cell == .lstm ? rest.removeFirst() : first
      let mask = sizes.hasMask ? rest.removeFirst() : first
      var results = outputs[...]
      let projected = results.removeFirst()
      let hidden = sizes.cell == .gru ? results.removeFirst() : projected
      let firstGradient = results.removeFirst()
      let isShared = sharesSequences(sizes)
      let carry = isShared ? firstGradient : try scratch([sizes.batch, sizes.size])
      // Where there is no cell state, memory that the kernel does not touch.
      let cellCarry = results.popFirst() ?? carry
      let zero = ElementwiseProgram(
        inputs: [], scalars: [.float32], instructions: [], outputs: [.init(register: 0, dtype: .float32)])
      for operand in sizes.cell == .lstm ? [carry, cellCarry] : [carry] {
        try elementwise(zero, [.float(0)], inputs: [], outputs: [operand])
      }
      let (width, size) = (sizes.cell.gateCount * sizes.size, sizes.size)
      if isShared {
        let turnRow = Self.turnRow(width)
        let panels = try packedWeight(weight, sizes, transposed: false)
        let turns = try scratch([sizes.batch, turnRow])
        let operands = [
          inputs[0], inputs[1], inputs[2], first, cell, mask, panels, projected, hidden, carry, cellCarry,
          turns,
        ]
        return try launchSequences("backward_sequence", sizes, operands, flags: [], turnRow: turnRow)
      }
      let kernel = try recurrentKernel(sizes, "backward")
      let product = try scratch([sizes.batch, size])
      func multiply(_ step: Int) throws {
        var gradient = hidden
        gradient.layout = Layout(
          shape: [sizes.batch, width], strides: [sizes.steps * width, 1], offset: step * width)
        try matmul(
          MatrixMultiplication(m: sizes.batch, n: size, k: width), inputs: [gradient, weight],
          outputs: [product])
      }
      let order = Array(sizes.order.reversed())
      for (i, step) in order.enumerated() {
        if i > 0 { try multiply(order[i - 1]) }
        let before = i + 1 < order.count ? order[i + 1] : -1
        let operands = [
          inputs[0], inputs[1], inputs[2], first, cell, mask, product, projected, hidden, carry, cellCarry,
        ]
        try launchStep(
          kernel, sizes, operands,
          [i > 0 ? 1 : 0, sizes.hasMask ? 1 : 0, before < 0 ? 1 : 0, sizes.steps, step, max(before, 0)])
      }
      guard let last = order.last else { return }
      try multiply(last)
      let sum = ElementwiseProgram(
        inputs: [.float32, .float32], scalars: [],
        instructions: [.init(op: .add, dtype: .float32, a: 0, b: 1)],
        outputs: [.init(register: 2, dtype: .float32)])
      try elementwise(sum, [], inputs: [carry, product], outputs: [firstGradient])
      withExtendedLifetime((carry, product)) {}
    }

    /// Launches the kernel of a step, on a GPU with a work-item for each vector of units of a sequence.
    private func launchStep(
      _ kernel: OpenCLKernel, _ sizes: RecurrentSequence, _ operands: [Operand], _ numbers: [Int]
    ) throws {
      let arguments = operands.map { KernelArgument.memory($0.memory) } + numbers.map { .int($0) }
      guard profile == .gpu else {
        return try launchRows(kernel, arguments, rows: sizes.batch, columns: sizes.size)
      }
      let items = sizes.batch * (sizes.size / alignedLanes(sizes.size))
      // The kernel divides numbers of items in 32 bits.
      guard items <= Int(UInt32.max) - 63 else {
        throw LatheError.unsupported("a recurrent step of \(sizes.batch) sequences of \(sizes.size) units")
      }
      try launch(
        kernel, arguments + [.int(sizes.batch), .int(sizes.size), .int(1)], global: (items, 1, 1),
        local: (64, 1, 1)
      )
    }

    /// Whether the cores share the sequences rather than the units of each step: a core has enough of them to use the
    /// weights that it reads at each step several times, or a step is too short to be cut.
    private func sharesSequences(_ sizes: RecurrentSequence) -> Bool {
      let work = sizes.batch * sizes.cell.gateCount * sizes.size * sizes.size
      return profile == .cpu && (sizes.batch >= 4 * info.computeUnits || work <= 1 << 20)
        && sizes.batch * Self.turnRow(sizes.cell.gateCount * sizes.size) <= Int(Int32.max)
    }

    /// The distance of rows that a product reads: a line more, so that they spread over the sets of a cache.
    private static func turnRow(_ columns: Int) -> Int { roundedUp(columns, to: 16) + 16 }

    /// The weights [gates x size, size] or their transpose in panels two vectors wide.
    private func packedWeight(
      _ weight: Operand, _ sizes: RecurrentSequence, transposed: Bool
    ) throws -> Operand {
      let width = sizes.cell.gateCount * sizes.size
      let (columns, depth) = transposed ? (width, sizes.size) : (sizes.size, width)
      let block = RegisterBlock(nil, m: 12, n: columns, vectors)
      let panels = try scratch([roundedUp(columns, to: block.width), depth])
      try packPanels(
        weight.memory, into: panels.memory, block, n: columns, k: depth,
        column: transposed ? sizes.size : 1, step: transposed ? 1 : sizes.size)
      return panels
    }

    private func launchSequences(
      _ function: String, _ sizes: RecurrentSequence, _ operands: [Operand], flags: [Int], turnRow: Int
    ) throws {
      let perGroup = ceilingDivide(sizes.batch, info.computeUnits)
      let numbers =
        flags
        + [
          sizes.hasMask ? 1 : 0, sizes.isReversed ? 1 : 0, sizes.steps, turnRow, sizes.batch, sizes.size,
          perGroup,
        ]
      try withExtendedLifetime(operands) {
        try launch(
          recurrentKernel(sizes, function),
          operands.map { .memory($0.memory) } + numbers.map { .int($0) },
          global: (ceilingDivide(sizes.batch, perGroup), 1, 1))
      }
    }

    private func recurrentKernel(_ sizes: RecurrentSequence, _ function: String) throws -> OpenCLKernel {
      try rowKernel("recurrence.cl", function, "CELL", sizes.cell.rawValue, columns: sizes.size)
    }

    private func scratch(_ shape: Shape) throws -> Operand {
      let buffer = try allocate(byteCount: shape.elementCount * 4)
      return Operand(buffer: buffer, layout: Layout(shape), dtype: .float32)
    }

    /// h after a step, [batch, size].
    private static func states(_ states: Operand, _ sizes: RecurrentSequence, at step: Int) -> Operand {
      var result = states
      result.layout = Layout(
        shape: [sizes.batch, sizes.size], strides: [sizes.steps * sizes.size, 1], offset: step * sizes.size)
      return result
    }
  }
#endif
