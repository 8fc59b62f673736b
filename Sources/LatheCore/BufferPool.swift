import Synchronization

/// Where a pool's memory comes from; a block is an address or a driver's handle.
package protocol MemorySource: Sendable {
  /// A new block, or nil where there is no memory for it.
  func make(_ byteCount: Int) throws -> UInt?
  /// Gives a block back to the system.
  func free(_ block: UInt)
  /// Waits until the system has what was given back.
  func settle() throws
  /// How much work the device was given so far, a number that rises with it.
  var position: Int { get }
}

extension MemorySource {
  /// Where what is given back is the system's at once.
  package func settle() throws {}
  /// Of memory whose users are done when they give it back.
  package var position: Int { 0 }
}

/// Free memory of one device, kept for reuse.
///
/// Sizes are rounded up to 4, 5, 6 or 7 times a power of two, large ones to 2 MB, so that at most a quarter is wasted and
/// batches of nearly the same size share memory. A block of more than 1 MB also serves requests of two thirds of it and
/// more. Once each size has been seen no block is made any more; where the limit is reached, those used least recently go.
package final class BufferPool: Sendable {
  /// Memory that the pool handed out.
  package struct Block: Sendable {
    /// The address or handle.
    package let handle: UInt
    /// What it has, at least as much as was asked for.
    package let size: Int
    /// Whether it holds what the host writes beside the device's work.
    package var isForUploads = false
    /// The source's position when it was given back last: what used it was handed out before.
    package fileprivate(set) var lastUse = 0
  }

  private struct State {
    var free = FreeBlocks()
    /// Blocks for uploads, those given back first at the front: what comes of the device's work must not be in their place, or
    /// an upload would have to wait for it.
    var uploads: [Block] = []
    var taken = 0
    var cached = 0

    /// A block that can go: those for uploads last, of which there are few.
    mutating func takeOldest() -> Block? {
      free.takeOldest() ?? (uploads.isEmpty ? nil : uploads.removeFirst())
    }
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

  /// Free blocks that are kept for uploads.
  private static let mostUploads = 8
  /// What larger sizes are rounded up to, as soon as that is less than a quarter.
  private static let largeStep = 2 << 20

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

  /// The class that a request falls into and its bytes; large ones have classes of the same number.
  package static func sizeClass(_ byteCount: Int) -> (index: Int, size: Int) {
    if byteCount <= 256 { return (0, 256) }
    let exponent = Int.bitWidth - 1 - (byteCount - 1).leadingZeroBitCount
    let step = min((1 << exponent) / 4, largeStep)
    let size = (byteCount + step - 1) / step * step
    return ((exponent - 8) * 4 + ((size - (1 << exponent)) * 4) >> exponent, size)
  }

  /// The bytes that are taken for a request.
  private func size(_ byteCount: Int) -> Int {
    guard reuses else { return max(byteCount, 1) }
    return min(Self.sizeClass(max(byteCount, smallestBlock)).size, largestBlock)
  }

  /// A block of at least as many bytes, free until now or new; goes back by `give`.
  ///
  /// - Parameter isForUploads: Whether the host writes it beside the device's work.
  /// - Throws: `LatheError` of kind `outOfMemory`, and what the system says else.
  package func take(_ byteCount: Int, isForUploads: Bool = false) throws -> Block {
    var block = try anyBlock(byteCount, isForUploads)
    block.isForUploads = isForUploads
    return block
  }

  private func anyBlock(_ byteCount: Int, _ isForUploads: Bool) throws -> Block {
    guard byteCount <= largestBlock else { throw outOfMemory(byteCount, limit: largestBlock) }
    let size = size(byteCount)
    let cached: Block? = state.withLock { state in
      let own = isForUploads ? state.uploads.firstIndex { $0.size == size } : nil
      guard reuses, let block = own.map({ state.uploads.remove(at: $0) }) ?? state.free.take(size) else {
        return nil
      }
      state.cached -= block.size
      state.taken += block.size
      return block
    }
    if let cached {
      counters.allocated(cached.size, fromPool: true)
      return cached
    }
    guard reserve(size) else { throw outOfMemory(byteCount) }
    do {
      // The system may have room once it has the free blocks; none may come back between that and the second try.
      guard let handle = try source.make(size) ?? state.withLock({ try make(size, emptying: &$0) }) else {
        throw outOfMemory(byteCount)
      }
      counters.allocated(size, fromPool: false)
      return Block(handle: handle, size: size)
    } catch {
      state.withLock { $0.taken -= size }
      throw error
    }
  }

  /// Takes a block back that `take` gave.
  package func give(_ block: Block) {
    counters.freed(block.size)
    var block = block
    block.lastUse = source.position
    state.withLock { state in
      state.taken -= block.size
      state.cached += block.size
      guard block.isForUploads else { return state.free.keep(block) }
      state.uploads.append(block)
      if state.uploads.count > BufferPool.mostUploads { state.free.keep(state.uploads.removeFirst()) }
    }
    if !reuses { emptyCache() }
  }

  /// Gives all free blocks back to the system.
  package func emptyCache() {
    state.withLock { empty(&$0) }
  }

  /// Bytes in blocks that are in use.
  package var bytesTaken: Int { state.withLock { $0.taken } }

  private func empty(_ state: inout State) {
    while let block = state.takeOldest() { release(block, &state) }
  }

  private func release(_ block: Block, _ state: inout State) {
    source.free(block.handle)
    counters.released(block.size)
    state.cached -= block.size
  }

  private func make(_ size: Int, emptying state: inout State) throws -> UInt? {
    empty(&state)
    try source.settle()
    return try source.make(size)
  }

  /// An error that names what is held now.
  package func outOfMemory(_ requested: Int, limit: Int? = nil) -> LatheError {
    .outOfMemory(
      device: deviceName, requested: requested, inUse: bytesTaken, limit: limit ?? self.limit)
  }

  /// Counts a new block if it fits into the limit, for which free blocks leave, those used least recently first.
  ///
  /// At once: what other threads give back between the two would be in the way of a block that fits.
  private func reserve(_ size: Int) -> Bool {
    state.withLock { state in
      guard state.taken + size <= limit else { return false }
      while state.taken + state.cached + size > limit, let block = state.takeOldest() {
        release(block, &state)
      }
      state.taken += size
      return true
    }
  }
}
