import LatheCore

extension CPUBackend {
  func elementwise(_ program: ElementwiseProgram, _ scalars: [ScalarValue], inputs: [Operand], outputs: [Operand]) throws {
    throw LatheError.unsupported("elementwise")
  }
}
