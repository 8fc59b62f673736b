#if OpenCL
  import LatheCore

  #if canImport(Glibc)
    import Glibc
  #elseif canImport(Musl)
    import Musl
  #endif

  /// Has PoCL keep each of its threads on a processor of its own, unless `POCL_AFFINITY` is set already.
  ///
  /// They sleep between launches. Woken together they often start on one processor, and the system takes longer to part
  /// them than most kernels last, which then take twice their time. A process that may not use every processor is left
  /// alone, since PoCL counts them all.
  func keepPoCLThreadsApart() {
    func lines(_ path: String) -> [Substring] {
      FileBytes.read(path).map { String(decoding: $0, as: UTF8.self).split(separator: "\n") } ?? []
    }
    guard let online = lines("/sys/devices/system/cpu/online").first else { return }
    guard lines("/proc/self/status").contains("Cpus_allowed_list:\t\(online)") else { return }
    setenv("POCL_AFFINITY", "1", 0)
  }
#endif
