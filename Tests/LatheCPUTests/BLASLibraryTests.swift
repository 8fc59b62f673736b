import LatheCPU
import Testing

@Suite struct BLASLibraryTests {
  @Test(.enabled(if: BLASLibrary.shared != nil)) func multipliesMatrices() throws {
    let blas = try #require(BLASLibrary.shared)
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
}
