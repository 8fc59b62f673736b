import LatheCore

extension CPUBackend {
  func layerNorm(rows: Int, columns: Int, epsilon: Float, affine: Bool, inputs: [Operand], outputs: [Operand]) throws {
    throw LatheError.unsupported("layerNorm")
  }
  func layerNormBackward(rows: Int, columns: Int, affine: Bool, inputs: [Operand], outputs: [Operand]) throws {
    throw LatheError.unsupported("layerNormBackward")
  }
}
