import Synchronization

/// Where a pool's memory comes from; a block is an address or a driver's handle.
package protocol MemorySource: Sendable {
  /// A new block, or nil where there is no memory for it.
  func make(_ byteCount: Int) throws -> UInt?
  /// Gives a block back to the system.
  func free(_ block: UInt)
}

/// Free memory of one device, kept for reuse by size classes.
///
/// Sizes are rounded up to 4, 5, 6 or 7 times a power of two, so that at most a quarter is wasted and batches of nearly the
/// same size share memory. Once each size has been seen no block is made any more.
package final class BufferPool: Sendable {
  private struct State {
    /// By class.
    var free: [[UInt]] = Array(repeating: [], count: sizeClass(.max / 2).index + 1)
    var taken = 0
    var cached = 0
  }

  private let source: any MemorySource
  private let counters: CounterStore
  private let deviceName: String
  private let largestBlock: Int
  private let smallestBlock: Int
  /// False where blocks are of exactly the size asked for and freed at once, so that tools that watch accesses see where
  /// each ends and what was written to it.
  private let reuses: Bool
  private let state = Mutex(State())
  /// Bytes that blocks in use and free ones together may take.
  package let limit: Int

  /// An empty pool.
  ///
  /// - Parameters:
  ///   - source: Where blocks come from.
  ///   - counters: Counts them.
  ///   - deviceName: For errors.
  ///   - limit: The most bytes.
  ///   - largest: The most bytes of one block.
  ///   - smallest: The least bytes of one block, 256 or more.
  ///   - reuses: Whether free blocks are kept.
  package init(
    _ source: any MemorySource, counters: CounterStore, deviceName: String, limit: Int, largest: Int? = nil,
    smallest: Int = 256, reuses: Bool = true
  ) {
    self.source = source
    self.counters = counters
    self.deviceName = deviceName
    self.limit = limit
    largestBlock = largest ?? limit
    smallestBlock = smallest
    self.reuses = reuses
  }

  deinit { emptyCache() }

  /// The class that a request falls into and its bytes.
  package static func sizeClass(_ byteCount: Int) -> (index: Int, size: Int) {
    if byteCount <= 256 { return (0, 256) }
    let exponent = Int.bitWidth - 1 - (byteCount - 1).leadingZeroBitCount
    let step = (1 << exponent) / 4
    let steps = (byteCount + step - 1) / step
    return ((exponent - 8) * 4 + steps - 4, steps * step)
  }

  /// The class of a request to this pool, and the bytes that are taken for it.
  private func place(_ byteCount: Int) -> (index: Int, size: Int) {
    guard reuses else { return (0, max(byteCount, 1)) }
    let (index, size) = Self.sizeClass(max(byteCount, smallestBlock))
    return (index, min(size, largestBlock))
  }

  /// A block of at least as many bytes, free until now or new; goes back by `give`.
  ///
  /// - Throws: `LatheError` of kind `outOfMemory`, and what the system says else.
  package func take(_ byteCount: Int) throws -> UInt {
    guard byteCount <= largestBlock else { throw outOfMemory(byteCount, limit: largestBlock) }
    let (index, size) = place(byteCount)
    let cached: UInt? = state.withLock { state in
      guard reuses, let block = state.free[index].popLast() else { return nil }
      state.cached -= size
      state.taken += size
      return block
    }
    if let cached {
      counters.allocated(size, fromPool: true)
      return cached
    }
    guard reserve(size) else { throw outOfMemory(byteCount) }
    do {
      // The system may have room once it has the free blocks; none may come back between that and the second try.
      guard let block = try source.make(size) ?? state.withLock({ try make(size, emptying: &$0) }) else {
        throw outOfMemory(byteCount)
      }
      counters.allocated(size, fromPool: false)
      return block
    } catch {
      state.withLock { $0.taken -= size }
      throw error
    }
  }

  /// Takes a block back that `take` gave for as many bytes.
  package func give(_ block: UInt, byteCount: Int) {
    let (index, size) = place(byteCount)
    counters.freed(size)
    state.withLock { state in
      state.taken -= size
      state.cached += size
      state.free[index].append(block)
    }
    if !reuses { emptyCache() }
  }

  /// Gives all free blocks back to the system.
  package func emptyCache() {
    state.withLock { empty(&$0) }
  }

  private func empty(_ state: inout State) {
    for index in state.free.indices {
      for block in state.free[index] { source.free(block) }
      state.free[index] = []
    }
    counters.released(state.cached)
    state.cached = 0
  }

  private func make(_ size: Int, emptying state: inout State) throws -> UInt? {
    empty(&state)
    return try source.make(size)
  }

  /// An error that names what is held now.
  package func outOfMemory(_ requested: Int, limit: Int? = nil) -> LatheError {
    .outOfMemory(
      device: deviceName, requested: requested, inUse: state.withLock { $0.taken }, limit: limit ?? self.limit
    )
  }

  /// Counts a new block if it fits into the limit, for which free blocks leave.
  ///
  /// At once: what other threads give back between the two would be in the way of a block that fits.
  private func reserve(_ size: Int) -> Bool {
    state.withLock { state in
      guard state.taken + size <= limit else { return false }
      if state.taken + state.cached + size > limit { empty(&state) }
      state.taken += size
      return true
    }
  }
}
