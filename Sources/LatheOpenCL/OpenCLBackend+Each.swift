#if OpenCL
  import COpenCL
  import LatheCore

  // Operations on many tensors in one launch, or a few where there are more than 16.

  extension OpenCLBackend {
    package func elementwiseEach(
      _ program: ElementwiseProgram, scalars: [ScalarValue], count: Int, inputs: [Operand], outputs: [Operand]
    ) throws {
      let (reads, writes) = (program.inputs.count, program.outputs.count)
      let tensors = (0..<count).filter { outputs[$0 * writes].elementCount > 0 }
        .map { tensor in
          EachTensor(
            from: Array(inputs[reads * tensor..<reads * (tensor + 1)]),
            to: Array(outputs[writes * tensor..<writes * (tensor + 1)]))
        }
      guard !tensors.isEmpty else { return }
      let readings = (0..<reads).map { k in EachTensor.reading(of: k, in: tensors) }
      // Memory is the same as an input's only where that holds for every tensor.
      let aliases = (0..<writes).map { output in
        (0..<reads).first { input in
          readings[input] == .plain
            && tensors.allSatisfy { $0.to[output].memory == $0.from[input].memory }
        }
      }
      func form(_ count: Int) -> EachKernel {
        EachKernel(program: program, readings: readings, aliases: aliases, count: count, profile: profile)
      }
      let one = form(1)
      let arguments = try tensors.flatMap { tensor -> [TensorArguments] in
        guard !one.hasRows || tensor.axes.rank <= 3 else {
          throw LatheError.unsupported("elementwiseEach of \(tensor.axes.rank) axes")
        }
        let size = tensor.to[0].elementCount
        let parts = elementParts(size)
        guard !one.hasRows || parts.count == 1 else {
          throw LatheError.unsupported("elementwiseEach of rows with \(size) elements")
        }
        var memory: [KernelArgument] = tensor.from.map { .memory($0.memory) }
        for (k, operand) in tensor.to.enumerated() where aliases[k] == nil {
          memory.append(.memory(operand.memory))
        }
        let numbers = tensor.numbers(readings).map { KernelArgument.int($0) }
        return parts.map { part in
          let start: [KernelArgument] = one.hasRows ? [] : [.long(part.start)]
          return TensorArguments(
            arguments: memory + start + [.int(part.count)] + numbers, blocks: part.blocks)
        }
      }
      try launchMany(
        arguments,
        most: ManyTensorsSource.mostTensors(
          pointers: one.pointers.count, numbers: one.numbers.count, hasParts: !one.hasRows),
        shared: programScalars(program, scalars)
      ) { count in
        let form = form(count)
        return try generated.kernel(GeneratedKernels.Key(program: program, form: form.form)) {
          try kernel(.generated(name: "elementwiseEach", text: form.text), "many")
        }
      }
    }

    package func sumEach(_ sums: [AxisSum], squares: Bool, inputs: [Operand], outputs: [Operand]) throws {
      var arguments: [TensorArguments] = []
      var first = 0
      for (sum, input) in zip(sums, inputs) where sum.sumCount > 0 {
        guard input.layout.offset + sum.elementCount + sum.count <= Int32.max else {
          throw LatheError.unsupported("sumEach of \(sum.elementCount) elements")
        }
        arguments.append(
          TensorArguments(
            arguments: [.memory(input.memory)]
              + [input.layout.offset, sum.outer, sum.count, sum.inner, sum.elementCount, first].map {
                .int($0)
              }
              + [.float(sum.divisor)], blocks: SumKernel.blocks(sum, profile)))
        first += sum.sumCount
      }
      let most = ManyTensorsSource.mostTensors(pointers: 1, numbers: SumKernel.numbers.count)
      try launchMany(arguments, most: most, shared: [.memory(outputs[0].memory)]) { count in
        try layerPlans.plan(.optimizer("sums \(squares)", count: count, inPlace: false)) {
          let source = SumKernel(squares: squares, count: count, profile: profile)
          return try kernel(.generated(name: "sumEach", text: source.text), "many")
        }
      }
    }
  }

  /// One tensor's operands and the axes in which they are walked.
  private struct EachTensor {
    let from: [Operand]
    let to: [Operand]
    /// Of the output first, then of the inputs.
    let axes: CollapsedAxes

    init(from: [Operand], to: [Operand]) {
      self.from = from
      self.to = to
      axes = CollapsedAxes(shape: to[0].shape, layouts: [Layout(to[0].shape)] + from.map(\.layout))
    }

    private func isPlain(_ k: Int) -> Bool { from[k].layout.offset == 0 && from[k].layout.isContiguous }
    private func isSingle(_ k: Int) -> Bool {
      axes.sizes.indices.allSatisfy { axes.sizes[$0] == 1 || axes.strides[k + 1][$0] == 0 }
    }

    /// How input `k` can be read in all tensors.
    static func reading(of k: Int, in tensors: [EachTensor]) -> EachKernel.Reading {
      if tensors.allSatisfy({ $0.isPlain(k) }) { return .plain }
      if tensors.allSatisfy({ $0.isSingle(k) }) { return .single }
      let found = Set(tensors.map { $0.axes.access(k + 1, axis: $0.axes.rank - 1) })
      return .rows(found.count == 1 ? found[found.startIndex] : .strided)
    }

    /// The arguments that `EachKernel.numbers` names behind the number of elements.
    func numbers(_ readings: [EachKernel.Reading]) -> [Int] {
      let missing = max(0, 3 - axes.rank)
      let sizes = Array(repeating: 1, count: missing) + axes.sizes
      let hasRows = readings.contains { if case .rows = $0 { true } else { false } }
      var numbers = hasRows ? [sizes[1], sizes[2]] : []
      for (k, reading) in readings.enumerated() {
        let steps = Array(repeating: 0, count: missing) + axes.strides[k + 1]
        numbers += ([from[k].layout.offset] + steps).prefix(reading.numberCount)
      }
      return numbers
    }
  }
#endif
