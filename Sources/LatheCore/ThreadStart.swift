#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Starts a thread that runs a function once.
///
/// Foundation's `Thread` does not say where the system has no thread to give, and whoever waits for its work waits for
/// ever.
/// - Returns: False where there is none: the caller then does the work itself.
package func startThread(named name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
  guard let thread = newThread(name, body) else { return false }
  pthread_detach(thread)
  return true
}

/// Runs a function on a thread of its own and waits for it; on this one where the system has no thread to give.
package func runOnNewThread(named name: String, _ body: @escaping @Sendable () -> Void) {
  guard let thread = newThread(name, body) else { return body() }
  pthread_join(thread, nil)
}

/// A thread to be joined or detached; nil where the system has none to give.
private func newThread(_ name: String, _ body: @escaping @Sendable () -> Void) -> pthread_t? {
  let start = Unmanaged.passRetained(ThreadStart(name, body))
  var thread = pthread_t()
  let status = pthread_create(
    &thread, nil,
    { argument in
      guard let argument else { return nil }
      let start = Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue()
      nameThisThread(start.name)
      start.body()
      return nil
    }, start.toOpaque())
  guard status == 0 else {
    start.release()
    return nil
  }
  return thread
}

/// Names the calling thread for tools that list threads; they show 15 bytes.
private func nameThisThread(_ name: String) {
  let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
  guard file >= 0 else { return }
  _ = writeText(String(name.prefix(15)), to: file)
  close(file)
}

/// What a new thread is given.
private final class ThreadStart: Sendable {
  let name: String
  let body: @Sendable () -> Void

  init(_ name: String, _ body: @escaping @Sendable () -> Void) {
    self.name = name
    self.body = body
  }
}
