import LatheCore

/// Host memory of a pool, aligned to 64 bytes.
package final class CPUBuffer: Buffer, @unchecked Sendable {
  // Unchecked: the pointer never changes, and what it points to is ordered as `Buffer` says.

  /// The memory.
  package let pointer: UnsafeMutableRawPointer
  private let block: BufferPool.Block
  private let pool: BufferPool

  init(byteCount: Int, pool: BufferPool) throws {
    block = try pool.take(byteCount)
    guard let pointer = UnsafeMutableRawPointer(bitPattern: block.handle) else {
      throw pool.outOfMemory(byteCount)
    }
    self.pointer = pointer
    self.pool = pool
    super.init(byteCount: byteCount)
  }

  deinit { pool.give(block) }
}
