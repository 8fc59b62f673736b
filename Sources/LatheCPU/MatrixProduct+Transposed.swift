import CPUKernels

/// Products of few rows with a matrix that lies by columns, such as a layer's weights: A B = (B^T A^T)^T. B^T is read as it
/// lies, where packing it for a few rows takes as long as multiplying; A^T is small, and so is what has to be transposed back.
extension MatrixProduct {
  /// Rows of A with which packing B is a small part of the work.
  private static let mostRowsForTransposing = 96
  /// Rows of B^T whose results are transposed together: they stay in the L1 cache.
  private static let rowsInStrip = 48
  /// Floats whose packing is worth handing to another thread.
  private static let leastToPack = 4096

  static func suitsTransposing(_ gemm: lathe_gemm) -> Bool {
    gemm.b_row == 1 && gemm.b_column >= gemm.k && gemm.a_column == 1 && gemm.n >= 4 * gemm.m
      && (2...mostRowsForTransposing).contains(gemm.m) && gemm.k >= 32
  }

  static func runTransposed(_ gemm: lathe_gemm) {
    var product = lathe_gemm(
      m: gemm.n, n: gemm.m, k: gemm.k, a: gemm.b, a_row: gemm.b_column, a_column: 1, b: gemm.a, b_row: 1,
      b_column: gemm.a_row, c: nil, c_row: 0, bias: nil, relu: false)
    let width = lathe_gemm_panel_columns()
    if lathe_gemm_packs(&product) {
      // A narrow last panel asks for a packed B^T: rows of zeros make it whole.
      product.n = (gemm.m + width - 1) / width * width
      guard let padded = lathe_workspace(LATHE_WORKSPACE_PADDED, product.n * gemm.k) else { return }
      for row in 0..<product.n {
        let to = padded + row * gemm.k
        if row < gemm.m, let from = gemm.a {
          to.update(from: from + row * gemm.a_row, count: gemm.k)
        } else {
          to.update(repeating: 0, count: gemm.k)
        }
      }
      product.b = UnsafePointer(padded)
      product.b_column = gemm.k
    }
    let panels = (product.n + width - 1) / width
    guard
      let memory = lathe_workspace(LATHE_WORKSPACE_PANELS, lathe_gemm_panels_size(&product, panels))
    else { return }
    let packed = lathe_gemm_panels(memory: memory, first: 0, count: panels)
    let (whole, pitch) = (product, product.n)
    withUnsafePointer(to: whole) { whole in
      let passes = lathe_gemm_passes(gemm.k)
      let grain = max(1, leastToPack * passes / (product.n * gemm.k))
      ThreadPool.shared.parallelFor(passes, grain: grain) { range in
        withUnsafePointer(to: packed) {
          for pass in range { lathe_gemm_pack_pass(whole, $0, pass, 0, panels) }
        }
      }
    }
    let strips = (gemm.n + rowsInStrip - 1) / rowsInStrip
    let work = rowsInStrip * pitch * gemm.k
    ThreadPool.shared.parallelFor(strips, grain: max(1, leastForThread / max(work, 1))) { range in
      guard let results = lathe_workspace(LATHE_WORKSPACE_PRIVATE, rowsInStrip * pitch) else { return }
      var part = whole
      part.c = results
      part.c_row = pitch
      for strip in range {
        let first = strip * rowsInStrip
        part.m = min(rowsInStrip, gemm.n - first)
        part.a = whole.a.map { $0 + first * whole.a_row }
        withUnsafePointer(to: packed) {
          lathe_gemm_run(&part, nil, $0, 0, lathe_gemm_tiles(part.m), 0, panels)
        }
        lathe_gemm_store_transposed(
          results, pitch, part.m, gemm.m, gemm.c.map { $0 + first }, gemm.c_row,
          gemm.bias.map { $0 + first }, gemm.relu)
      }
    }
  }
}
