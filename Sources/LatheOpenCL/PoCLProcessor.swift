#if OpenCL
  import LatheCore

  #if canImport(Glibc)
    import Glibc
  #elseif canImport(Musl)
    import Musl
  #endif

  /// Has PoCL compile for no more than `LATHE_SIMD` asks for, where the processor has more.
  ///
  /// Builds of PoCL for a distribution take the processor that the library of built-in functions was compiled for, others
  /// the one named; both variables are PoCL's own, and stay as they are where they are set.
  func holdPoCLToSIMD() {
    #if arch(x86_64)
      guard let lanes = VectorRegisters.mostLanes, lanes < 16 else { return }
      let more = lanes == 8 ? " avx512f " : " avx "
      guard let bytes = FileBytes.read("/proc/cpuinfo"),
        let flags = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first(where: {
          $0.hasPrefix("flags")
        }), (flags + " ").contains(more)
      else { return }
      setenv("POCL_KERNELLIB_NAME", lanes == 8 ? "avx2" : "sse2", 0)
      setenv("POCL_LLVM_CPU_NAME", lanes == 8 ? "haswell" : "x86-64", 0)
    #endif
  }
#endif
