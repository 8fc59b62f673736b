#if OpenCL
  import COpenCL
  import LatheCore

  /// A buffer of device memory; goes back to its pool with its last reference.
  ///
  /// The pool may hand it out again while work that uses it is still queued: the queue is in order, so that
  /// the next user's work comes after it.
  package final class OpenCLBuffer: Buffer, @unchecked Sendable {
    // Unchecked: immutable but for `doubt`, which whoever writes the content sets: nobody else uses the buffer then.
    /// The memory object.
    package let memory: cl_mem
    private let block: BufferPool.Block
    private let pool: BufferPool
    /// What may be wrong with the content.
    var doubt: Doubt?

    init(byteCount: Int, pool: BufferPool) throws {
      block = try pool.take(byteCount)
      guard let memory = cl_mem(bitPattern: block.handle) else {
        throw pool.outOfMemory(byteCount)
      }
      self.memory = memory
      self.pool = pool
      super.init(byteCount: byteCount)
    }

    deinit { pool.give(block) }
  }

  extension Operand {
    /// The operand's memory object.
    package var memory: cl_mem { unsafeDowncast(buffer, to: OpenCLBuffer.self).memory }
  }
#endif
