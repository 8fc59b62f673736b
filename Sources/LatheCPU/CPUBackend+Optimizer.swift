import LatheCore

extension CPUBackend {
  func adam(_ step: AdamStep, count: Int, inputs: [Operand], outputs: [Operand]) throws {
    throw LatheError.unsupported("adam")
  }
  func sgd(_ step: SGDStep, count: Int, inputs: [Operand], outputs: [Operand]) throws {
    throw LatheError.unsupported("sgd")
  }
}
