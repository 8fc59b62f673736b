#if OpenCL
  import COpenCL
  import LatheCore

  extension OpenCLBackend {
    package func reduce(_ reduction: Reduction, inputs: [Operand], outputs: [Operand]) throws {
      guard outputs[0].elementCount > 0 else { return }
      guard let whole = inputs.first?.shape else {
        throw LatheError.unsupported("a reduction without inputs")
      }
      let axes = CollapsedAxes(shape: whole, layouts: inputs.map(\.layout), labels: reduction.reduced)
      let outputCount = outputs[0].elementCount
      let count = axes.axes(labelled: true).reduce(1) { $0 * axes.sizes[$1] }
      let mode = ReductionPlan.mode(axes, count: count, profile)
      let shape: TuningShape = outputCount == 1 ? .whole : mode == .tree ? .rows : .columns
      try tunedOnGPUs(.reductionGPU, shape) {
        let plan = ReductionPlan(
          axes: axes, mode: mode, outputs: outputCount, count: count, backend: self, $0)
        try reduceInParts(reduction, axes, plan, inputs: inputs, outputs: outputs)
      }
    }

    private func reduceInParts(
      _ reduction: Reduction, _ axes: CollapsedAxes, _ plan: ReductionPlan, inputs: [Operand],
      outputs: [Operand]
    ) throws {
      let outputCount = plan.outputs
      guard plan.splits > 1 else {
        return try reduce(reduction, axes, plan, inputs: inputs, to: outputs[0].memory)
      }

      // First the parts, in the type of the register, then the parts' sum: two launches of fixed shape, so that
      // the order of additions is the same in every run.
      var part = reduction
      let register = part.program.outputs[0].register
      let type = part.program.type(of: Int(register))
      part.program.outputs[0].dtype = type
      part.divisor = 1
      let partial = try pool.allocate(plan.splits * outputCount * type.byteCount)
      try reduce(part, axes, plan, inputs: inputs, to: partial.memory)
      let whole = Reduction(
        kind: reduction.kind,
        program: ElementwiseProgram(
          inputs: [type], scalars: [], instructions: [],
          outputs: [.init(register: 0, dtype: reduction.program.outputs[0].dtype)]),
        scalars: [], reduced: [true, false], divisor: reduction.divisor)
      let parts = Operand(buffer: partial, layout: Layout([plan.splits, outputCount]), dtype: type)
      let partAxes = CollapsedAxes(shape: parts.shape, layouts: [parts.layout], labels: whole.reduced)
      let once = ReductionPlan(
        axes: partAxes, mode: ReductionPlan.mode(partAxes, count: plan.splits, profile),
        outputs: outputCount, count: plan.splits, backend: self, maySplit: false)
      try reduce(whole, partAxes, once, inputs: [parts], to: outputs[0].memory)
    }

    private func reduce(
      _ reduction: Reduction, _ axes: CollapsedAxes, _ plan: ReductionPlan, inputs: [Operand],
      to output: cl_mem
    ) throws {
      let accesses = inputs.indices.map { axes.access($0, axis: axes.rank - 1) }
      let form = ReductionKernel(
        kind: reduction.kind, program: reduction.program, profile: profile, mode: plan.mode,
        labels: axes.labels,
        accesses: accesses, isLong: plan.isLong, isNarrow: profile == .gpu && axes.hasNarrowPlaces,
        aligned: profile == .gpu && axes.labels[axes.rank - 1]
          && axes.sizes[axes.rank - 1] % profile.vectorWidth == 0
          && !accesses.contains(.strided)
          && axes.hasWholeVectors(profile.vectorWidth, accesses, axes.strides, inputs))
      let key = GeneratedKernels.Key(program: reduction.program, form: form.form)
      let kernel = try generated.kernel(key) {
        try self.kernel(.generated(name: "reduce", text: form.text), "reduce")
      }
      var arguments = programArguments(reduction.program, reduction.scalars, inputs: inputs)
      arguments.append(.memory(output))
      arguments.append(.long(plan.outputs))
      arguments.append(.long(plan.count))
      arguments.append(.long(plan.splits))
      arguments.append(.long(plan.chunk))
      arguments.append(.long(plan.perItem))
      arguments.append(
        form.registerType == .float64 ? .double(reduction.divisor) : .float(Float(reduction.divisor)))
      // A size of 0 would be divided by, though nothing is read.
      for size in axes.sizes {
        arguments.append(.long(max(1, size)))
        if form.isNarrow { arguments.append(.divisor(max(1, size))) }
      }
      for k in inputs.indices {
        for axis in 0..<(axes.rank - 1) { arguments.append(.long(axes.strides[k][axis])) }
        if accesses[k] == .strided { arguments.append(.long(axes.strides[k][axes.rank - 1])) }
      }
      try launch(kernel, arguments, global: plan.global, local: (plan.local, 1, 1))
    }
  }

  /// How a reduction is divided among work-items.
  struct ReductionPlan {
    let mode: ReductionKernel.Mode
    let outputs: Int
    let count: Int
    /// Parts into which each output's elements are split, and the elements of each.
    var splits = 1
    var chunk: Int
    /// cpu: outputs (or strips of 64 outputs) of a work-item.
    var perItem = 1
    var global = (0, 0, 0)
    var local = 1

    /// How kernels of a profile reduce such axes.
    static func mode(_ axes: CollapsedAxes, count: Int, _ profile: KernelProfile) -> ReductionKernel.Mode {
      let innerIsReduced = axes.labels[axes.rank - 1]
      switch profile {
      case .cpu: return innerIsReduced ? .rows : .columns
      case .gpu: return innerIsReduced && count >= 64 ? .tree : .serial
      }
    }

    init(
      axes: CollapsedAxes, mode: ReductionKernel.Mode, outputs: Int, count: Int, backend: OpenCLBackend,
      _ tuned: KernelParameters? = nil, maySplit: Bool = true
    ) {
      self.mode = mode
      self.outputs = outputs
      self.count = count
      chunk = count
      let units = max(1, backend.info.computeUnits)
      let innerIsReduced = axes.labels[axes.rank - 1]
      switch backend.profile {
      case .cpu:
        let inner = max(1, axes.sizes[axes.rank - 1])
        let works = innerIsReduced ? outputs : outputs / inner * ((inner + 63) / 64)
        let cost = outputs * count / max(1, works)
        // Work-items of 8192 elements or more, and not many more than even out the load.
        perItem = min(max(1, 8192 / max(1, cost)), works)
        perItem = max(perItem, works / (units * 16))
        let items = (works + perItem - 1) / perItem
        if maySplit, items < units * 2, cost >= 32768 {
          let least = innerIsReduced ? 8192 : max(1, 8192 / min(inner, 64))
          split(into: min((units * 4 + items - 1) / items, count / least))
        }
        let lanes = innerIsReduced ? 4 * backend.profile.vectorWidth : 1
        if maySplit { limitRuns(of: innerIsReduced ? min(inner, lanes * Self.run) : Self.run) }
        isLong = chunk > 2 * Self.run * lanes || (innerIsReduced && chunk > inner)
        global = (items * splits, 1, 1)
      case .gpu:
        let (parts, least) = (tuned?["PARTS"] ?? 4, tuned?["LEAST"] ?? 2048)
        let wanted = mode == .tree ? units * parts : units * parts * 128
        if maySplit, outputs * 2 <= wanted {
          split(into: min(wanted / outputs, count / (mode == .tree ? least : least / 32)))
        }
        let lanes = mode == .tree ? 256 : 1
        if maySplit { limitRuns(of: lanes * Self.run) }
        isLong = chunk > 2 * Self.run * lanes
        local = mode == .tree ? 256 : 64
        global = (mode == .tree ? outputs * 256 : outputs, splits, 1)
      }
    }

    /// Numbers of a run, LATHE_RUN in common.clh.
    private static let run = 16

    /// Whether a lane adds more numbers than two runs have.
    private(set) var isLong = true

    /// Splits where a part has more runs of so many elements than a pair of floats adds without loss.
    private mutating func limitRuns(of elements: Int) {
      let most = 8192 * elements
      if chunk > most { split(into: ceilingDivide(count, most)) }
    }

    private mutating func split(into parts: Int) {
      guard parts > 1 else { return }
      chunk = ((count + parts - 1) / parts + 15) / 16 * 16
      splits = (count + chunk - 1) / chunk
    }
  }
#endif
