#if OpenCL
  import COpenCL
  import Synchronization

  // Owners of OpenCL objects: the object is released with its last owner. OpenCL itself keeps whatever a command
  // that is still queued needs. All of them are immutable, hence @unchecked Sendable: the handles may be used from
  // any thread, but for clSetKernelArg, which the launcher calls under its lock.

  /// Owns a context.
  final class OpenCLContext: @unchecked Sendable {
    let handle: cl_context
    init(owning handle: cl_context) { self.handle = handle }
    deinit { _ = cl.clReleaseContext(handle) }
  }

  /// Owns an in-order queue; waits for its work before it goes.
  final class OpenCLQueue: @unchecked Sendable {
    let handle: cl_command_queue
    let markers = QueueMarkers()
    init(owning handle: cl_command_queue) { self.handle = handle }
    deinit {
      _ = cl.clFinish(handle)
      _ = cl.clReleaseCommandQueue(handle)
    }
  }

  /// Owns a built program.
  final class OpenCLProgram: @unchecked Sendable {
    let handle: cl_program
    /// Whether it was compiled in this process: a driver may leave the rest to a kernel's first run.
    let isNew: Bool
    init(owning handle: cl_program, isNew: Bool = false) {
      self.handle = handle
      self.isNew = isNew
    }
    deinit { _ = cl.clReleaseProgram(handle) }
  }

  /// A kernel of a built program; made by `OpenCLBackend.kernel`, started by `OpenCLBackend.launch`.
  package final class OpenCLKernel: @unchecked Sendable {
    /// The function's name.
    package let name: String
    let handle: cl_kernel
    let program: OpenCLProgram
    /// What it was built from; nil for one that is launched in one part whatever its size.
    let origin: Origin?
    private let hasRun = Atomic(false)
    init(owning handle: cl_kernel, name: String, program: OpenCLProgram, origin: Origin? = nil) {
      self.handle = handle
      self.name = name
      self.program = program
      self.origin = origin
    }
    deinit { _ = cl.clReleaseKernel(handle) }

    /// A kernel's text and definitions.
    struct Origin: Sendable {
      let source: KernelSource
      let options: KernelOptions
    }

    /// Whether a program brought it along.
    var isCustom: Bool { origin?.source.isCustom ?? true }

    /// Whether the next run is the first one of a program that was just compiled; true once.
    func isFirstRun() -> Bool { program.isNew && !hasRun.exchange(true, ordering: .relaxed) }
  }
#endif
