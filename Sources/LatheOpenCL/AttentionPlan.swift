#if OpenCL
  import LatheCore

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
    /// Of operands and results.
    private let type: StoredType
    /// The plan of the kernels on matrix units, which take the place of all but the deltas'.
    private var units: MatrixAttention?

    /// The kernel of CPUs for no more than `mostFew` queries.
    static let few = "attention_few"
    /// With more queries a lane for each is no waste.
    static let mostFew = 8

    /// The kernel that is the same with matrix units and without.
    static let deltas = "attention_deltas"
    /// The kernel that gives the gradients of keys and values.
    static let keys = "attention_keys"

    init(_ sizes: Attention, _ profile: KernelProfile, _ type: StoredType, rows: [Layout], isPoCL: Bool) {
      self.type = type
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

    /// Whether a head's queries and sums fit into 128 registers of a work-item.
    var fitsFewRegisters: Bool { max(width, valueWidth) <= 128 }

    /// Whether all but the deltas' kernel are those on matrix units.
    var isOnUnits: Bool { units != nil }

    /// The plan with kernels on matrix units.
    func onUnits(_ units: MatrixAttention) -> AttentionPlan {
      var plan = self
      plan.units = units
      return plan
    }

    /// The gradients of keys and values: one plan for both where their sums fit into registers.
    var keyParts: [AttentionPlan] {
      guard units?.isWide ?? (width + valueWidth > 256) else { return [self] }
      return [1, 2].map { part in
        var plan = self
        plan.keysPart = part
        return plan
      }
    }

    /// What a kernel is built with.
    func options(_ function: String) -> KernelOptions {
      if function != Self.deltas, let units {
        var options = units.options(function)
        if keysPart != 3 { options["KEYS_PART"] = .int(keysPart) }
        return options
      }
      var options: KernelOptions = ["MAX_WIDTH": .int(width), "MAX_VALUE": .int(valueWidth)]
      guard profile == .gpu else { return options }
      options.set(operands: type, results: type)
      options["VECTOR"] = isVector ? 1 : 0
      options["UNROLLED"] = isUnrolled ? 1 : 0
      if keysPart != 3 { options["KEYS_PART"] = .int(keysPart) }
      if let steps { options["STEPS"] = .int(steps) }
      return options
    }

    /// The common parts and the file with a kernel.
    func files(_ function: String) -> [String] {
      if function == Self.few { return ["attention.clh", "attention_few_cpu.cl"] }
      let pass = function == "attention" ? "attention" : "attention_backward"
      if units != nil, function != Self.deltas {
        let file = function == "attention" ? "attention_matrix_gpu.cl" : "attention_matrix_backward_gpu.cl"
        return ["attention.clh", "attention_units.clh", file]
      }
      return profile == .cpu
        ? ["attention.clh", "attention_blocks.clh", "\(pass)_cpu.cl"]
        : ["attention.clh", "attention_tiles.clh", "\(pass)_gpu.cl"]
    }

    var local: (Int, Int, Int) { units?.local ?? (profile == .cpu ? (1, 1, 1) : (16, 16, 1)) }

    /// Work-items for `length` rows of each head of each sequence, of which a group takes 64.
    func grid(_ length: Int, _ heads: Int, batch: Int) -> (Int, Int, Int) {
      let groups = ceilingDivide(length, 64)
      let (x, y, _) = units.map { ($0.local.0, 1, 1) } ?? local
      return (groups * x, heads * y, batch)
    }
  }
#endif
