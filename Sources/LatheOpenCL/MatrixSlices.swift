#if OpenCL
  import COpenCL
  import LatheCore

  extension OpenCLBackend {
    /// The longest k that kernels add up run by run; a sum in order over more loses digits.
    private static let longestInOrder = 1 << 14
    /// The same for gemv_gpu.cl with b along n: 16 work-items share a column.
    private static let longestOfFewRows = 1 << 11
    /// The most partial sums that are kept at a time.
    private static let mostPartialSums = 1 << 26

    /// Into how many slices of k a product is cut ("split-K"): results with too few tiles for the device, summed over
    /// many elements, such as the gradient of a small weight over a large batch, and sums that are long themselves; 1
    /// where it is done as a whole.
    private func sliceCount(_ p: MatrixOperands, _ parameters: KernelParameters?) -> Int {
      let (rows, columns) = profile == .gpu ? (64, 64) : (12, 32)
      let shortest = parameters?["SHORTEST"] ?? (profile == .gpu ? 256 : 2048)
      let wanted = (parameters?["TILES"] ?? 2) * info.computeUnits
      let tiles = ceilingDivide(p.m, rows) * ceilingDivide(p.n, columns)
      let few = p.batch.count == 1 ? max(1, min(wanted / tiles, p.k / shortest, 64)) : 1
      // These kernels add up any number of runs in pairs; slices of a row are no rows.
      if profile == .cpu, p.suitsDots || (p.isRow && few == 1) { return few }
      let isSkinny = profile == .gpu && p.isSkinny && p.bStep == 1
      return max(few, ceilingDivide(p.k, isSkinny ? Self.longestOfFewRows : Self.longestInOrder))
    }

    /// All products of the last three batch axes, over any k.
    func multiplyLong(_ p: MatrixOperands, into c: cl_mem, at first: Int) throws {
      try tunedOnGPUs(.splitGPU, TuningShape.product(m: p.m, n: p.n)) {
        try multiplyLong(p, sliceCount(p, $0), into: c, at: first)
      }
    }

    private func multiplyLong(_ p: MatrixOperands, _ slices: Int, into c: cl_mem, at first: Int) throws {
      if slices == 1 { return try multiply(p, into: c, at: first) }
      let size = p.m * p.n
      if slices * size * p.batch.count <= Self.mostPartialSums {
        return try multiplyInSlices(p, slices, into: c, at: first)
      }
      // One product after the other, then some rows after the others.
      var part = p
      part.batch = BatchAxes(count: 1, a: 0, b: 0)
      for index in 0..<p.batch.count {
        let (a, b) = p.batch.offsets(product: index)
        part.bOffset = p.bOffset + b
        let rows = max(1, Self.mostPartialSums / (slices * p.n))
        for row in stride(from: 0, to: p.m, by: rows) {
          part.m = min(rows, p.m - row)
          part.aOffset = p.aOffset + a + row * p.aRow
          try multiplyInSlices(part, slices, into: c, at: first + index * size + row * p.n)
        }
      }
    }

    /// Computes the slices as a batch of products, a shorter one for what is left, and adds them.
    private func multiplyInSlices(_ p: MatrixOperands, _ slices: Int, into c: cl_mem, at first: Int) throws {
      // Whole blocks of k, so that reads of vectors stay aligned.
      let depth = roundedUp(ceilingDivide(p.k, slices), to: 64)
      let (whole, rest) = p.k.quotientAndRemainder(dividingBy: depth)
      let count = p.m * p.n * p.batch.count
      let total = whole + (rest > 0 ? 1 : 0)
      let partial = try pool.allocate(total * count * 4)
      var part = p
      part.k = depth
      part.hasBias = false
      part.relu = false
      part.results = .float32
      part.batch = p.batch.behind(count: whole, a: depth * p.aStep, b: depth * p.bRow)
      for launch in 0..<part.batch.launches {
        let (a, b) = part.batch.offsets(launch: launch)
        part.aOffset = p.aOffset + a
        part.bOffset = p.bOffset + b
        try multiply(part, into: partial.memory, at: launch * part.batch.count * p.m * p.n)
      }
      if rest > 0 {
        part.k = rest
        part.batch = p.batch
        part.aOffset = p.aOffset + whole * depth * p.aStep
        part.bOffset = p.bOffset + whole * depth * p.bRow
        try multiply(part, into: partial.memory, at: whole * count)
      }
      try addSlices(
        partial.memory, slices: total, count: count, into: c, at: first, bias: p.hasBias ? p.bias : nil,
        columns: p.n, relu: p.relu, as: p.results)
    }
  }
#endif
