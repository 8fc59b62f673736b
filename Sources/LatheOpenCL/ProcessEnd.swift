#if OpenCL
  #if canImport(Glibc)
    import Glibc
  #elseif canImport(Musl)
    import Musl
  #endif
  import COpenCL
  import LatheCore
  import Synchronization

  /// Has every queue finished when the process ends, and nothing started after that.
  ///
  /// A runtime's compiler has static objects that are destroyed at the end of the process. A thread of the runtime that
  /// still compiles or runs a kernel then meets what is gone, and the process ends by a signal. Contexts and queues
  /// are left to the system: releasing them at that point may need what is gone, too.
  enum ProcessEnd {
    private struct Watched: Sendable {
      weak var backend: OpenCLBackend?
    }

    private static let backends = Mutex<[Watched]>([])

    /// Watches over a device from now on.
    static func watch(_ backend: OpenCLBackend) {
      backends.withLock { known in
        known.removeAll { $0.backend == nil }
        known.append(Watched(backend: backend))
      }
      comeFirst()
    }

    /// Puts the end of the queues before what was registered so far.
    ///
    /// The last to register is called first, and a compiler registers some of its objects when it first needs them:
    /// this is called again after each program that was built and each kernel's first run. The main thread has a list
    /// of its own that comes before, for what is still compiled when it ends the process.
    static func comeFirst() {
      lathe_at_exit_of_main_thread {
        ProcessEnd.forEach { $0.drain() }
        ProcessEnd.comeFirst()
      }
      // Objects that a runtime keeps for each thread are gone by then on the thread that ends the process: oclgrind's
      // list of calls, which every call of OpenCL writes to.
      atexit { runOnNewThread(named: "process end") { ProcessEnd.forEach { $0.close() } } }
    }

    private static func forEach(_ body: (OpenCLBackend) -> Void) {
      for backend in backends.withLock({ $0.compactMap(\.backend) }) { body(backend) }
    }
  }

  extension OpenCLBackend {
    /// Waits for what is under way.
    fileprivate func drain() {
      programs.finish(closing: false)
      _ = cl.clFinish(queue.handle)
      uploads?.finish()
    }

    /// Waits for what is under way and refuses what comes later.
    fileprivate func close() {
      programs.finish(closing: true)
      state.withLock { $0.isClosed = true }
      _ = cl.clFinish(queue.handle)
      uploads?.finish()
    }
  }

  extension LatheError {
    /// For whoever still uses a device while the process ends.
    static func processEnds(_ device: DeviceInfo) -> LatheError {
      LatheError(.device, "\(device.index) (\(device.name)): the process is ending")
    }
  }
#endif
