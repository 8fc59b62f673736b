#if OpenCL
  import LatheCore

  extension OpenCLBackend {
    func argReduce(
      outer: Int, count: Int, inner: Int, largest: Bool, inputs: [Operand], outputs: [Operand]
    ) throws {
      throw LatheError.unsupported("argReduce")
    }

    func cumulativeSum(outer: Int, count: Int, inner: Int, inputs: [Operand], outputs: [Operand]) throws {
      throw LatheError.unsupported("cumulativeSum")
    }
  }
#endif
