import LatheCore

extension CPUBackend {
  func copy(inputs: [Operand], outputs: [Operand]) throws {
    throw LatheError.unsupported("copy")
  }
}
