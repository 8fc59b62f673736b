import CPUKernels

extension MatrixProduct {
  /// The shortest slice of k that is worth a thread.
  private static let shortestSlice = 4096

  /// Into how many slices of k a product is cut ("split-K"): results with fewer tiles than there are threads, summed
  /// over many elements, such as the gradient of a small weight over a large batch; 1 where it is done as a whole.
  static func sliceCount(_ gemm: lathe_gemm) -> Int {
    let columns = lathe_gemm_panel_columns()
    let tiles = lathe_gemm_tiles(gemm.m) * ((gemm.n + columns - 1) / columns)
    let threads = ThreadPool.shared.threadCount
    return tiles < threads ? max(1, min(threads, gemm.k / shortestSlice)) : 1
  }

  /// Computes the slices, each on one thread, and adds them in order.
  static func runInSlices(_ gemm: lathe_gemm, _ slices: Int) {
    let count = gemm.m * gemm.n
    withUnsafeTemporaryAllocation(of: Float.self, capacity: slices * count) { memory in
      guard let partial = memory.baseAddress else { return }
      ThreadPool.shared.parallelFor(slices, grain: 1) { range in
        for slice in range {
          let first = gemm.k * slice / slices
          var part = gemm
          part.k = gemm.k * (slice + 1) / slices - first
          part.a += first * gemm.a_column
          part.b += first * gemm.b_row
          part.c = partial + slice * count
          part.c_row = gemm.n
          part.bias = nil
          part.relu = false
          lathe_gemm_all(&part)
        }
      }
      for row in 0..<gemm.m {
        let (from, to) = (partial + row * gemm.n, gemm.c + row * gemm.c_row)
        for column in 0..<gemm.n {
          var sum = from[column]
          for slice in 1..<slices { sum += from[slice * count + column] }
          to[column] = sum
        }
        if gemm.bias != nil || gemm.relu { lathe_bias_activation(to, 1, gemm.n, gemm.bias, gemm.relu) }
      }
    }
  }
}
