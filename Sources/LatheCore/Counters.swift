import Synchronization

/// Counts of what a device did and of the memory it holds.
public struct Counters: Sendable, Hashable, Codable {
  /// Kernels launched (on the CPU: passes over memory started).
  public var launches = 0
  /// Element-wise operations that ran inside another operation's kernel instead of on their own.
  public var fusedOperations = 0
  /// Operations that the device had no kernel for and the CPU did.
  public var fallbacks = 0
  /// Tuned kernels that failed to build or to start and gave way to their next best parameters.
  public var replacedKernels = 0
  /// Programs that a driver built with its own declarations of built-in functions only, which takes longer.
  public var refusedDeclarations = 0
  /// Buffers taken from the system, not from the pool.
  public var allocations = 0
  /// Bytes in buffers that tensors hold.
  public var bytesInUse = 0
  /// The largest `bytesInUse` so far.
  public var peakBytes = 0
  /// Bytes in free buffers of the pool.
  public var cachedBytes = 0

  /// All zero.
  public init() {}
}

/// The live counters of a backend; safe to use from any thread.
public final class CounterStore: Sendable {
  private struct State {
    var counters = Counters()
    /// The largest `bytesInUse` since `startPeak`.
    var recentPeak = 0
  }

  private let state = Mutex(State())

  /// All zero.
  public init() {}

  /// The counts now.
  public func snapshot() -> Counters { state.withLock { $0.counters } }

  /// Starts anew but for the memory held.
  public func reset() {
    state.withLock {
      var fresh = Counters()
      fresh.bytesInUse = $0.counters.bytesInUse
      fresh.peakBytes = $0.counters.bytesInUse
      fresh.cachedBytes = $0.counters.cachedBytes
      $0.counters = fresh
    }
  }

  /// Starts a peak of its own beside that of the counters.
  public func startPeak() { state.withLock { $0.recentPeak = $0.counters.bytesInUse } }

  /// The most bytes in use since `startPeak`.
  public var recentPeak: Int { state.withLock { $0.recentPeak } }

  /// Counts kernels.
  public func launched(_ count: Int = 1) { state.withLock { $0.counters.launches += count } }
  /// Counts operations that ran inside another's kernel.
  public func fused(_ count: Int) { state.withLock { $0.counters.fusedOperations += count } }
  /// Counts an operation that the CPU did instead.
  public func fellBack() { state.withLock { $0.counters.fallbacks += 1 } }

  /// Counts a tuned kernel that gave way to its next best parameters.
  public func replacedKernel() { state.withLock { $0.counters.replacedKernels += 1 } }

  /// Counts a program that was built with the driver's declarations.
  public func refusedDeclarations() { state.withLock { $0.counters.refusedDeclarations += 1 } }

  /// Counts a buffer of `bytes` handed out, from the pool or new from the system.
  public func allocated(_ bytes: Int, fromPool: Bool) {
    state.withLock {
      if fromPool { $0.counters.cachedBytes -= bytes } else { $0.counters.allocations += 1 }
      $0.counters.bytesInUse += bytes
      $0.counters.peakBytes = max($0.counters.peakBytes, $0.counters.bytesInUse)
      $0.recentPeak = max($0.recentPeak, $0.counters.bytesInUse)
    }
  }

  /// Counts a buffer of `bytes` given back to the pool.
  public func freed(_ bytes: Int) {
    state.withLock {
      $0.counters.bytesInUse -= bytes
      $0.counters.cachedBytes += bytes
    }
  }

  /// Counts `bytes` of the pool given back to the system.
  public func released(_ bytes: Int) { state.withLock { $0.counters.cachedBytes -= bytes } }
}
