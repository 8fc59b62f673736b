#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A lock that its holder may take again, can give up for a while, and can wait with until others have changed something.
package final class RecursiveLock: @unchecked Sendable {
  // Unchecked: the pthread objects are made for use from any thread, and their addresses never change; `depth` is
  // touched by the holder alone.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  /// How often the holder has taken it.
  private var depth = 0

  package init() {
    var attributes = pthread_mutexattr_t()
    pthread_mutexattr_init(&attributes)
    pthread_mutexattr_settype(&attributes, Int32(PTHREAD_MUTEX_RECURSIVE))
    pthread_mutex_init(mutex, &attributes)
    pthread_mutexattr_destroy(&attributes)
    pthread_cond_init(changed, nil)
  }

  deinit {
    pthread_cond_destroy(changed)
    changed.deallocate()
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  package func withLock<T, E: Error>(_ body: () throws(E) -> T) throws(E) -> T {
    pthread_mutex_lock(mutex)
    depth += 1
    defer {
      depth -= 1
      pthread_mutex_unlock(mutex)
    }
    return try body()
  }

  /// Runs a function without the lock, which the caller holds, however often it took it; others may change meanwhile what
  /// it guards.
  package func unlocked<T, E: Error>(_ body: () throws(E) -> T) throws(E) -> T {
    let held = depth
    depth = 0
    for _ in 0..<held { pthread_mutex_unlock(mutex) }
    defer {
      for _ in 0..<held { pthread_mutex_lock(mutex) }
      depth = held
    }
    return try body()
  }

  /// Gives the lock up, which the caller holds, until somebody calls `wakeAll`, or for no reason before that.
  package func wait() {
    let held = depth
    depth = 0
    // The condition gives up the last one itself.
    for _ in 1..<held { pthread_mutex_unlock(mutex) }
    pthread_cond_wait(changed, mutex)
    for _ in 1..<held { pthread_mutex_lock(mutex) }
    depth = held
  }

  /// Wakes those that wait: what the lock guards has changed.
  package func wakeAll() { pthread_cond_broadcast(changed) }
}
