#if OpenCL
  import COpenCL
  import LatheCore
  import Synchronization

  /// Launches whose times are not yet read.
  final class TracedLaunches: Sendable {
    // An event is used by whoever takes it out of the list, and by nobody else.
    struct Launch: @unchecked Sendable {
      let event: cl_event
      let kernel: String
      let queuedAt: UInt64
      let operation: Trace.Current?
    }

    let waiting = Mutex<[Launch]>([])
  }

  extension OpenCLBackend {
    /// The property that makes a queue keep times, while a trace is taken.
    static var queueProperties: cl_command_queue_properties {
      Trace.isOn ? cl_command_queue_properties(CL_QUEUE_PROFILING_ENABLE) : 0
    }

    /// Keeps a launch's event until its times can be read.
    func traced(_ event: cl_event, of kernel: OpenCLKernel) {
      let launch = TracedLaunches.Launch(
        event: event, kernel: kernel.name, queuedAt: Trace.now, operation: Trace.current)
      traces.waiting.withLock { $0.append(launch) }
    }

    /// Reads the times of finished launches; those that another thread has just queued stay for the next time.
    ///
    /// The device has a clock of its own: its time of queueing is the host's, a little later.
    func collectTrace() {
      guard Trace.isOn else { return }
      let launches = traces.waiting.withLock { waiting in
        defer { waiting = [] }
        return waiting
      }
      for launch in launches {
        guard let end = time(CL_PROFILING_COMMAND_END, of: launch.event) else {
          traces.waiting.withLock { $0.append(launch) }
          continue
        }
        defer { _ = cl.clReleaseEvent(launch.event) }
        guard let queued = time(CL_PROFILING_COMMAND_QUEUED, of: launch.event),
          let start = time(CL_PROFILING_COMMAND_START, of: launch.event), queued <= start, start <= end
        else { continue }
        let first = launch.queuedAt + (start - queued)
        let name = launch.operation.map { "\(launch.kernel): \($0.name)" } ?? launch.kernel
        Trace.record(
          Trace.Span(
            name: name, lane: info.index, start: first, end: first + (end - start),
            operation: launch.operation?.number, work: launch.operation?.work))
      }
    }

    private func time(_ which: Int32, of event: cl_event) -> UInt64? {
      var value: cl_ulong = 0
      let status = cl.clGetEventProfilingInfo(
        event, cl_profiling_info(which), MemoryLayout<cl_ulong>.size, &value, nil)
      return status == CL_SUCCESS ? value : nil
    }
  }
#endif
