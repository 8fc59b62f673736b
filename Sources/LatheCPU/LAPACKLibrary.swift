import Glibc
import LatheCore

/// A LAPACK found at run time, for factorizations in float64.
///
/// It is looked for as the library that `LATHE_BLAS` names (`none` for none), then as OpenBLAS and as the reference's
/// own. Where there is none, or it lacks a function, `DenseMatrix` has its own.
package final class LAPACKLibrary: @unchecked Sendable {
  // Unchecked: all members are immutable, and a LAPACK may be called from any thread.

  private typealias Size = UnsafeMutablePointer<Int32>
  private typealias Numbers = UnsafeMutablePointer<Double>
  private typealias Letter = UnsafePointer<CChar>
  private typealias POTRF = @convention(c) (Letter, Size, Numbers, Size, Size, Int) -> Void
  private typealias GETRF = @convention(c) (Size, Size, Numbers, Size, Size, Size) -> Void
  private typealias GEQRF = @convention(c) (Size, Size, Numbers, Size, Numbers, Numbers, Size, Size) -> Void
  private typealias ORGQR =
    @convention(c) (Size, Size, Size, Numbers, Size, Numbers, Numbers, Size, Size) -> Void
  private typealias SYEVD =
    @convention(c) (
      Letter, Letter, Size, Numbers, Size, Numbers, Numbers, Size, Size, Size, Size, Int, Int
    ) -> Void
  private typealias GESDD =
    @convention(c) (
      Letter, Size, Size, Numbers, Size, Numbers, Numbers, Size, Numbers, Size, Numbers, Size, Size, Size, Int
    ) -> Void

  private let potrf: POTRF
  private let getrf: GETRF
  private let geqrf: GEQRF
  private let orgqr: ORGQR
  private let syevd: SYEVD
  private let gesdd: GESDD
  /// The file that was loaded.
  package let path: String

  /// The library, or nil where there is none.
  package static let shared: LAPACKLibrary? = {
    let wanted = environment("LATHE_BLAS")
    if wanted == "none" { return nil }
    let named = wanted.map { $0.contains("/") || $0.contains(".so") ? $0 : "lib\($0).so.0" }
    let names = [named, "libopenblas.so.0", "liblapack.so.3", "libopenblas.so", "liblapack.so"]
    return names.lazy.compactMap { $0 }.compactMap { LAPACKLibrary(path: $0) }.first
  }()

  package init?(path: String) {
    guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL), let potrf = dlsym(handle, "dpotrf_"),
      let getrf = dlsym(handle, "dgetrf_"), let geqrf = dlsym(handle, "dgeqrf_"),
      let orgqr = dlsym(handle, "dorgqr_"), let syevd = dlsym(handle, "dsyevd_"),
      let gesdd = dlsym(handle, "dgesdd_")
    else { return nil }
    self.path = path
    self.potrf = unsafeBitCast(potrf, to: POTRF.self)
    self.getrf = unsafeBitCast(getrf, to: GETRF.self)
    self.geqrf = unsafeBitCast(geqrf, to: GEQRF.self)
    self.orgqr = unsafeBitCast(orgqr, to: ORGQR.self)
    self.syevd = unsafeBitCast(syevd, to: SYEVD.self)
    self.gesdd = unsafeBitCast(gesdd, to: GESDD.self)
    // Left alone, OpenBLAS takes every core of the host, whatever this process may use.
    if let set = dlsym(handle, "openblas_set_num_threads") {
      unsafeBitCast(set, to: (@convention(c) (Int32) -> Void).self)(Int32(ThreadPool.shared.threadCount))
    }
  }

  /// As `DenseMatrix.cholesky`; nil also where the matrix is not positive definite.
  func cholesky(_ a: DenseMatrix) -> DenseMatrix? {
    var (l, n, info) = (a, Int32(a.rows), Int32(0))
    var leading = n
    potrf("L", &n, &l.elements, &leading, &info, 1)
    guard info == 0 else { return nil }
    for j in 0..<l.columns {
      for i in 0..<j { l[i, j] = 0 }
    }
    return l
  }

  /// As `DenseMatrix.lu`.
  func lu(_ a: DenseMatrix) -> (packed: DenseMatrix, pivots: [Int]) {
    var (lu, n, info) = (a, Int32(a.rows), Int32(0))
    var (m, leading) = (n, n)
    var pivots = [Int32](repeating: 0, count: a.rows)
    getrf(&m, &n, &lu.elements, &leading, &pivots, &info)
    return (lu, pivots.map { Int($0) - 1 })
  }

  /// As `DenseMatrix.qr`; nil where the library fails.
  func qr(_ a: DenseMatrix) -> (q: DenseMatrix, r: DenseMatrix)? {
    var work = a
    var (m, n, info) = (Int32(a.rows), Int32(a.columns), Int32(0))
    var leading = m
    let k = min(a.rows, a.columns)
    var small = Int32(k)
    var scales = [Double](repeating: 0, count: max(k, 1))
    var size = Int32(max(a.rows, a.columns) * 64)
    var scratch = [Double](repeating: 0, count: Int(size))
    geqrf(&m, &n, &work.elements, &leading, &scales, &scratch, &size, &info)
    guard info == 0 else { return nil }
    var r = DenseMatrix(k, a.columns)
    for j in 0..<a.columns {
      for i in 0..<min(j + 1, k) { r[i, j] = work[i, j] }
    }
    var q = work.picking(Array(0..<k))
    var columns = small
    orgqr(&m, &columns, &small, &q.elements, &leading, &scales, &scratch, &size, &info)
    return info == 0 ? (q, r) : nil
  }

  /// As `DenseMatrix.eigh`; nil where the library fails.
  func eigh(_ a: DenseMatrix) -> (values: [Double], vectors: DenseMatrix)? {
    var (vectors, n, info) = (a, Int32(a.rows), Int32(0))
    var leading = n
    var values = [Double](repeating: 0, count: a.rows)
    var size = Int32(1 + 6 * a.rows + 2 * a.rows * a.rows)
    var scratch = [Double](repeating: 0, count: Int(size))
    var wholeSize = Int32(3 + 5 * a.rows)
    var whole = [Int32](repeating: 0, count: Int(wholeSize))
    syevd(
      "V", "L", &n, &vectors.elements, &leading, &values, &scratch, &size, &whole, &wholeSize, &info, 1, 1)
    return info == 0 ? (values, vectors) : nil
  }

  /// As `DenseMatrix.svd`; nil where the library fails.
  func svd(_ a: DenseMatrix) -> (u: DenseMatrix, s: [Double], vt: DenseMatrix)? {
    var work = a
    var (m, n, info) = (Int32(a.rows), Int32(a.columns), Int32(0))
    let k = min(a.rows, a.columns)
    var (u, vt) = (DenseMatrix(a.rows, k), DenseMatrix(k, a.columns))
    var s = [Double](repeating: 0, count: k)
    var (leading, leadingU, leadingV) = (m, m, Int32(k))
    var size = Int32(4 * k * k + 7 * k + max(a.rows, a.columns) * 64)
    var scratch = [Double](repeating: 0, count: Int(size))
    var whole = [Int32](repeating: 0, count: 8 * k)
    gesdd(
      "S", &m, &n, &work.elements, &leading, &s, &u.elements, &leadingU, &vt.elements, &leadingV, &scratch,
      &size,
      &whole, &info, 1)
    return info == 0 ? (u, s, vt) : nil
  }
}
