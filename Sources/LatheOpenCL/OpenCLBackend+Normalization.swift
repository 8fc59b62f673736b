#if OpenCL
  import COpenCL
  import LatheCore

  extension OpenCLBackend {
    func layerNorm(
      rows: Int, columns: Int, epsilon: Float, affine: Bool, inputs: [Operand], outputs: [Operand]
    ) throws {
      guard rows > 0 else { return }
      try launchRows(
        rowKernel("layer_norm.cl", "layer_norm", "AFFINE", affine),
        (inputs + outputs).map { .memory($0.memory) }, rows: rows, columns: columns, [.float(epsilon)])
    }

    func layerNormBackward(
      rows: Int, columns: Int, affine: Bool, inputs: [Operand], outputs: [Operand]
    ) throws {
      guard columns > 0 else { return }
      if rows > 0 {
        try launchRows(
          rowKernel("layer_norm.cl", "layer_norm_backward", "AFFINE", affine),
          (inputs + outputs.prefix(1)).map { .memory($0.memory) }, rows: rows, columns: columns)
      }
      guard affine else { return }
      // At most 32 slices, which depend on the sizes alone so that the sums are the same in every run.
      let slices = rows == 0 ? 0 : max(1, min(32, rows / 16))
      let perSlice = ceilingDivide(rows, max(1, slices))
      let used = rows == 0 ? 0 : ceilingDivide(rows, perSlice)
      let partial = try pool.allocate(max(1, used) * 2 * columns * 4)
      if used > 0 {
        let lanes = profile.vectorWidth
        try launch(
          rowKernel("layer_norm.cl", "parameter_sums", "AFFINE", affine),
          inputs.prefix(4).map { .memory($0.memory) }
            + [.memory(partial.memory), .int(rows), .int(columns), .int(perSlice)],
          global: (ceilingDivide(columns, lanes), used, 1), local: (profile == .gpu ? 16 : 1, 1, 1))
      }
      try launch(
        rowKernel("layer_norm.cl", "add_slices", "AFFINE", affine),
        [
          .memory(partial.memory), .memory(outputs[1].memory), .memory(outputs[2].memory), .int(columns),
          .int(used),
        ],
        global: (columns, 1, 1), local: (64, 1, 1))
    }
  }
#endif
