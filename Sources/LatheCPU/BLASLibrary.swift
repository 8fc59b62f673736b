import CPUKernels
import Glibc
import LatheCore

/// A BLAS found at run time.
///
/// It is looked for as `LATHE_BLAS` (a path or a name; `none` for no BLAS), then, on processors without AVX-512,
/// OpenBLAS, BLIS, and any other library with a C interface. With AVX-512 the built-in product is as fast.
package final class BLASLibrary: @unchecked Sendable {
  // Unchecked: all members are immutable, and a BLAS may be called from any thread.

  /// `cblas_sgemm`: order, transposeA, transposeB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc.
  package typealias SGEMM =
    @convention(c) (
      Int32, Int32, Int32, Int32, Int32, Int32, Float, UnsafePointer<Float>, Int32, UnsafePointer<Float>,
      Int32,
      Float, UnsafeMutablePointer<Float>, Int32
    ) -> Void

  /// `cblas_dgemm`, which has doubles in the places of floats.
  package typealias DGEMM =
    @convention(c) (
      Int32, Int32, Int32, Int32, Int32, Int32, Double, UnsafePointer<Double>, Int32, UnsafePointer<Double>,
      Int32, Double, UnsafeMutablePointer<Double>, Int32
    ) -> Void

  /// `CblasRowMajor`.
  package static let rowMajor: Int32 = 101
  /// `CblasNoTrans`.
  package static let notTransposed: Int32 = 111
  /// `CblasTrans`.
  package static let transposed: Int32 = 112

  /// Single-precision matrix multiplication.
  package let sgemm: SGEMM
  /// Double-precision matrix multiplication, where the library has it.
  package let dgemm: DGEMM?
  /// The file that was loaded.
  package let path: String
  /// The name and version, for example `OpenBLAS 0.3.21`.
  package let name: String
  /// The processor type whose kernels the library uses, where it says.
  package let coreName: String?

  private let setThreads: ((Int) -> Void)?
  private let getThreads: (() -> Int)?

  /// The library, or nil where there is none.
  package static var shared: BLASLibrary? { lookup.library }
  /// Whether no library is looked for unless `LATHE_BLAS` names one.
  package static let isLeftOut =
    environment("LATHE_BLAS") == nil && SIMDLevel.current == "avx512"

  /// Why the library that `LATHE_BLAS` names cannot be used; nothing is looked for where it names none.
  package static var problem: LatheError? { environment("LATHE_BLAS") == nil ? nil : lookup.problem }

  private static let lookup = find()

  private static func find() -> (library: BLASLibrary?, problem: LatheError?) {
    if let wanted = environment("LATHE_BLAS") {
      if wanted == "none" { return (nil, nil) }
      let isFile = wanted.contains("/") || wanted.contains(".so")
      for path in isFile ? [wanted] : ["lib\(wanted).so.0", "lib\(wanted).so.4", "lib\(wanted).so"] {
        if let library = BLASLibrary(path: path) { return (library, nil) }
      }
      let reason = dlerror().map { String(cString: $0) } ?? "it has no cblas_sgemm"
      return (
        nil,
        EnvironmentRules.error(
          "LATHE_BLAS", wanted,
          "it can be the path or name of a BLAS, or none; this one does not load: \(reason)")
      )
    }
    return (isLeftOut ? nil : search(), nil)
  }

  /// The first library of this host, whether or not products go to it.
  package static func search() -> BLASLibrary? {
    let names = [
      "libopenblas.so.0", "libopenblas.so", "libblis.so.4", "libblis.so", "libcblas.so.3", "libcblas.so",
      "libblas.so.3", "libblas.so",
    ]
    for name in names {
      if let library = BLASLibrary(path: name) { return library }
    }
    return nil
  }

  private init?(path: String) {
    _ = dlerror()
    guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else { return nil }
    guard let sgemm = dlsym(handle, "cblas_sgemm") else { return nil }
    self.sgemm = unsafeBitCast(sgemm, to: SGEMM.self)
    dgemm = dlsym(handle, "cblas_dgemm").map { unsafeBitCast($0, to: DGEMM.self) }
    self.path = path

    typealias Text = @convention(c) () -> UnsafePointer<CChar>?
    func text(_ symbol: String) -> String? {
      guard let function = dlsym(handle, symbol) else { return nil }
      return unsafeBitCast(function, to: Text.self)().map { String(cString: $0) }
    }
    let config = text("openblas_get_config")
    coreName = text("openblas_get_corename")
    if let config {
      // "OpenBLAS 0.3.21 DYNAMIC_ARCH ..."
      name = config.split(separator: " ").prefix(2).joined(separator: " ")
    } else if let version = text("bli_info_get_version_str") {
      name = "BLIS \(version)"
    } else {
      name = path.split(separator: "/").last.map(String.init) ?? path
    }

    typealias Set32 = @convention(c) (Int32) -> Void
    typealias Set64 = @convention(c) (Int) -> Void
    typealias Get32 = @convention(c) () -> Int32
    typealias Get64 = @convention(c) () -> Int
    if let set = dlsym(handle, "openblas_set_num_threads") ?? dlsym(handle, "MKL_Set_Num_Threads") {
      let set = unsafeBitCast(set, to: Set32.self)
      setThreads = { set(Int32($0)) }
    } else if let set = dlsym(handle, "bli_thread_set_num_threads") {
      let set = unsafeBitCast(set, to: Set64.self)
      setThreads = { set($0) }
    } else {
      setThreads = nil
    }
    if let get = dlsym(handle, "openblas_get_num_threads") ?? dlsym(handle, "MKL_Get_Max_Threads") {
      let get = unsafeBitCast(get, to: Get32.self)
      getThreads = { Int(get()) }
    } else if let get = dlsym(handle, "bli_thread_get_num_threads") {
      let get = unsafeBitCast(get, to: Get64.self)
      getThreads = { get() }
    } else {
      getThreads = nil
    }
    // Left alone, a BLAS takes every core of the host, whatever this process may use.
    setThreads?(ThreadPool.shared.threadCount)
  }

  /// The number of threads that a call uses; setting it has no effect on a library without such a function.
  package var threadCount: Int {
    get { getThreads?() ?? 1 }
    set { setThreads?(max(newValue, 1)) }
  }

  /// Advice where the library uses kernels of an older processor type than this processor can run.
  package var coreWarning: String? {
    guard let coreName else { return nil }
    let simd = SIMDLevel.current
    let avx512 = ["SkylakeX", "Cooperlake", "SapphireRapids"]
    let avx2 = avx512 + ["Haswell", "Zen", "Broadwell"]
    func matches(_ names: [String]) -> Bool { names.contains { $0.lowercased() == coreName.lowercased() } }
    let isSlow = simd == "avx512" ? !matches(avx512) : simd == "avx2" ? !matches(avx2) : false
    guard isSlow else { return nil }
    let cause =
      getenv("OPENBLAS_CORETYPE").map { "OPENBLAS_CORETYPE is set to \(String(cString: $0)): unset it" }
      ?? "set OPENBLAS_CORETYPE=\(simd == "avx512" ? "SkylakeX" : "Haswell") in the environment"
    return
      "\(name) uses its \(coreName) kernels although this CPU has \(simd == "avx512" ? "AVX-512" : "AVX2"), "
      + "which can halve the speed of matrix products; \(cause)"
  }
}
