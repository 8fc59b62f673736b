#if OpenCL
  import COpenCL
  import LatheCore

  extension OpenCLBackend {
    package func layerNorm(
      rows: Int, columns: Int, epsilon: Float, affine: Bool, inputs: [Operand], outputs: [Operand]
    ) throws {
      guard rows > 0 else { return }
      try launchRows(
        "layer_norm.cl", "layer_norm", "AFFINE", affine, (inputs + outputs).map { .memory($0.memory) },
        rows: rows, columns: columns, streams: streams(rows: rows, columns: columns), [.float(epsilon)])
    }

    package func rmsNorm(
      rows: Int, columns: Int, epsilon: Float, weighted: Bool, inputs: [Operand], outputs: [Operand]
    ) throws {
      guard outputs[0].elementCount > 0 else { return }
      try launchRows(
        "rms_norm.cl", "rms_norm", "WEIGHTED", weighted, (inputs + outputs).map { .memory($0.memory) },
        rows: rows, columns: columns, streams: streams(rows: rows, columns: columns), [.float(epsilon)])
    }

    package func layerNormBackward(
      rows: Int, columns: Int, affine: Bool, inputs: [Operand], outputs: [Operand]
    ) throws {
      guard columns > 0 else { return }
      // A CPU sums the parameters' gradients on the way; a GPU in slices, in a kernel of its own. Their number
      // depends on the sizes and the device alone, so that the sums are the same in every run.
      let sumsOnTheWay = affine && profile == .cpu
      let lanes = alignedLanes(columns)
      let wanted = ceilingDivide(2 * info.computeUnits, ceilingDivide(columns, 32 * lanes))
      let slices = rows == 0 ? 0 : max(1, min(64, wanted, rows / 64), rows / 65536)
      let perSlice =
        sumsOnTheWay
        ? rowsPerGroup(rows: rows, columns: columns) : ceilingDivide(rows, max(1, slices))
      let parts = profile == .cpu ? 6 : 4
      let used = rows == 0 ? 0 : ceilingDivide(rows, perSlice)
      let partial = affine ? try pool.allocate(max(1, used) * parts * columns * 4) : nil
      if rows > 0 {
        var operands = (inputs + outputs.prefix(1)).map { KernelArgument.memory($0.memory) }
        if sumsOnTheWay, let partial { operands.append(.memory(partial.memory)) }
        try launchRows(
          "layer_norm.cl", "layer_norm_backward", "AFFINE", affine, operands, rows: rows, columns: columns,
          streams: streams(rows: rows, columns: columns))
      }
      guard let partial else { return }
      if used > 0 && !sumsOnTheWay {
        try launch(
          rowKernel("layer_norm.cl", "parameter_sums", "AFFINE", affine, columns: columns),
          inputs.prefix(4).map { .memory($0.memory) }
            + [.memory(partial.memory), .int(rows), .int(columns), .int(perSlice)],
          global: (ceilingDivide(columns, lanes), used * 8, 1), local: (32, 8, 1))
      }
      try launch(
        rowKernel("layer_norm.cl", "add_slices", "AFFINE", affine, columns: columns),
        [
          .memory(partial.memory), .memory(outputs[1].memory), .memory(outputs[2].memory), .int(columns),
          .int(used),
        ],
        global: (2 * columns, 1, 1), local: (64, 1, 1))
    }
  }
#endif
