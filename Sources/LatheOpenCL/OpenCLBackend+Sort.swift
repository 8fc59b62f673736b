#if OpenCL
  import LatheCore

  extension OpenCLBackend {
    func sort(rows: Int, count: Int, descending: Bool, inputs: [Operand], outputs: [Operand]) throws {
      throw LatheError.unsupported("sort")
    }
  }
#endif
