#if OpenCL
  import LatheCore

  extension OpenCLBackend {
    func gather(outer: Int, count: Int, inner: Int, picked: Int, inputs: [Operand], outputs: [Operand]) throws
    {
      throw LatheError.unsupported("gather")
    }
    func scatterAdd(outer: Int, count: Int, inner: Int, picked: Int, inputs: [Operand], outputs: [Operand])
      throws
    {
      throw LatheError.unsupported("scatterAdd")
    }
  }
#endif
