#if OpenCL
  import COpenCL
  import LatheCore

  extension OpenCLBackend {
    package func adam(_ step: AdamStep, count: Int, inputs: [Operand], outputs: [Operand]) throws {
      let statements = """
        g += l2 * p;
        m = beta1 * m + rest1 * g;
        v = beta2 * v + rest2 * g * g;
        p = p * keep - step * m / (sqrt(v) / correction + epsilon);
        """
      var scalars = [
        ("l2", step.weightDecay), ("beta1", step.beta1), ("rest1", 1 - step.beta1), ("beta2", step.beta2),
        ("rest2", 1 - step.beta2), ("keep", 1 - step.learningRate * step.decoupledDecay),
        ("epsilon", step.epsilon),
      ]
      if !step.isJudged { scalars += [("step", step.stepSize), ("correction", step.correction2)] }
      try update(
        "adam", reads: ["p", "g", "m", "v"], writes: ["p", "m", "v"], scalars: scalars,
        judged: step.isJudged ? ["step", "correction"] : nil, statements: statements, count: count,
        inputs: inputs, outputs: outputs)
    }

    package func sgd(_ step: SGDStep, count: Int, inputs: [Operand], outputs: [Operand]) throws {
      guard step.momentum != 0 else {
        return try update(
          "sgd", reads: ["p", "g"], writes: ["p"],
          scalars: [("l2", step.weightDecay), ("rate", step.learningRate)], judged: step.isJudged ? [] : nil,
          statements: "g += l2 * p; p -= rate * g;", count: count, inputs: inputs, outputs: outputs)
      }
      // In the first step the velocity is the gradient, whatever its buffer holds.
      let later = "momentum * v + rest * g"
      let velocity =
        step.isJudged ? "v = is_first != 0.0f ? g : \(later);" : step.isFirst ? "v = g;" : "v = \(later);"
      let direction = step.nesterov ? "g + momentum * v" : "v"
      try update(
        "sgd \(step.isFirst && !step.isJudged) \(step.nesterov)", reads: ["p", "g", "v"], writes: ["p", "v"],
        scalars: [
          ("l2", step.weightDecay), ("rate", step.learningRate), ("momentum", step.momentum),
          ("rest", 1 - step.dampening),
        ], judged: step.isJudged ? ["is_first"] : nil,
        statements: "g += l2 * p; \(velocity) p -= rate * (\(direction));", count: count, inputs: inputs,
        outputs: outputs)
    }

    /// Updates `count` tensors.
    ///
    /// - Parameters:
    ///   - reads: The operands of a tensor that are read, such as `p g m v`.
    ///   - writes: Those that are written; each is read too.
    ///   - judged: Where a verdict stands behind the inputs: the names of its numbers behind the first.
    ///   - statements: What happens to vectors (or scalars) of these names.
    private func update(
      _ name: String, reads: [String], writes: [String], scalars: [(name: String, value: Float)],
      judged: [String]?, statements: String,
      count: Int, inputs: [Operand], outputs: [Operand]
    ) throws {
      let tensors = (0..<count).filter { inputs[$0 * reads.count].elementCount > 0 }
      let inPlace = tensors.allSatisfy { tensor in
        writes.indices.allSatisfy { index in
          guard let read = reads.firstIndex(of: writes[index]) else { return false }
          return outputs[tensor * writes.count + index].memory == inputs[tensor * reads.count + read].memory
        }
      }
      let arguments = tensors.flatMap { tensor in
        let size = inputs[tensor * reads.count].elementCount
        var operands = Array(inputs[tensor * reads.count..<(tensor + 1) * reads.count])
        if !inPlace { operands += outputs[tensor * writes.count..<(tensor + 1) * writes.count] }
        return elementParts(size).map { part in
          TensorArguments(
            arguments: operands.map { .memory($0.memory) } + [.long(part.start), .int(part.count)],
            blocks: part.blocks)
        }
      }
      let targets =
        inPlace ? [] : writes.map { ManyTensorsSource.Pointer(name: "\($0)_to", isConstant: false) }
      let pointers =
        reads.map {
          ManyTensorsSource.Pointer(name: "\($0)_from", isConstant: !inPlace || !writes.contains($0))
        } + targets
      try launchMany(
        arguments, most: ManyTensorsSource.mostTensors(pointers: pointers.count, numbers: 1, hasParts: true),
        shared: (judged == nil ? [] : [.memory(inputs[count * reads.count].memory)])
          + scalars.map { .float($0.value) }
      ) { count in
        try layerPlans.plan(
          .optimizer(judged == nil ? name : name + " judged", count: count, inPlace: inPlace)
        ) {
          let numbers = (judged.map { ["is_made"] + $0 } ?? []).enumerated()
            .map { "const float \($0.element) = verdict[\($0.offset)];\n" }.joined()
          let body =
            numbers
            + ManyTensorsSource.loop(profile) { width in
              let type = width == 1 ? "float" : "float\(width)"
              let loads = reads.map {
                "\(type) \($0) = \(ManyTensorsSource.load("\($0)_from", profile, width: width));"
              }
              let stores = writes.map {
                ManyTensorsSource.store($0, to: "\($0)_\(inPlace ? "from" : "to")", profile, width: width)
              }
              guard judged != nil else { return (loads + [statements] + stores).joined(separator: "\n") }
              let before = writes.map { "const \(type) \($0)_before = \($0);" }
              let chosen = writes.map { "\($0) = is_made != 0.0f ? \($0) : \($0)_before;" }
              return (loads + before + [statements] + chosen + stores).joined(separator: "\n")
            }
          let source = ManyTensorsSource(
            pointers: pointers, numbers: [("int", "n")],
            shared: (judged == nil ? [] : ["__global const float *verdict"])
              + scalars.map { "const float \($0.name)" },
            body: body, count: count, profile: profile, hasParts: true)
          return try kernel(.generated(name: name, text: source.text), "many")
        }
      }
    }
  }
#endif
