import LatheCore

extension CPUBackend {
  func convolution(_ sizes: Convolution2D, inputs: [Operand], outputs: [Operand]) throws {
    throw LatheError.unsupported("convolution")
  }
  func convolutionBackwardInput(_ sizes: Convolution2D, inputs: [Operand], outputs: [Operand]) throws {
    throw LatheError.unsupported("convolutionBackwardInput")
  }
  func convolutionBackwardFilter(_ sizes: Convolution2D, inputs: [Operand], outputs: [Operand]) throws {
    throw LatheError.unsupported("convolutionBackwardFilter")
  }
}
