import CPUKernels
import LatheCore

extension CPUBackend {
  /// A batch of matrix products in float64: by the BLAS where there is one and they are large, else by the kernel of
  /// kernels/cpu.
  func float64Product(_ product: MatrixMultiplication, inputs: [Operand], outputs: [Operand]) {
    let (a, b) = (inputs[0].layout, inputs[1].layout)
    let axes = a.rank - 2
    let batch = BatchOffsets(a, b, axes: axes)
    let gemm = lathe_gemm_f64(
      m: product.m, n: product.n, k: product.k, a: inputs[0].pointer(as: Double.self), a_row: a.strides[axes],
      a_column: a.strides[axes + 1], b: inputs[1].pointer(as: Double.self), b_row: b.strides[axes],
      b_column: b.strides[axes + 1], c: outputs[0].pointer(as: Double.self), c_row: product.n,
      bias: product.hasBias ? UnsafePointer(inputs[2].pointer(as: Double.self)) : nil,
      relu: product.activation == .relu)
    if gemm.m == 0 || gemm.n == 0 || batch.count == 0 { return }
    if gemm.m * gemm.n * gemm.k >= Self.leastForBLAS, let dgemm = BLASLibrary.shared?.dgemm {
      for i in 0..<batch.count where !Self.runBLAS(Self.matrix(i, of: gemm, batch), dgemm) {
        Self.runBuiltIn(gemm, batch, i..<i + 1)
      }
      return
    }
    Self.runBuiltIn(gemm, batch, 0..<batch.count)
  }

  /// Multiplications from which the BLAS is used.
  private static let leastForBLAS = 1 << 22
  /// Rows that share a packed panel of B.
  private static let rowsInBlock = 128

  private static func matrix(_ index: Int, of gemm: lathe_gemm_f64, _ batch: BatchOffsets) -> lathe_gemm_f64 {
    let (a, b) = batch.offsets(index)
    var result = gemm
    result.a += a
    result.b += b
    result.c += index * gemm.m * gemm.n
    return result
  }

  private static func runBuiltIn(_ gemm: lathe_gemm_f64, _ batch: BatchOffsets, _ matrices: Range<Int>) {
    let columns = Int(LATHE_GEMM_F64_COLUMNS)
    let panels = (gemm.n + columns - 1) / columns
    let blocks = (gemm.m + rowsInBlock - 1) / rowsInBlock
    let work = min(gemm.m, rowsInBlock) * columns * max(gemm.k, 1)
    ThreadPool.shared.parallelFor(
      matrices.count * blocks * panels, grain: max(1, MatrixProduct.leastForThread / work)
    ) { range in
      for i in range {
        let (part, panel) = i.quotientAndRemainder(dividingBy: panels)
        let (index, block) = part.quotientAndRemainder(dividingBy: blocks)
        let first = block * rowsInBlock
        withUnsafePointer(to: matrix(matrices.lowerBound + index, of: gemm, batch)) {
          lathe_gemm_f64_run($0, first, min(first + rowsInBlock, gemm.m), panel)
        }
      }
    }
    guard gemm.bias != nil || gemm.relu else { return }
    for i in matrices {
      withUnsafePointer(to: matrix(i, of: gemm, batch)) { lathe_gemm_f64_finish($0, 0, gemm.m) }
    }
  }

  /// False where a size does not fit the BLAS' integers.
  private static func runBLAS(_ gemm: lathe_gemm_f64, _ dgemm: BLASLibrary.DGEMM) -> Bool {
    // A row or column stride of 1 says which way the matrix lies; that of an axis of size 1 says nothing.
    let aIsTransposed = gemm.k != 1 && gemm.a_column != 1
    let bIsTransposed = gemm.n != 1 && gemm.b_column != 1
    let lda = aIsTransposed ? max(gemm.a_column, gemm.m) : max(gemm.a_row, gemm.k)
    let ldb = bIsTransposed ? max(gemm.b_column, gemm.k) : max(gemm.b_row, gemm.n)
    guard let m = Int32(exactly: gemm.m), let n = Int32(exactly: gemm.n), let k = Int32(exactly: gemm.k),
      let lda = Int32(exactly: lda), let ldb = Int32(exactly: ldb), let ldc = Int32(exactly: gemm.c_row)
    else { return false }
    dgemm(
      BLASLibrary.rowMajor, aIsTransposed ? BLASLibrary.transposed : BLASLibrary.notTransposed,
      bIsTransposed ? BLASLibrary.transposed : BLASLibrary.notTransposed, m, n, k, 1, gemm.a, lda, gemm.b,
      ldb, 0, gemm.c, ldc)
    withUnsafePointer(to: gemm) { lathe_gemm_f64_finish($0, 0, gemm.m) }
    return true
  }
}
