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
          var part = gemm.part(of: first..<gemm.k * (slice + 1) / slices)
          part.c = partial + slice * count
          part.c_row = gemm.n
          runOnThisThread(part)
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

  /// The longest k that is added up in order; the kernels add passes of 256 or so.
  private static let longestInOrder = 1 << 14
  /// Numbers of C that a half's sums are kept for at a time.
  private static let largestHalf = 1 << 24

  /// Computes all of C on the calling thread.
  static func runOnThisThread(_ gemm: lathe_gemm) {
    inPairs(gemm) { part in
      var part = part
      lathe_gemm_all(&part)
    }
  }

  /// Computes the halves of a long k apart, down to `longestInOrder`, and adds them: a sum in order over a million
  /// numbers has lost its third digit.
  static func inPairs(_ gemm: lathe_gemm, _ multiply: (lathe_gemm) -> Void) {
    // A single row is added up so by its kernel.
    guard gemm.k > longestInOrder, gemm.m > 1 else { return multiply(gemm) }
    let rows = min(gemm.m, max(2, largestHalf / gemm.n))
    withUnsafeTemporaryAllocation(of: Float.self, capacity: rows * gemm.n) { memory in
      guard let half = memory.baseAddress else { return }
      for start in stride(from: 0, to: gemm.m, by: rows) {
        var some = gemm
        some.m = min(rows, gemm.m - start)
        some.a += start * gemm.a_row
        some.c += start * gemm.c_row
        let middle = gemm.k / 2
        inPairs(some.part(of: 0..<middle), multiply)
        var second = some.part(of: middle..<gemm.k)
        second.c = half
        second.c_row = gemm.n
        inPairs(second, multiply)
        ThreadPool.shared.parallelFor(some.m, grain: max(1, 32768 / gemm.n)) { range in
          let to = some.c + range.lowerBound * some.c_row
          lathe_add_rows(to, some.c_row, half + range.lowerBound * some.n, range.count, some.n)
          guard some.bias != nil || some.relu else { return }
          for row in range {
            lathe_bias_activation(some.c + row * some.c_row, 1, some.n, some.bias, some.relu)
          }
        }
      }
    }
  }
}

extension lathe_gemm {
  /// The product over a part of k, without bias and activation.
  fileprivate func part(of range: Range<Int>) -> lathe_gemm {
    var part = self
    part.k = range.count
    part.a += range.lowerBound * a_column
    part.b += range.lowerBound * b_row
    part.bias = nil
    part.relu = false
    return part
  }
}
