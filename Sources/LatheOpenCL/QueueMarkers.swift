#if OpenCL
  import COpenCL
  import Synchronization

  /// Places in a queue's work that another queue can wait for.
  final class QueueMarkers: Sendable {
    private struct State: @unchecked Sendable {
      // Unchecked: reached through the mutex alone.
      /// Events that are complete once the work before a position is, in order.
      var markers: [(position: Int, event: cl_event)] = []
      /// The work before this position is done.
      var done = 0
    }

    /// Commands that the queue was given, counted behind the call.
    private let commands = Atomic(0)
    private let isWanted = Atomic(false)
    private let state = Mutex(State())

    deinit { state.withLock { state in for marker in state.markers { _ = cl.clReleaseEvent(marker.event) } } }

    /// How much work the queue was given so far.
    var position: Int { commands.load(ordering: .acquiring) }

    /// Counts a command that was queued.
    func advance() { commands.wrappingAdd(1, ordering: .releasing) }

    /// Asks for a marker in front of the next launch: what was queued so far will be waited for.
    func want() { isWanted.store(true, ordering: .relaxed) }

    /// Puts a marker where one was asked for; called before a launch is queued.
    func markWhereWanted(_ queue: cl_command_queue) {
      guard isWanted.load(ordering: .relaxed), isWanted.exchange(false, ordering: .relaxed) else { return }
      // Where it fails, whoever waits has a marker of its own made.
      _ = state.withLock { mark(queue, &$0) }
    }

    /// An event that is complete when the work before a position is, for the caller to release; nil where it is done.
    func event(before position: Int, in queue: cl_command_queue) -> (event: EventReference?, status: cl_int) {
      state.withLock { state in
        removeDone(&state)
        guard position > state.done else { return (nil, CL_SUCCESS) }
        if state.markers.last.map({ $0.position < position }) ?? true {
          let status = mark(queue, &state)
          guard status == CL_SUCCESS else { return (nil, status) }
        }
        guard let marker = state.markers.first(where: { $0.position >= position }) else {
          return (nil, CL_SUCCESS)
        }
        return (EventReference(retaining: marker.event), CL_SUCCESS)
      }
    }

    private func mark(_ queue: cl_command_queue, _ state: inout State) -> cl_int {
      removeDone(&state)
      // Read first: what is queued meanwhile may be behind the marker.
      let position = position
      guard position > max(state.done, state.markers.last?.position ?? 0) else { return CL_SUCCESS }
      var event: cl_event?
      let status = cl.clEnqueueMarkerWithWaitList(queue, 0, nil, &event)
      if status == CL_SUCCESS, let event { state.markers.append((position, event)) }
      return status
    }

    private func removeDone(_ state: inout State) {
      let count = state.markers.prefix { EventReference.status(of: $0.event) <= CL_COMPLETE }.count
      for marker in state.markers.prefix(count) {
        state.done = marker.position
        _ = cl.clReleaseEvent(marker.event)
      }
      state.markers.removeFirst(count)
    }
  }

  /// Owns a reference to an event.
  final class EventReference: @unchecked Sendable {
    // Unchecked: immutable.
    let handle: cl_event

    init(owning handle: cl_event) { self.handle = handle }

    init(retaining handle: cl_event) {
      _ = cl.clRetainEvent(handle)
      self.handle = handle
    }

    deinit { _ = cl.clReleaseEvent(handle) }

    /// How far an event's command is: CL_COMPLETE, above it before that, an error below.
    static func status(of event: cl_event) -> cl_int {
      var execution: cl_int = 0
      let status = cl.clGetEventInfo(
        event, cl_event_info(CL_EVENT_COMMAND_EXECUTION_STATUS), MemoryLayout<cl_int>.size, &execution, nil)
      return status == CL_SUCCESS ? execution : status
    }
  }
#endif
