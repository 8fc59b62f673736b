import CPUKernels
import LatheCPU
import Testing

@Suite struct BLASLibraryTests {
  @Test(.enabled(if: BLASLibrary.search() != nil)) func multipliesMatrices() throws {
    let blas = try #require(BLASLibrary.search())
    #expect(blas.threadCount >= 1)
    let a: [Float] = [1, 2, 3, 4, 5, 6]
    let b: [Float] = [1, 0, 2, 1, 1, 3]
    var c = [Float](repeating: 0, count: 4)
    blas.sgemm(
      BLASLibrary.rowMajor, BLASLibrary.notTransposed, BLASLibrary.notTransposed, 2, 2, 3, 1, a, 3, b, 2, 0,
      &c,
      2)
    #expect(c == [8, 11, 20, 23])
  }

  /// How a product describes its operands to the BLAS: either way round, rows further apart than they are long, with
  /// bias and relu.
  @Test(.enabled(if: BLASLibrary.search() != nil), arguments: [false, true], [false, true])
  func readsOperandsAsTheyLie(aIsTransposed: Bool, bIsTransposed: Bool) throws {
    let blas = try #require(BLASLibrary.search())
    let (m, n, k) = (5, 7, 3)
    let a = (0..<100).map { Float($0 * 7 % 11) - 5 }
    let b = (0..<100).map { Float($0 * 5 % 13) - 6 }
    let bias = (0..<n).map { Float($0) - 3 }
    let (aRow, aColumn) = aIsTransposed ? (1, m + 2) : (k + 2, 1)
    let (bRow, bColumn) = bIsTransposed ? (1, k + 1) : (n + 1, 1)
    var c = [Float](repeating: .nan, count: m * n)
    let isDone = a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        bias.withUnsafeBufferPointer { bias in
          c.withUnsafeMutableBufferPointer { c in
            MatrixProduct.runBLAS(
              lathe_gemm(
                m: m, n: n, k: k, a: a.baseAddress, a_row: aRow, a_column: aColumn, b: b.baseAddress,
                b_row: bRow, b_column: bColumn, c: c.baseAddress, c_row: n, bias: bias.baseAddress, relu: true
              ),
              blas)
          }
        }
      }
    }
    #expect(isDone)
    for i in 0..<m {
      for j in 0..<n {
        let sum = (0..<k).reduce(bias[j]) { $0 + a[i * aRow + $1 * aColumn] * b[$1 * bRow + j * bColumn] }
        #expect(c[i * n + j] == max(sum, 0))
      }
    }
  }
}
