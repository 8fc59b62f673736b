#if OpenCL
  import LatheCore

  extension OpenCLBackend {
    package func run(_ operation: LatheCore.Operation, inputs: [Operand], outputs: [Operand]) throws {
      try passDoubts(from: inputs, to: outputs)
      try perform(operation, inputs: inputs, outputs: outputs)
    }
  }
#endif
