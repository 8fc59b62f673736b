import Synchronization

/// What drivers compile from source: it takes far longer than what is compiled takes to run, and is done once.
package enum KernelBuilds {
  /// Told at the start of each build how many there were before and how many seconds those took.
  package typealias Observer = @Sendable (_ builds: Int, _ seconds: Double) -> Void

  private struct State {
    var builds = 0
    var seconds = 0.0
    /// Threads that build now, and since when some do.
    var active = 0
    var start: UInt64 = 0
    var observer: Observer?
  }

  private static let state = Mutex(State())

  /// Seconds that this process has spent on it so far.
  package static var seconds: Double { state.withLock { $0.seconds } }

  /// Tells somebody of every build from now on.
  package static func observe(_ observer: @escaping Observer) { state.withLock { $0.observer = observer } }

  /// Builds something.
  package static func build<R>(_ body: () throws -> R) rethrows -> R {
    let (observer, builds, seconds) = state.withLock { ($0.observer, $0.builds, $0.seconds) }
    observer?(builds, seconds)
    defer { state.withLock { $0.builds += 1 } }
    return try measured(body)
  }

  /// Counts the time that something takes which ends a build: a driver may compile when a kernel is first run.
  package static func measured<R>(_ body: () throws -> R) rethrows -> R {
    state.withLock { state in
      if state.active == 0 { state.start = Trace.now }
      state.active += 1
    }
    defer {
      state.withLock { state in
        state.active -= 1
        // What is built side by side takes its time once.
        if state.active == 0 { state.seconds += Double(Trace.now - state.start) * 1e-9 }
      }
    }
    return try body()
  }
}
