import LatheCore

extension CPUBackend {
  /// Runs an operation of 16-bit operands that a device leaves to the CPU: in float32, and rounded.
  package func runWidened(_ operation: Operation, inputs: [Operand], outputs: [Operand]) throws {
    let wide = try inputs.map { operand in
      guard operand.dtype.isHalf else { return operand }
      let result = try newOperand(operand.shape)
      try convert(operand, to: result)
      return result
    }
    let results = try outputs.map { $0.dtype.isHalf ? try newOperand($0.shape) : $0 }
    try run(operation, inputs: wide, outputs: results)
    for (result, output) in zip(results, outputs) where output.dtype.isHalf {
      try convert(result, to: output)
    }
  }

  private func newOperand(_ shape: Shape) throws -> Operand {
    Operand(
      buffer: try allocate(byteCount: shape.elementCount * 4), layout: Layout(shape), dtype: .float32)
  }

  private func convert(_ operand: Operand, to result: Operand) throws {
    guard result.elementCount > 0 else { return }
    let program = ElementwiseProgram(
      inputs: [operand.dtype], scalars: [], instructions: [],
      outputs: [.init(register: 0, dtype: result.dtype)])
    try elementwise(program, [], inputs: [operand], outputs: [result])
  }
}
