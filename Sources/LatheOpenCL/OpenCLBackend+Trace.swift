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
    let clock = Mutex(DeviceClock())
  }

  /// Times of a device's clock as times of the host's.
  ///
  /// The kernels of a queue run one after the other, and so do their spans.
  package struct DeviceClock: Sendable {
    /// Host time less device time: the smallest difference seen, since the host looks at its clock a little later.
    private var offset: Int64?
    /// Where the last span ended.
    private var end: UInt64 = 0

    package init() {}

    /// The span of a launch that the host queued at `queuedAt`, from the device's times.
    package mutating func span(queuedAt: UInt64, queued: UInt64, start: UInt64, end: UInt64) -> (
      UInt64, UInt64
    ) {
      let difference = Int64(bitPattern: queuedAt &- queued)
      let offset = min(offset ?? difference, difference)
      self.offset = offset
      let first = max(start &+ UInt64(bitPattern: offset), self.end)
      self.end = max(end &+ UInt64(bitPattern: offset), first)
      return (first, self.end)
    }
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
        let (first, last) = traces.clock.withLock {
          $0.span(queuedAt: launch.queuedAt, queued: queued, start: start, end: end)
        }
        let name = launch.operation.map { "\(launch.kernel): \($0.name)" } ?? launch.kernel
        Trace.record(
          Trace.Span(
            name: name, lane: info.index, start: first, end: last,
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
