#if OpenCL
  import LatheCore

  /// The family of kernels that a device runs.
  package enum KernelProfile: String, Sendable, CaseIterable {
    /// Register blocks with explicit vectors, no barriers, no local memory: PoCL and other CPU runtimes.
    case cpu
    /// Work-group tiles in local memory.
    case gpu
  }

  /// A device that some OpenCL platform reports.
  package struct OpenCLEntry: Sendable {
    /// What is known of it; `error` says why it cannot be used.
    package let info: DeviceInfo
    /// Opens the device; a nil profile is the device's own (or LATHE_KERNEL_PROFILE).
    package let open: @Sendable (KernelProfile?) throws -> any Backend
  }

  /// The OpenCL platforms of this host.
  package enum OpenCLPlatforms {
    /// Every device of every platform, broken ones too; found once.
    package static let entries: [OpenCLEntry] = []
    /// Why there are no entries: no loader, no platform; nil where there are some.
    package static let absence: String? = "no OpenCL loader was found"
  }
#endif
