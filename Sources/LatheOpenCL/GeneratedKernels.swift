#if OpenCL
  import LatheCore
  import Synchronization

  /// Kernels printed from element-wise programs, found again by the program itself so that its text is printed
  /// only once.
  final class GeneratedKernels: Sendable {
    /// What a generated kernel's text depends on.
    struct Key: Hashable {
      /// The program.
      var program: ElementwiseProgram
      /// How it is used: the access pattern of each operand, the kind of reduction and so on.
      var form: [UInt8]
    }

    private let kernels = Mutex<[Key: OpenCLKernel]>([:])

    /// The kernel of a key, made by `make` at the first call.
    func kernel(_ key: Key, make: () throws -> OpenCLKernel) throws -> OpenCLKernel {
      if let found = kernels.withLock({ $0[key] }) { return found }
      let made = try make()
      return kernels.withLock { kernels in
        let kernel = kernels[key] ?? made
        kernels[key] = kernel
        return kernel
      }
    }
  }
#endif
