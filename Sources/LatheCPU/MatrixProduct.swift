import CPUKernels

/// One matrix product on all threads: by the BLAS where that is faster, else by the kernel of kernels/cpu.
package enum MatrixProduct {
  /// Multiplications below which a product stays on the calling thread.
  static let largestOnOneThread = 1 << 18
  /// Multiplications that are worth handing to another thread.
  static let leastForThread = 1 << 16
  /// Multiplications, and rows and columns, from which the BLAS is used: below, its threads cost more than they save.
  private static let leastForBLAS = 1 << 28
  private static let leastSideForBLAS = 256
  /// Multiplications up to which threads share a product by its columns where they can.
  private static let largestInPanels = 1 << 22
  /// Tiles of rows that share the panels of B which a thread packs; 64 are 768 KB at the full depth.
  private static let tilesInBlock = 64
  /// Floats of A that are packed at a time.
  private static let packedLimit = 1 << 25
  /// Floats of B that are packed at a time for several blocks of rows.
  private static let panelLimit = 1 << 22

  /// Whether a BLAS, where there is one, is the faster.
  static func suitsBLAS(_ gemm: lathe_gemm) -> Bool {
    min(gemm.m, gemm.n) >= leastSideForBLAS && gemm.m * gemm.n * gemm.k >= leastForBLAS
  }

  /// Computes all of C.
  static func run(_ gemm: lathe_gemm) {
    let work = gemm.m * gemm.n * gemm.k
    if gemm.n == 1, gemm.m > 1, gemm.c_row == 1, gemm.bias == nil {
      // A matrix times a column is a row times the transposed matrix.
      run(
        lathe_gemm(
          m: 1, n: gemm.m, k: gemm.k, a: gemm.b, a_row: gemm.k, a_column: gemm.b_row, b: gemm.a,
          b_row: gemm.a_column, b_column: gemm.a_row, c: gemm.c, c_row: gemm.m, bias: nil, relu: gemm.relu))
      return
    }
    if gemm.m == 1 {
      withUnsafePointer(to: gemm) { gemm in
        let grain = max(128, leastForThread / max(gemm.pointee.k, 1) / 128 * 128)
        ThreadPool.shared.parallelFor(gemm.pointee.n, grain: grain) { range in
          lathe_gemv(gemm, range.lowerBound, range.upperBound)
        }
      }
      return
    }
    if suitsBLAS(gemm), let blas = BLASLibrary.shared {
      return inPairs(gemm) { if !runBLAS($0, blas) { runByRows($0) } }
    }
    if work <= largestOnOneThread { return runOnThisThread(gemm) }
    if suitsTransposing(gemm) { return runTransposed(gemm) }
    let slices = sliceCount(gemm)
    if slices > 1 { return runInSlices(gemm, slices) }
    inPairs(gemm) { runByRows($0) }
  }

  /// The built-in kernel, as many rows at a time as are packed.
  private static func runByRows(_ gemm: lathe_gemm) {
    let tileRows = lathe_gemm_tile_rows()
    let rows = max(packedLimit / max(gemm.k, 1) / tileRows, 1) * tileRows
    var part = gemm
    for start in stride(from: 0, to: gemm.m, by: rows) {
      part.m = min(rows, gemm.m - start)
      part.a = gemm.a + start * gemm.a_row
      part.c = gemm.c + start * gemm.c_row
      runBuiltIn(part)
    }
  }

  /// The built-in kernel, threads sharing the tiles of C.
  package static func runBuiltIn(_ gemm: lathe_gemm) {
    let pool = ThreadPool.shared
    let tiles = lathe_gemm_tiles(gemm.m)
    let panelColumns = lathe_gemm_panel_columns()
    let panels = (gemm.n + panelColumns - 1) / panelColumns
    withUnsafePointer(to: gemm) { gemm in
      let (m, k) = (gemm.pointee.m, gemm.pointee.k)
      var packed: UnsafeMutablePointer<Float>?
      if lathe_gemm_packs(gemm) {
        packed = lathe_workspace(LATHE_WORKSPACE_SHARED, lathe_gemm_packed_size(m, k))
        if packed == nil { return }
        pool.parallelFor(tiles, grain: max(1, 8192 / (lathe_gemm_tile_rows() * k))) { range in
          lathe_gemm_pack(
            gemm.pointee.a, gemm.pointee.a_row, gemm.pointee.a_column, m, k, packed, range.lowerBound,
            range.upperBound)
        }
      }
      // A block of rows stays in the L2 cache while the panels pass by.
      var blocks = (tiles + tilesInBlock - 1) / tilesInBlock
      // Parts enough to share evenly; in small products panels of its own for each thread, which then need not wait for what
      // another packs.
      let parts = m * gemm.pointee.n * k <= largestInPanels ? pool.threadCount : 4 * pool.threadCount
      if blocks * panels < parts { blocks = min(tiles, (parts + panels - 1) / panels) }
      let blockWork = (tiles + blocks - 1) / blocks * lathe_gemm_tile_rows() * panelColumns * k
      func run(_ shared: lathe_gemm_panels?, _ first: Int, _ count: Int) {
        pool.parallelFor(blocks * count, grain: max(1, leastForThread / blockWork)) { range in
          var next = range.lowerBound
          while next < range.upperBound {
            let (block, panel) = next.quotientAndRemainder(dividingBy: count)
            let last = min(count, panel + range.upperBound - next)
            withOptionalPointer(to: shared) {
              lathe_gemm_run(
                gemm, packed, $0, tiles * block / blocks, tiles * (block + 1) / blocks, first + panel,
                first + last)
            }
            next += last - panel
          }
        }
      }
      guard blocks > 1, lathe_gemm_uses_panels(gemm, tiles / blocks) else { return run(nil, 0, panels) }
      // Each panel is packed once for all blocks.
      let most = max(1, panelLimit / max(1, k * panelColumns))
      for first in stride(from: 0, to: panels, by: most) {
        let count = min(most, panels - first)
        guard let memory = lathe_workspace(LATHE_WORKSPACE_PANELS, lathe_gemm_panels_size(gemm, count))
        else { return }
        let shared = lathe_gemm_panels(memory: memory, first: first, count: count)
        pool.parallelFor(count, grain: max(1, 8192 / (panelColumns * max(k, 1)))) { range in
          withUnsafePointer(to: shared) {
            lathe_gemm_pack_columns(gemm, $0, range.lowerBound, range.upperBound)
          }
        }
        run(shared, first, count)
      }
    }
  }

  private static func withOptionalPointer<Value>(
    to value: Value?, _ body: (UnsafePointer<Value>?) -> Void
  ) {
    if let value { withUnsafePointer(to: value) { body($0) } } else { body(nil) }
  }

  /// The BLAS, then bias and activation; false where a size does not fit its integers.
  package static func runBLAS(_ gemm: lathe_gemm, _ blas: BLASLibrary) -> Bool {
    // A row or column stride of 1 says which way the matrix lies; that of an axis of size 1 says nothing.
    let aIsTransposed = gemm.k != 1 && gemm.a_column != 1
    let bIsTransposed = gemm.n != 1 && gemm.b_column != 1
    let lda = aIsTransposed ? max(gemm.a_column, gemm.m) : max(gemm.a_row, gemm.k)
    let ldb = bIsTransposed ? max(gemm.b_column, gemm.k) : max(gemm.b_row, gemm.n)
    guard let m = Int32(exactly: gemm.m), let n = Int32(exactly: gemm.n), let k = Int32(exactly: gemm.k),
      let lda = Int32(exactly: lda), let ldb = Int32(exactly: ldb), let ldc = Int32(exactly: gemm.c_row)
    else { return false }
    blas.sgemm(
      BLASLibrary.rowMajor, aIsTransposed ? BLASLibrary.transposed : BLASLibrary.notTransposed,
      bIsTransposed ? BLASLibrary.transposed : BLASLibrary.notTransposed, m, n, k, 1, gemm.a, lda, gemm.b,
      ldb, 0, gemm.c, ldc)
    if gemm.bias != nil || gemm.relu {
      ThreadPool.shared.parallelFor(gemm.m, grain: max(1, 32768 / gemm.n)) { range in
        for row in range {
          lathe_bias_activation(gemm.c + row * gemm.c_row, 1, gemm.n, gemm.bias, gemm.relu)
        }
      }
    }
    return true
  }
}
