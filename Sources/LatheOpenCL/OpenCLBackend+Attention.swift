#if OpenCL
  import COpenCL
  import LatheCore

  extension OpenCLBackend {
    package func attention(_ sizes: Attention, inputs: [Operand], outputs: [Operand]) throws {
      try checkAttention(sizes, inputs + outputs)
      try withPlan(sizes, inputs[..<3], isBackward: false) {
        try attention(sizes, $0, inputs: inputs, outputs: outputs)
      }
    }

    package func attentionBackward(_ sizes: Attention, inputs: [Operand], outputs: [Operand]) throws {
      try checkAttention(sizes, inputs + outputs)
      try withPlan(sizes, inputs[..<5], isBackward: true) {
        try attentionBackward(sizes, $0, inputs: inputs, outputs: outputs)
      }
    }

    /// A plan for operands whose rows are read from memory.
    private func withPlan(
      _ sizes: Attention, _ rows: ArraySlice<Operand>, isBackward: Bool,
      _ body: (AttentionPlan) throws -> Void
    ) throws {
      let type = StoredType(rows[0].dtype)
      let plan = AttentionPlan(sizes, profile, type, rows: rows.map(\.layout), isPoCL: place.isPoCL)
      guard profile == .gpu else { return try body(plan) }
      if max(sizes.width, sizes.valueWidth) <= MatrixAttention.widest,
        let form = matrixUnits.form(type, on: self)
      {
        return try body(
          plan.onUnits(MatrixAttention(sizes, form, type, rows: rows.map(\.layout), isBackward: isBackward)))
      }
      try tuned(.attentionGPU, .attention(sizes)) { try body(plan.tuned($0?.parameters)) }
    }

    private func attention(
      _ sizes: Attention, _ plan: AttentionPlan, inputs: [Operand], outputs: [Operand]
    ) throws {
      let (q, k, v) = (inputs[0], inputs[1], inputs[2])
      let mask = sizes.hasMask ? inputs[3] : nil
      let isFew = profile == .cpu && sizes.queries <= AttentionPlan.mostFew
      try launch(
        attentionKernel(isFew ? AttentionPlan.few : "attention", plan),
        [.memory(q.memory), .memory(k.memory), .memory(v.memory), .memory((mask ?? q).memory)]
          + outputs.map { .memory($0.memory) } + [q, k, v].map(Self.steps) + Self.maskSteps(mask)
          + Self.counts(sizes),
        global: isFew
          ? (sizes.queries, sizes.heads, sizes.batch)
          : plan.grid(sizes.queries, sizes.heads, batch: sizes.batch), local: plan.local)
    }

    private func attentionBackward(
      _ sizes: Attention, _ plan: AttentionPlan, inputs: [Operand], outputs: [Operand]
    ) throws {
      let (dOutput, output, norms) = (inputs[0], inputs[4], inputs[5])
      let mask = sizes.hasMask ? inputs[6] : nil
      let operands = inputs[..<4] + [mask ?? dOutput, norms]
      let steps = inputs[..<4].map(Self.steps)
      let rest = Self.maskSteps(mask) + Self.counts(sizes)
      if profile == .cpu {
        // Heads are cut into chunks of keys where there are few; each leaves a part of dQ.
        let heads = sizes.batch * sizes.keyHeads
        let chunks = max(1, min(ceilingDivide(4 * info.computeUnits, heads), sizes.keys / 256))
        let parts = chunks > 1 ? try pool.allocate(chunks * outputs[0].elementCount * 4) : nil
        let dq = parts?.memory ?? outputs[0].memory
        try launch(
          attentionKernel("attention_backward", plan),
          operands.map { .memory($0.memory) } + [.memory(output.memory), .memory(dq)]
            + outputs[1...].map { .memory($0.memory) } + steps + [Self.steps(output)] + rest,
          global: (chunks, sizes.keyHeads, sizes.batch))
        if let parts {
          let count = outputs[0].elementCount
          let perItem = max(4096, ceilingDivide(count, 16 * info.computeUnits))
          try launch(
            attentionKernel("attention_sum_chunks", plan),
            [.memory(parts.memory), .memory(outputs[0].memory), .long(count), .int(chunks), .long(perItem)],
            global: (ceilingDivide(count, perItem), 1, 1))
        }
        return
      }
      let deltas = try pool.allocate(sizes.batch * sizes.heads * sizes.queries * 4)
      try launch(
        attentionKernel(AttentionPlan.deltas, plan),
        [
          .memory(dOutput.memory), .memory(output.memory), .memory(deltas.memory), Self.steps(dOutput),
          Self.steps(output), .int(sizes.queries), .int(sizes.heads), .int(sizes.valueWidth),
        ],
        global: (ceilingDivide(sizes.queries, 16) * 16, sizes.heads * 16, sizes.batch), local: (16, 16, 1))
      let shared = operands.map { KernelArgument.memory($0.memory) } + [.memory(deltas.memory)]
      try launch(
        attentionKernel("attention_queries", plan), shared + [.memory(outputs[0].memory)] + steps + rest,
        global: plan.grid(sizes.queries, sizes.heads, batch: sizes.batch), local: plan.local)
      for part in plan.keyParts {
        try launch(
          attentionKernel(AttentionPlan.keys, part),
          shared + outputs[1...].map { .memory($0.memory) } + steps + rest,
          global: plan.grid(sizes.keys, sizes.keyHeads, batch: sizes.batch), local: plan.local)
      }
    }

    /// Kernels count rows of a sequence and batches with 32 bits.
    private func checkAttention(_ sizes: Attention, _ operands: [Operand]) throws {
      let counts = [sizes.batch, sizes.heads, sizes.queries, sizes.keys]
      // Kernels ask for the number of groups along the axis of the heads, which must not be divided.
      guard (counts.max() ?? 0) <= Int(Int32.max) / 64, max(sizes.width, sizes.valueWidth) <= 256,
        profile == .cpu || sizes.heads <= LaunchGrid.Limits.ofGPUs.groups
      else {
        throw LatheError.unsupported("attention of \(operands.map(\.shape))")
      }
    }

    private func attentionKernel(_ function: String, _ plan: AttentionPlan) throws -> OpenCLKernel {
      try layerPlans.plan(.attention(plan, function: function)) {
        let files = plan.files(function)
        let text = try files.map(KernelSource.content).joined()
        var options = plan.options(function)
        // By itself NVIDIA's compiler takes 140 to 180, which leaves room for one group; dK and dV, and all of heads of more
        // than 128 elements, need what they take.
        if place.isNVIDIA, !plan.isOnUnits, plan.fitsFewRegisters,
          ["attention", "attention_queries"].contains(function)
        {
          options[KernelOptions.registers] = 128
        }
        return try kernel(.generated(name: files[files.count - 1], text: text), function, options)
      }
    }

    /// Offset and steps for batch, head and row, as `long4`.
    private static func steps(_ rows: Operand) -> KernelArgument {
      .longs([rows.layout.offset, rows.layout.strides[0], rows.layout.strides[1], rows.layout.strides[2]])
    }

    /// The mask's offset and its four steps.
    private static func maskSteps(_ mask: Operand?) -> [KernelArgument] {
      [.long(mask?.layout.offset ?? 0), .longs(mask.map { Array($0.layout.strides) } ?? [0, 0, 0, 0])]
    }

    private static func counts(_ sizes: Attention) -> [KernelArgument] {
      [
        .int(sizes.queries), .int(sizes.keys), .int(sizes.heads / sizes.keyHeads), .float(sizes.scale),
        .int(sizes.width), .int(sizes.valueWidth), .int(sizes.isCausal ? 1 : 0), .int(sizes.hasMask ? 1 : 0),
      ]
    }
  }
#endif
