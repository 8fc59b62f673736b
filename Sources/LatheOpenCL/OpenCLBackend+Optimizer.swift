#if OpenCL
  import COpenCL
  import LatheCore

  extension OpenCLBackend {
    func adam(_ step: AdamStep, count: Int, inputs: [Operand], outputs: [Operand]) throws {
      let statements = """
        g += l2 * p;
        m = beta1 * m + rest1 * g;
        v = beta2 * v + rest2 * g * g;
        p = p * keep - step * m / (sqrt(v) / correction + epsilon);
        """
      try update(
        "adam", reads: ["p", "g", "m", "v"], writes: ["p", "m", "v"],
        scalars: [
          ("l2", step.weightDecay), ("beta1", step.beta1), ("rest1", 1 - step.beta1), ("beta2", step.beta2),
          ("rest2", 1 - step.beta2), ("keep", 1 - step.learningRate * step.decoupledDecay),
          ("step", step.stepSize),
          ("correction", step.correction2), ("epsilon", step.epsilon),
        ], statements: statements, count: count, inputs: inputs, outputs: outputs)
    }

    func sgd(_ step: SGDStep, count: Int, inputs: [Operand], outputs: [Operand]) throws {
      guard step.momentum != 0 else {
        return try update(
          "sgd", reads: ["p", "g"], writes: ["p"],
          scalars: [("l2", step.weightDecay), ("rate", step.learningRate)],
          statements: "g += l2 * p; p -= rate * g;", count: count, inputs: inputs, outputs: outputs)
      }
      // In the first step the velocity is the gradient, whatever its buffer holds.
      let velocity = step.isFirst ? "v = g;" : "v = momentum * v + rest * g;"
      let direction = step.nesterov ? "g + momentum * v" : "v"
      try update(
        "sgd \(step.isFirst) \(step.nesterov)", reads: ["p", "g", "v"], writes: ["p", "v"],
        scalars: [
          ("l2", step.weightDecay), ("rate", step.learningRate), ("momentum", step.momentum),
          ("rest", 1 - step.dampening),
        ], statements: "g += l2 * p; \(velocity) p -= rate * (\(direction));", count: count, inputs: inputs,
        outputs: outputs)
    }

    /// Updates `count` tensors, up to 16 in a launch.
    private func update(
      _ name: String, reads: [String], writes: [String], scalars: [(name: String, value: Float)],
      statements: String,
      count: Int, inputs: [Operand], outputs: [Operand]
    ) throws {
      let block = OptimizerSource.block(profile)
      let items = OptimizerSource.items(profile)
      let tensors = (0..<count).filter { inputs[$0 * reads.count].elementCount > 0 }
      let most = OptimizerSource.mostTensors(pointers: reads.count + writes.count)
      for start in stride(from: 0, to: tensors.count, by: most) {
        let part = tensors[start..<min(start + most, tensors.count)]
        let inPlace = part.allSatisfy { tensor in
          writes.indices.allSatisfy { index in
            guard let read = reads.firstIndex(of: writes[index]) else { return false }
            return outputs[tensor * writes.count + index].memory == inputs[tensor * reads.count + read].memory
          }
        }
        let kernel = try layerPlans.plan(.optimizer(name, count: part.count, inPlace: inPlace)) {
          let source = OptimizerSource(
            reads: reads, writes: writes, scalars: scalars.map(\.name), update: statements, count: part.count,
            inPlace: inPlace, profile: profile)
          return try self.kernel(.generated(name: name, text: source.text), "update")
        }
        var arguments: [KernelArgument] = []
        for tensor in part {
          for i in reads.indices { arguments.append(.memory(inputs[tensor * reads.count + i].memory)) }
          if inPlace { continue }
          for i in writes.indices { arguments.append(.memory(outputs[tensor * writes.count + i].memory)) }
        }
        var blocks = 0
        for tensor in part {
          let size = inputs[tensor * reads.count].elementCount
          guard size <= Int(Int32.max) - block else {
            throw LatheError.unsupported("\(name) of \(size) elements")
          }
          blocks += ceilingDivide(size, block)
          arguments.append(.int(blocks))
          arguments.append(.int(size))
        }
        for scalar in scalars { arguments.append(.float(scalar.value)) }
        try launch(kernel, arguments, global: (blocks * items, 1, 1), local: (items, 1, 1))
      }
    }
  }
#endif
