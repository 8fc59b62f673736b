#if OpenCL
  import COpenCL
  import LatheCore

  extension OpenCLBackend {
    package func attention(_ sizes: Attention, inputs: [Operand], outputs: [Operand]) throws {
      try checkAttention(sizes, inputs + outputs)
      try withPlan(sizes, inputs[..<3]) { try attention(sizes, $0, inputs: inputs, outputs: outputs) }
    }

    package func attentionBackward(_ sizes: Attention, inputs: [Operand], outputs: [Operand]) throws {
      try checkAttention(sizes, inputs + outputs)
      try withPlan(sizes, inputs[..<5]) {
        try attentionBackward(sizes, $0, inputs: inputs, outputs: outputs)
      }
    }

    /// A plan for operands whose rows are read from memory.
    private func withPlan(
      _ sizes: Attention, _ rows: ArraySlice<Operand>, _ body: (AttentionPlan) throws -> Void
    ) throws {
      let plan = AttentionPlan(sizes, profile, rows: rows.map(\.layout), isPoCL: place.isPoCL)
      guard profile == .gpu else { return try body(plan) }
      try tuned(.attentionGPU, .attention(sizes)) { try body(plan.tuned($0?.parameters)) }
    }

    private func attention(
      _ sizes: Attention, _ plan: AttentionPlan, inputs: [Operand], outputs: [Operand]
    ) throws {
      let (q, k, v) = (inputs[0], inputs[1], inputs[2])
      let mask = sizes.hasMask ? inputs[3] : nil
      try launch(
        attentionKernel("attention", plan),
        [.memory(q.memory), .memory(k.memory), .memory(v.memory), .memory((mask ?? q).memory)]
          + outputs.map { .memory($0.memory) } + [q, k, v].map(Self.steps) + Self.maskSteps(mask)
          + Self.counts(sizes),
        global: plan.grid(sizes.queries, sizes.heads, batch: sizes.batch), local: plan.local)
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
        attentionKernel("attention_deltas", plan),
        [
          .memory(dOutput.memory), .memory(output.memory), .memory(deltas.memory), Self.steps(dOutput),
          Self.steps(output), .int(sizes.queries), .int(sizes.heads), .int(sizes.valueWidth),
        ],
        global: plan.grid(sizes.queries, sizes.heads, batch: sizes.batch, rows: 16), local: plan.local)
      let shared = operands.map { KernelArgument.memory($0.memory) } + [.memory(deltas.memory)]
      try launch(
        attentionKernel("attention_queries", plan), shared + [.memory(outputs[0].memory)] + steps + rest,
        global: plan.grid(sizes.queries, sizes.heads, batch: sizes.batch), local: plan.local)
      for part in plan.keyParts {
        try launch(
          attentionKernel("attention_keys", part),
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
        let text = try plan.files(function).map(KernelSource.content).joined()
        var options = plan.options
        // By itself NVIDIA's compiler takes 140 to 180, which leaves room for one group; dK and dV need what they take.
        if place.isNVIDIA, ["attention", "attention_queries"].contains(function) {
          options[KernelOptions.registers] = 128
        }
        return try kernel(.generated(name: plan.files(function)[2], text: text), function, options)
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

  /// What the kernels of attention are built for.
  struct AttentionPlan: Hashable {
    /// Elements of a query and of a value, rounded up so that few programs serve all.
    private let width: Int
    private let valueWidth: Int
    private let profile: KernelProfile
    /// Whether all rows are whole groups of four elements, aligned.
    private let isVector: Bool
    /// Whether loops over registers are unrolled, which PoCL does wrongly around barriers.
    private let isUnrolled: Bool
    /// Terms of a product at a time, the kernel's own choice if nil.
    private var steps: Int?
    /// Which of dK (1) and dV (2) attention_keys gives.
    private var keysPart = 3

    init(_ sizes: Attention, _ profile: KernelProfile, rows: [Layout], isPoCL: Bool) {
      let step = profile == .cpu ? 16 : 32
      width = roundedUp(sizes.width, to: step)
      valueWidth = roundedUp(sizes.valueWidth, to: step)
      self.profile = profile
      isUnrolled = profile == .gpu && !isPoCL
      isVector =
        profile == .gpu && sizes.width % 4 == 0 && sizes.valueWidth % 4 == 0
        && rows.allSatisfy { layout in
          layout.offset % 4 == 0 && layout.strides.prefix(3).allSatisfy { $0 % 4 == 0 }
        }
    }

    /// The plan with parameters that were tuned.
    func tuned(_ parameters: KernelParameters?) -> AttentionPlan {
      var plan = self
      plan.steps = parameters.map { $0["STEPS"] }
      return plan
    }

    /// The gradients of keys and values: one plan for both where their sums fit into registers.
    var keyParts: [AttentionPlan] {
      guard width + valueWidth > 256 else { return [self] }
      return [1, 2].map { part in
        var plan = self
        plan.keysPart = part
        return plan
      }
    }

    var options: KernelOptions {
      var options: KernelOptions = ["MAX_WIDTH": .int(width), "MAX_VALUE": .int(valueWidth)]
      guard profile == .gpu else { return options }
      options["VECTOR"] = isVector ? 1 : 0
      options["UNROLLED"] = isUnrolled ? 1 : 0
      if keysPart != 3 { options["KEYS_PART"] = .int(keysPart) }
      if let steps { options["STEPS"] = .int(steps) }
      return options
    }

    /// The common parts and the file with a kernel.
    func files(_ function: String) -> [String] {
      let pass = function == "attention" ? "attention" : "attention_backward"
      return profile == .cpu
        ? ["attention.clh", "attention_blocks.clh", "\(pass)_cpu.cl"]
        : ["attention.clh", "attention_tiles.clh", "\(pass)_gpu.cl"]
    }

    var local: (Int, Int, Int) { profile == .cpu ? (1, 1, 1) : (16, 16, 1) }

    /// Work-items for `length` rows of each head of each sequence, of which a group takes `rows`.
    func grid(_ length: Int, _ heads: Int, batch: Int, rows: Int = 64) -> (Int, Int, Int) {
      let groups = ceilingDivide(length, rows)
      return profile == .cpu ? (groups, heads, batch) : (groups * 16, heads * 16, batch)
    }
  }
#endif
