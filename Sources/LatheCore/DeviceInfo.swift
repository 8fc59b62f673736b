/// What is known of a device.
public struct DeviceInfo: Sendable, Codable, Hashable {
  /// `cpu` or `opencl:N`.
  public var index = ""
  /// The device's own name.
  public var name = ""
  /// The maker.
  public var vendor = ""
  /// The driver and its version.
  public var driver = ""
  /// `cpu`, `gpu` or `accelerator`.
  public var type = ""
  /// Compute units; for the CPU, cores.
  public var computeUnits = 0
  /// Bytes of memory.
  public var globalMemory = 0
  /// The largest buffer in bytes.
  public var largestAllocation = 0
  /// Bytes of local memory of a work-group.
  public var localMemory = 0
  /// Whether the device computes in float16.
  public var float16 = false
  /// Whether the device computes in float64.
  public var float64 = false
  /// The family of kernels used: `cpu` or `gpu`; empty for the CPU path.
  public var kernelProfile = ""
  /// The widest SIMD instructions used by the CPU path; the lanes and registers of an OpenCL CPU device.
  public var simd: String?
  /// The BLAS in use and its version, for the CPU path.
  public var blas: String?
  /// The core type that the BLAS chose, for the CPU path.
  public var blasCore: String?
  /// Threads used, for the CPU path.
  public var threads: Int?
  /// How many of an OpenCL device's kernels are tuned, and how near the rows are to it; nil where none is.
  public var tuning: String?
  /// The units that multiply matrices of 16-bit numbers, and whether products go there; nil where none are known.
  public var matrixUnits: String?
  /// The elementary functions for which an OpenCL device's own take the place of Lathe's; nil where none do.
  public var builtinFunctions: String?
  /// Advice, for example a BLAS that uses less than the CPU can do.
  public var warning: String?
  /// Why the device cannot be used.
  public var error: String?

  /// An empty description.
  public init() {}
}
