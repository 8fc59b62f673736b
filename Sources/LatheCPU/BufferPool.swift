import Glibc
import LatheCore
import Synchronization

/// Free host memory kept for reuse, in size classes: powers of two with four steps between them.
///
/// All memory is aligned to 64 bytes, large blocks to a huge page.
final class BufferPool: Sendable {
  private struct Free {
    var blocks: [Int: [UInt]] = [:]
    var taken = 0
    var cached = 0
  }

  private let free = Mutex(Free())
  private let counters: CounterStore
  /// Bytes that buffers in use and cached ones together may take.
  let limit: Int

  /// A pool that counts in `counters`.
  init(counters: CounterStore, limit: Int) {
    self.counters = counters
    self.limit = limit
  }

  deinit { emptyCache() }

  /// The bytes taken for a request: the class it falls into.
  static func classSize(_ byteCount: Int) -> Int {
    if byteCount <= 256 { return 256 }
    // Four classes for each power of two: at most a quarter of a block is wasted.
    let step = max(64, (1 << (Int.bitWidth - 1 - (byteCount - 1).leadingZeroBitCount)) / 4)
    return (byteCount + step - 1) / step * step
  }

  /// A block of a class, from the pool or new.
  func take(_ byteCount: Int) throws -> UnsafeMutableRawPointer {
    if byteCount > limit { throw outOfMemory(byteCount) }
    let size = Self.classSize(byteCount)
    let cached: UInt? = free.withLock { free in
      guard let address = free.blocks[size]?.popLast() else { return nil }
      free.cached -= size
      free.taken += size
      return address
    }
    if let cached, let pointer = UnsafeMutableRawPointer(bitPattern: cached) {
      counters.allocated(size, fromPool: true)
      return pointer
    }
    if !reserve(size) {
      emptyCache()
      guard reserve(size) else { throw outOfMemory(byteCount) }
    }
    let isLarge = size >= 4 << 20
    guard let pointer = aligned_alloc(isLarge ? 2 << 20 : 64, size) else {
      free.withLock { $0.taken -= size }
      throw outOfMemory(byteCount)
    }
    if isLarge { madvise(pointer, size, MADV_HUGEPAGE) }
    counters.allocated(size, fromPool: false)
    return pointer
  }

  /// Takes a block back that `take` gave for as many bytes.
  func give(_ pointer: UnsafeMutableRawPointer, byteCount: Int) {
    let size = Self.classSize(byteCount)
    counters.freed(size)
    free.withLock { free in
      free.taken -= size
      free.cached += size
      free.blocks[size, default: []].append(UInt(bitPattern: pointer))
    }
  }

  /// Gives all free blocks back to the system.
  func emptyCache() {
    let blocks = free.withLock { free in
      let blocks = free.blocks
      free.blocks = [:]
      free.cached = 0
      return blocks
    }
    for (size, addresses) in blocks {
      for address in addresses { Glibc.free(UnsafeMutableRawPointer(bitPattern: address)) }
      counters.released(size * addresses.count)
    }
  }

  /// Counts a new block if it fits into the limit.
  private func reserve(_ size: Int) -> Bool {
    free.withLock { free in
      guard free.taken + free.cached + size <= limit else { return false }
      free.taken += size
      return true
    }
  }

  private func outOfMemory(_ byteCount: Int) -> LatheError {
    .outOfMemory(device: "cpu", requested: byteCount, inUse: counters.snapshot().bytesInUse, limit: limit)
  }
}
