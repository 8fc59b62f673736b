import LatheCore

extension Tensor {
  /// The elements' bytes in row-major order, without holding up the thread that a task runs on: what is deferred is
  /// computed, and the device waited for, on a thread of its own.
  ///
  /// - Throws: `LatheError` of whatever failed on the way to these values.
  public func bytes() async throws -> [UInt8] { try await WaitingThreads.shared.run { try bytes() } }

  /// The elements in row-major order, converted to a Swift type by the rule of `cast(to:)`, without holding up the
  /// thread that a task runs on.
  ///
  /// - Parameter type: The Swift type.
  /// - Throws: `LatheError` of whatever failed on the way to these values.
  public func scalars<T: TensorScalar>(as type: T.Type = T.self) async throws -> [T] {
    try await WaitingThreads.shared.run { try scalars(as: type) }
  }

  /// The value of a tensor with one element, without holding up the thread that a task runs on.
  ///
  /// - Throws: `LatheError` of whatever failed on the way to it.
  public func item() async throws -> Float { try await item(as: Float.self) }

  /// The value of a tensor with one element, as a Swift type, without holding up the thread that a task runs on.
  ///
  /// - Parameter type: The Swift type.
  /// - Throws: `LatheError` of whatever failed on the way to it.
  public func item<T: TensorScalar>(as type: T.Type) async throws -> T {
    try await WaitingThreads.shared.run { try item(as: type) }
  }
}

/// Threads that wait for devices on behalf of tasks, whose own threads are few and must not wait.
///
/// A thread is started where none is free, up to a limit; further work waits for its turn.
final class WaitingThreads: @unchecked Sendable {
  // Unchecked: all that changes is touched under `lock` alone.

  static let shared = WaitingThreads(limit: 64)

  private let limit: Int
  private let lock = RecursiveLock()
  private var queue: [@Sendable () -> Void] = []
  private var started = 0
  private var idle = 0

  init(limit: Int) { self.limit = limit }

  /// Runs a function on one of the threads.
  func run<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
      add { continuation.resume(with: Result(catching: body)) }
    }
  }

  private func add(_ job: @escaping @Sendable () -> Void) {
    let needsThread = lock.withLock { () -> Bool in
      queue.append(job)
      if queue.count <= idle {
        lock.wakeAll()
        return false
      }
      if started == limit { return false }
      started += 1
      return true
    }
    guard needsThread, !startThread(named: "lathe-wait", { self.loop(forEver: true) }) else { return }
    // A system without another thread to give: the others do it, or else the caller's own.
    let isAlone = lock.withLock { () -> Bool in
      started -= 1
      return started == 0
    }
    if isAlone { loop(forEver: false) }
  }

  /// Does what is in the queue.
  private func loop(forEver: Bool) {
    lock.withLock {
      while true {
        if !queue.isEmpty {
          let job = queue.removeFirst()
          lock.unlocked(job)
        } else if forEver {
          idle += 1
          lock.wait()
          idle -= 1
        } else {
          return
        }
      }
    }
  }
}
