/// How devices compute an operation that a program brings along.
///
/// Every input is contiguous; outputs are fresh memory that the implementation fills completely.
public struct CustomKernel: Sendable {
  /// A loop over host memory; an error that it throws is that of the outputs.
  public typealias HostLoop = @Sendable (_ inputs: [HostInput], _ outputs: [HostOutput]) throws -> Void
  /// The kernels to start for given inputs and outputs, one after the other.
  public typealias OpenCLRule =
    @Sendable (_ inputs: [TensorSpec], _ outputs: [TensorSpec]) throws -> [OpenCLLaunch]

  /// The name in messages, traces and graphs.
  public var name: String
  /// What the CPU runs; nil where it has no implementation.
  public var cpu: HostLoop?
  /// What OpenCL devices run; nil where they have no implementation.
  public var openCL: OpenCLRule?

  /// An operation's implementations.
  ///
  /// - Parameters:
  ///   - name: The name in messages, traces and graphs.
  ///   - cpu: What the CPU runs.
  ///   - openCL: What OpenCL devices run.
  public init(name: String, cpu: HostLoop? = nil, openCL: OpenCLRule? = nil) {
    self.name = name
    self.cpu = cpu
    self.openCL = openCL
  }

  /// The error of a device that has no implementation.
  package func missing(for what: String, on device: String) -> LatheError {
    LatheError(
      .unsupported,
      "\(device): the custom operation '\(name)' has no implementation for \(what); give it one, or move its inputs to "
        + "a device that has")
  }
}

/// One start of an OpenCL kernel that a program brings along.
public struct OpenCLLaunch: Sendable {
  /// What a kernel's parameter is given.
  public enum Argument: Sendable, Hashable {
    /// The operation's input of a number: `__global const T *`.
    case input(Int)
    /// The operation's output of a number: `__global T *`; a later launch may read what an earlier one wrote.
    case output(Int)
    /// `int`.
    case int32(Int32)
    /// `uint`.
    case uint32(UInt32)
    /// `long`.
    case int64(Int64)
    /// `ulong`.
    case uint64(UInt64)
    /// `float`.
    case float(Float)
    /// So many bytes that a work-group shares: `__local T *`.
    case local(byteCount: Int)
  }

  /// The program's text in OpenCL C 1.2; nothing is put in front of it, so that a build log has its line numbers.
  public var source: String
  /// The name of the kernel in it.
  public var kernel: String
  /// Preprocessor definitions; `LATHE_PROFILE_CPU` or `LATHE_PROFILE_GPU` is defined beside them.
  public var definitions: [String: String]
  /// What the kernel's parameters are given, in order.
  public var arguments: [Argument]
  /// Work-items along up to three axes.
  public var global: [Int]
  /// Work-items of a group along the same axes; nil leaves that to the driver.
  ///
  /// A global size that is no multiple of it is rounded up: the kernel then checks its bounds.
  public var local: [Int]?

  /// A start of a kernel.
  ///
  /// - Parameters:
  ///   - source: The program's text in OpenCL C 1.2. Programs are built once for each text and its definitions.
  ///   - kernel: The name of the kernel in it.
  ///   - definitions: Preprocessor definitions.
  ///   - arguments: What the kernel's parameters are given, in order.
  ///   - global: Work-items along up to three axes.
  ///   - local: Work-items of a group; nil leaves that to the driver.
  public init(
    source: String, kernel: String, definitions: [String: String] = [:], arguments: [Argument],
    global: [Int], local: [Int]? = nil
  ) {
    self.source = source
    self.kernel = kernel
    self.definitions = definitions
    self.arguments = arguments
    self.global = global
    self.local = local
  }
}
