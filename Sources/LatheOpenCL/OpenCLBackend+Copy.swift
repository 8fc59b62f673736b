#if OpenCL
  import LatheCore

  extension OpenCLBackend {
    func copy(inputs: [Operand], outputs: [Operand]) throws {
      throw LatheError.unsupported("copy")
    }
  }
#endif
