import Glibc
import LatheCore
import Synchronization

/// Free host memory kept for reuse, in size classes: powers of two with four steps between them.
///
/// All memory is aligned to 64 bytes, large blocks to a huge page.
final class BufferPool: Sendable {
  private struct Free {
    /// By class.
    var blocks: [[UInt]] = Array(repeating: [], count: sizeClass(.max / 2).index + 1)
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

  /// The class that a request falls into and the bytes that are taken for it.
  static func sizeClass(_ byteCount: Int) -> (index: Int, size: Int) {
    if byteCount <= 256 { return (0, 256) }
    // Four classes for each power of two: at most a quarter of a block is wasted.
    let exponent = Int.bitWidth - 1 - (byteCount - 1).leadingZeroBitCount
    let step = (1 << exponent) / 4
    let steps = (byteCount + step - 1) / step
    return ((exponent - 8) * 4 + steps - 4, steps * step)
  }

  /// A block of a class, from the pool or new.
  func take(_ byteCount: Int) throws -> UnsafeMutableRawPointer {
    if byteCount > limit { throw outOfMemory(byteCount) }
    let (index, size) = Self.sizeClass(byteCount)
    let cached: UInt? = free.withLock { free in
      guard let address = free.blocks[index].popLast() else { return nil }
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
    let (index, size) = Self.sizeClass(byteCount)
    counters.freed(size)
    free.withLock { free in
      free.taken -= size
      free.cached += size
      free.blocks[index].append(UInt(bitPattern: pointer))
    }
  }

  /// Gives all free blocks back to the system.
  func emptyCache() {
    let (blocks, bytes) = free.withLock { free in
      defer { free.cached = 0 }
      let blocks = free.blocks.flatMap { $0 }
      for index in free.blocks.indices { free.blocks[index] = [] }
      return (blocks, free.cached)
    }
    for address in blocks { Glibc.free(UnsafeMutableRawPointer(bitPattern: address)) }
    counters.released(bytes)
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
