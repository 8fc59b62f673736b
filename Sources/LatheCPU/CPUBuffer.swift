import LatheCore

/// Host memory: of a pool, aligned to 64 bytes, or of somebody else who keeps it, such as a mapped file.
package final class CPUBuffer: Buffer, @unchecked Sendable {
  // Unchecked: the pointer never changes, and what it points to is ordered as `Buffer` says.

  /// The memory.
  package let pointer: UnsafeMutableRawPointer
  private let owner: Owner

  /// Who takes the memory back.
  private enum Owner {
    case pool(BufferPool, BufferPool.Block)
    case other(AnyObject)
  }

  init(byteCount: Int, pool: BufferPool) throws {
    let block = try pool.take(byteCount)
    guard let pointer = UnsafeMutableRawPointer(bitPattern: block.handle) else {
      throw pool.outOfMemory(byteCount)
    }
    self.pointer = pointer
    owner = .pool(pool, block)
    super.init(byteCount: byteCount)
  }

  /// Memory that stays as long as its owner.
  init(_ pointer: UnsafeMutableRawPointer, byteCount: Int, owner: AnyObject) {
    self.pointer = pointer
    self.owner = .other(owner)
    super.init(byteCount: byteCount)
  }

  deinit { if case .pool(let pool, let block) = owner { pool.give(block) } }
}
