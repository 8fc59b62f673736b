import CPUKernels
import Glibc
import LatheCore

/// What `lathe devices` shows of the CPU.
enum CPUInfo {
  static func describe(memory: Int) -> DeviceInfo {
    var info = DeviceInfo()
    info.index = "cpu"
    info.name = processor.model
    info.vendor = processor.vendor
    info.driver = "Lathe"
    info.type = "cpu"
    info.computeUnits = lathe_allowed_cores()
    info.globalMemory = memory
    info.largestAllocation = memory
    info.float64 = true
    info.simd = SIMDLevel.current
    info.threads = ThreadPool.shared.threadCount
    info.blas =
      BLASLibrary.shared.map { "\($0.name) (\($0.path))" }
      ?? (BLASLibrary.isLeftOut
        ? "built in, as fast with AVX-512 (LATHE_BLAS=openblas loads one)" : nil)
    info.blasCore = BLASLibrary.shared?.coreName
    if let library = BLASLibrary.shared {
      info.warning = library.coreWarning
    } else if environment("LATHE_BLAS") == "none" {
      info.warning = "LATHE_BLAS is none: matrix products use the built-in kernel"
    } else if !BLASLibrary.isLeftOut {
      info.warning = "no BLAS was found: matrix products use the built-in kernel; install libopenblas0"
    }
    info.error = CPUBackend.environmentProblem?.message
    return info
  }

  private static let processor = readProcessor()

  /// The model and the maker from the kernel's list of processors.
  private static func readProcessor() -> (model: String, vendor: String) {
    var result = (model: "CPU", vendor: "")
    guard let file = fopen("/proc/cpuinfo", "re") else { return result }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 512)
    while fgets(&line, Int32(line.count), file) != nil {
      let text = line.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
      if text == "\n" { break }
      guard let colon = text.firstIndex(of: ":") else { continue }
      let value = String(text[text.index(after: colon)...].drop { $0 == " " }.prefix { $0 != "\n" })
      if text.hasPrefix("model name") { result.model = value }
      if text.hasPrefix("vendor_id") { result.vendor = value }
    }
    return result
  }
}
