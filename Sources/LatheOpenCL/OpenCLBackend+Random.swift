#if OpenCL
  import LatheCore

  extension OpenCLBackend {
    package func random(
      _ distribution: RandomDistribution, key: RandomKey, inputs: [Operand], outputs: [Operand]
    )
      throws
    {
      switch distribution {
      case .uniform(let low, let high):
        let ends = UniformInterval(low: low, high: high)
        try draw(
          0, ends.low, ends.width, scale: ends.scale, limit: ends.limit, key: key, from: outputs[0],
          to: outputs[0])
      case .normal(let mean, let deviation):
        try draw(1, mean, deviation, key: key, from: outputs[0], to: outputs[0])
      case .bernoulli(let probability):
        try draw(2, probability, 0, key: key, from: outputs[0], to: outputs[0])
      }
    }

    package func dropout(probability: Float, key: RandomKey, inputs: [Operand], outputs: [Operand]) throws {
      try draw(3, probability, 1 - probability, key: key, from: inputs[0], to: outputs[0])
    }

    /// Starts random.cl; `a`, `b`, `scale` and `limit` are the distribution's numbers as that file says.
    private func draw(
      _ distribution: Int, _ a: Float, _ b: Float, scale: Float = 1, limit: Float = 0, key: RandomKey,
      from: Operand, to: Operand
    ) throws {
      let count = to.elementCount
      guard count > 0 else { return }
      let kernel = try kernel(.file("random.cl"), "random_numbers", ["DISTRIBUTION": .int(distribution)])
      let blockCount = (count + 3) / 4
      let (groups, perItem) =
        profile == .cpu ? blocks(of: blockCount, least: 1024) : (gpuGroups(blockCount), 0)
      let local = profile == .cpu ? 1 : 256
      try launch(
        kernel,
        [
          .memory(from.memory), .memory(to.memory), .long(count), .uint64(key.offset),
          .uint32(UInt32(truncatingIfNeeded: key.seed)), .uint32(UInt32(truncatingIfNeeded: key.seed >> 32)),
          .float(a), .float(b), .float(scale), .float(limit), .long(perItem),
        ], global: (groups * local, 1, 1), local: (local, 1, 1))
    }
  }
#endif
