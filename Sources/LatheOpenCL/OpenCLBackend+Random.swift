#if OpenCL
  import LatheCore

  extension OpenCLBackend {
    func random(_ distribution: RandomDistribution, key: RandomKey, inputs: [Operand], outputs: [Operand])
      throws
    {
      throw LatheError.unsupported("random")
    }
    func dropout(probability: Float, key: RandomKey, inputs: [Operand], outputs: [Operand]) throws {
      throw LatheError.unsupported("dropout")
    }
  }
#endif
