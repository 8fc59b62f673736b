#if OpenCL
  import LatheCore

  /// The vector registers of a device, which products of the `cpu` profile are built for.
  package struct VectorRegisters: Hashable, Sendable, CustomStringConvertible {
    /// Floats that one holds: 4, 8 or 16.
    package let lanes: Int
    /// How many there are.
    package let count: Int

    /// Those of processors with AVX-512, which all others are compared with.
    package static let widest = VectorRegisters(lanes: 16)

    /// Registers of some lanes on this architecture: AVX-512 and AArch64 have 32, others 16.
    package init(lanes: Int) {
      self.lanes = lanes
      #if arch(arm64)
        count = 32
      #else
        count = lanes == 16 ? 32 : 16
      #endif
    }

    /// What a device has: by the processor in its name, where that is one that PoCL compiles for, else by the width that it
    /// reports; no more than `LATHE_SIMD` allows.
    ///
    /// PoCL reports the width of what it was built for, whatever it compiles for.
    init(deviceName: String, isPoCL: Bool, reportedLanes: Int) {
      let named = isPoCL ? VectorRegisters.lanes(ofPoCLDevice: deviceName) : nil
      let lanes = named ?? [16, 8].first { $0 <= reportedLanes } ?? 4
      self.init(lanes: min(lanes, VectorRegisters.mostLanes ?? 16))
    }

    /// Sums that they hold beside what is multiplied: 28 of 32, 12 of 16.
    var sums: Int { count - 4 }

    package var description: String { "\(lanes) lanes, \(count) registers" }

    /// What `LATHE_SIMD` allows at most; nil where it says nothing.
    static var mostLanes: Int? {
      switch environment("LATHE_SIMD") {
      case "sse2", "neon": 4
      case "avx2": 8
      case "avx512": 16
      default: nil
      }
    }

    /// The lanes of the processor that a device of PoCL is named after (`pthread-haswell-...`); nil where it is none of the
    /// known ones.
    package static func lanes(ofPoCLDevice name: String) -> Int? {
      guard let dash = name.firstIndex(of: "-") else { return nil }
      let target = name[name.index(after: dash)...]
      // "skylake-avx512" begins as "skylake" does.
      return [(16, wide), (8, middle), (4, narrow)].first { $1.contains { target.hasPrefix($0) } }?.0
    }

    /// LLVM's names of processors by the width of their vectors.
    private static let wide = [
      "skylake-avx512", "cascadelake", "cooperlake", "cannonlake", "icelake", "tigerlake", "rocketlake",
      "sapphirerapids", "emeraldrapids", "graniterapids", "knl", "knm", "znver4", "znver5", "x86-64-v4",
    ]
    private static let middle = [
      "haswell", "broadwell", "skylake", "sandybridge", "ivybridge", "alderlake", "raptorlake", "meteorlake",
      "arrowlake", "lunarlake", "gracemont", "sierraforest", "bdver", "btver2", "znver", "x86-64-v3",
    ]
    private static let narrow = [
      "athlon", "k8", "opteron", "btver1", "core2", "penryn", "nehalem", "westmere", "goldmont", "tremont",
      "x86-64",
      "cortex-", "neoverse-", "apple-",
    ]
  }
#endif
