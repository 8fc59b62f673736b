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
    /// Of the queue whose work the next upload to this memory waits for; nil where no upload is meant.
    private let markers: QueueMarkers?
    /// What may be wrong with the content.
    var doubt: Doubt?

    /// Where work queued up to then may still use the memory.
    var lastUse: Int { block.lastUse }

    init(byteCount: Int, pool: BufferPool, uploadedBeside markers: QueueMarkers? = nil) throws {
      self.markers = markers
      block = try pool.take(byteCount, isForUploads: markers != nil)
      guard let memory = cl_mem(bitPattern: block.handle) else {
        throw pool.outOfMemory(byteCount)
      }
      self.memory = memory
      self.pool = pool
      super.init(byteCount: byteCount)
    }

    deinit {
      pool.give(block)
      // A marker right here, so that the next upload waits for no more than it must.
      markers?.want()
    }
  }

  extension Operand {
    /// The operand's memory object.
    package var memory: cl_mem { unsafeDowncast(buffer, to: OpenCLBuffer.self).memory }
  }
#endif
