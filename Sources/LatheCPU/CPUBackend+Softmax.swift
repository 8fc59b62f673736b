import LatheCore

extension CPUBackend {
  func softmax(rows: Int, columns: Int, logarithm: Bool, inputs: [Operand], outputs: [Operand]) throws {
    throw LatheError.unsupported("softmax")
  }
  func softmaxBackward(rows: Int, columns: Int, logarithm: Bool, inputs: [Operand], outputs: [Operand]) throws {
    throw LatheError.unsupported("softmaxBackward")
  }
  func crossEntropy(_ loss: CrossEntropy, inputs: [Operand], outputs: [Operand]) throws {
    throw LatheError.unsupported("crossEntropy")
  }
  func crossEntropyBackward(_ loss: CrossEntropy, inputs: [Operand], outputs: [Operand]) throws {
    throw LatheError.unsupported("crossEntropyBackward")
  }
}
