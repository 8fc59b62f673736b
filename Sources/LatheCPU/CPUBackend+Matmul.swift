import LatheCore

extension CPUBackend {
  func matmul(_ product: MatrixMultiplication, inputs: [Operand], outputs: [Operand]) throws {
    throw LatheError.unsupported("matmul")
  }
}
