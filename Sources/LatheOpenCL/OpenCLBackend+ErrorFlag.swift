#if OpenCL
  import COpenCL
  import LatheCore
  import Synchronization

  /// What a kernel reports by `lathe_report`; the raw value is its first argument.
  package enum ReportedError: Int32, Sendable, CaseIterable {
    case gather = 1
    case scatterAdd = 2
    case crossEntropy = 3

    fileprivate var what: String {
      switch self {
      case .gather: "gather: index"
      case .scatterAdd: "scatterAdd: index"
      case .crossEntropy: "crossEntropy: label"
      }
    }
  }

  extension OpenCLBackend {
    /// The flag as a kernel argument (`__global int *`); the next read or synchronisation looks at it.
    func errorFlagArgument() -> KernelArgument {
      state.withLock { $0.mayHaveReported = true }
      return .memory(errorFlag.memory)
    }

    /// Throws what a kernel reported since the last look.
    func checkErrorFlag() throws {
      let pending = state.withLock { state in
        defer { state.mayHaveReported = false }
        return state.mayHaveReported
      }
      guard pending else { return }
      var words = [Int32](repeating: 0, count: 4)
      let status = cl.clEnqueueReadBuffer(
        queue.handle, errorFlag.memory, cl_bool(CL_TRUE), 0, 16, &words, 0, nil, nil)
      guard status == CL_SUCCESS else { throw failure("read of the error flag", status, bytes: 16) }
      guard words[0] != 0 else { return }
      try clearErrorFlag()
      let what = ReportedError(rawValue: words[0])?.what ?? "index"
      throw LatheError(.indexOutOfRange, "\(what) \(words[1]) is outside an axis of size \(words[2])")
    }

    func clearErrorFlag() throws {
      var zeros = [Int32](repeating: 0, count: 4)
      let status = cl.clEnqueueWriteBuffer(
        queue.handle, errorFlag.memory, cl_bool(CL_TRUE), 0, 16, &zeros, 0, nil, nil)
      guard status == CL_SUCCESS else { throw failure("write of the error flag", status, bytes: 16) }
    }
  }
#endif
