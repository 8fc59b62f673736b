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
  private let state = Mutex(Counters())
  /// The largest `bytesInUse` since `startPeak`.
  private let recent = Mutex(0)

  /// All zero.
  public init() {}

  /// The counts now.
  public func snapshot() -> Counters { state.withLock { $0 } }

  /// Starts anew but for the memory held.
  public func reset() {
    state.withLock {
      var fresh = Counters()
      fresh.bytesInUse = $0.bytesInUse
      fresh.peakBytes = $0.bytesInUse
      fresh.cachedBytes = $0.cachedBytes
      $0 = fresh
    }
  }

  /// Starts a peak of its own beside that of the counters.
  public func startPeak() {
    let bytes = state.withLock { $0.bytesInUse }
    recent.withLock { $0 = bytes }
  }

  /// The most bytes in use since `startPeak`.
  public var recentPeak: Int { recent.withLock { $0 } }

  /// Counts kernels.
  public func launched(_ count: Int = 1) { state.withLock { $0.launches += count } }
  /// Counts operations that ran inside another's kernel.
  public func fused(_ count: Int) { state.withLock { $0.fusedOperations += count } }
  /// Counts an operation that the CPU did instead.
  public func fellBack() { state.withLock { $0.fallbacks += 1 } }

  /// Counts a tuned kernel that gave way to its next best parameters.
  public func replacedKernel() { state.withLock { $0.replacedKernels += 1 } }

  /// Counts a program that was built with the driver's declarations.
  public func refusedDeclarations() { state.withLock { $0.refusedDeclarations += 1 } }

  /// Counts a buffer of `bytes` handed out, from the pool or new from the system.
  public func allocated(_ bytes: Int, fromPool: Bool) {
    state.withLock {
      if fromPool { $0.cachedBytes -= bytes } else { $0.allocations += 1 }
      $0.bytesInUse += bytes
      $0.peakBytes = max($0.peakBytes, $0.bytesInUse)
      let bytes = $0.bytesInUse
      recent.withLock { $0 = max($0, bytes) }
    }
  }

  /// Counts a buffer of `bytes` given back to the pool.
  public func freed(_ bytes: Int) {
    state.withLock {
      $0.bytesInUse -= bytes
      $0.cachedBytes += bytes
    }
  }

  /// Counts `bytes` of the pool given back to the system.
  public func released(_ bytes: Int) { state.withLock { $0.cachedBytes -= bytes } }
}
