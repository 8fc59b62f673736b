#if OpenCL
  import COpenCL
  import LatheCore

  extension OpenCLBackend {
    /// Into how many slices of k a product is cut ("split-K"): results with too few tiles for the device, summed over
    /// many elements, such as the gradient of a small weight over a large batch; 1 where it is done as a whole.
    func sliceCount(_ p: MatrixOperands) -> Int {
      guard p.batch.count == 1 else { return 1 }
      let (rows, columns, shortest) = profile == .gpu ? (64, 64, 256) : (12, 32, 2048)
      let tiles = ceilingDivide(p.m, rows) * ceilingDivide(p.n, columns)
      return max(1, min(2 * info.computeUnits / tiles, p.k / shortest, 64))
    }

    /// Computes the slices as a batch of products, a shorter one for what is left, and adds them in order.
    func multiplyInSlices(_ p: MatrixOperands, _ slices: Int, into c: cl_mem, at first: Int) throws {
      // Whole blocks of k, so that reads of vectors stay aligned.
      let depth = roundedUp(ceilingDivide(p.k, slices), to: 64)
      let (whole, rest) = p.k.quotientAndRemainder(dividingBy: depth)
      let count = p.m * p.n
      let total = whole + (rest > 0 ? 1 : 0)
      let partial = try pool.allocate(total * count * 4)
      var part = p
      part.k = depth
      part.hasBias = false
      part.relu = false
      part.batch = BatchAxes(count: whole, a: depth * p.aStep, b: depth * p.bRow)
      try multiply(part, into: partial.memory, at: 0)
      if rest > 0 {
        part.k = rest
        part.batch = BatchAxes(count: 1, a: 0, b: 0)
        part.aOffset += whole * depth * p.aStep
        part.bOffset += whole * depth * p.bRow
        try multiply(part, into: partial.memory, at: whole * count)
      }
      try addSlices(
        partial.memory, slices: total, count: count, into: c, at: first, bias: p.hasBias ? p.bias : nil,
        columns: p.n, relu: p.relu)
    }
  }
#endif
