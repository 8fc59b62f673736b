#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif
import Synchronization

/// What host and devices did and when, recorded once somebody has asked for it.
///
/// Off, it costs a load and a branch for each operation. It must be switched on before a device is opened: an OpenCL
/// queue keeps times only if it was made so.
package enum Trace {
  /// A stretch of time on a lane.
  package struct Span: Sendable {
    /// What was done.
    package var name: String
    /// Who did it: `host`, or a device; threads beside the first have lanes of their own.
    package var lane: String
    /// Nanoseconds of the host's monotonic clock.
    package var start: UInt64, end: UInt64
    /// Which operation it was done for, where it was a kernel; spans of one operation share it.
    package var operation: Int?
    /// The least work of the operation: arithmetic and bytes.
    package var work: Operation.Work?
    /// Whether it is what the host did, and no kernel.
    package var isHost: Bool { lane.hasPrefix("host") }

    /// A span from its parts.
    package init(
      name: String, lane: String, start: UInt64, end: UInt64, operation: Int? = nil,
      work: Operation.Work? = nil
    ) {
      self.name = name
      self.lane = lane
      self.start = start
      self.end = end
      self.operation = operation
      self.work = work
    }
  }

  /// The operation under way: its number, name and work.
  package struct Current: Sendable {
    package var number: Int
    package var name: String
    package var work: Operation.Work
  }

  private struct State {
    var spans: [Span] = []
    var count = 0
    var dropped = 0
    /// The threads that recorded something, in the order in which they began.
    var threads: [pthread_t] = []
  }

  /// Enough for an hour of small steps in less than a few hundred megabytes.
  private static let limit = 1_000_000
  private static let on = Atomic<Bool>(false)
  private static let state = Mutex(State())

  /// Whether spans are recorded.
  @inline(__always) package static var isOn: Bool { on.load(ordering: .relaxed) }

  /// Records from now on.
  package static func start() { on.store(true, ordering: .relaxed) }

  /// Ends recording; returns the spans and how many there was no room for.
  package static func stop() -> (spans: [Span], dropped: Int) {
    on.store(false, ordering: .relaxed)
    return state.withLock { state in
      defer { state = State() }
      return (state.spans, state.dropped)
    }
  }

  /// Nanoseconds of the host's monotonic clock.
  package static var now: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  /// The lane of the calling thread: what several threads do at the same time cannot share one.
  private static func lane(_ name: String) -> String {
    let this = pthread_self()
    let number = state.withLock { state in
      if let known = state.threads.firstIndex(where: { pthread_equal($0, this) != 0 }) { return known }
      state.threads.append(this)
      return state.threads.count - 1
    }
    return number == 0 ? name : "\(name), thread \(number + 1)"
  }

  /// Keeps a span.
  package static func record(_ span: Span) {
    state.withLock { state in
      if state.spans.count < limit { state.spans.append(span) } else { state.dropped += 1 }
    }
  }

  /// The operation that the calling thread is starting kernels for.
  @TaskLocal package static var current: Current?

  /// Does something on the host and records how long it took.
  @inline(__always)
  package static func span<R>(_ name: StaticString, _ body: () throws -> R) rethrows -> R {
    guard isOn else { return try body() }
    let start = now
    defer { record(Span(name: "\(name)", lane: lane("host"), start: start, end: now)) }
    return try body()
  }

  /// Starts an operation on a device and records that; on the CPU, where it is done at once, as its kernel.
  package static func operation(
    _ operation: Operation, inputs: [Operand], outputs: [Operand], device: Device, _ body: () throws -> Void
  ) rethrows {
    let work = operation.work(inputs: inputs, outputs: outputs)
    let name = operation.label
    let number = state.withLock { state in
      state.count += 1
      return state.count
    }
    let start = now
    defer {
      let isKernel = device.name == "cpu"
      record(
        Span(
          name: name, lane: lane(isKernel ? device.name : "host"), start: start, end: now,
          operation: isKernel ? number : nil, work: isKernel ? work : nil))
    }
    try $current.withValue(Current(number: number, name: name, work: work), operation: body)
  }
}
