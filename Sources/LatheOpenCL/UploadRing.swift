#if OpenCL
  import COpenCL
  import LatheCore
  import Synchronization

  /// Copies to a device with memory of its own, beside its work: through pinned memory, by a queue of their own.
  ///
  /// Pieces of the memory follow one another in a ring and are used again once their copies are done; a large write is
  /// several pieces, so that one is copied while the next is filled. Memory and queue are made at the first write.
  final class UploadRing: Sendable {
    private struct Ring {
      let queue: OpenCLQueue
      let memory: cl_mem
      let bytes: UnsafeMutableRawPointer
      let capacity: Int
      /// Where the next piece begins.
      var head = 0
      var used = 0
      /// In the order of the queue, with what was left out at the end of the ring.
      var pieces: [(size: Int, event: cl_event)] = []
    }

    private struct State: @unchecked Sendable {
      // Unchecked: reached through the mutex alone.
      var ring: Ring?
    }

    private let context: OpenCLContext
    private let device: OpenCLPlace
    private let state = Mutex(State())
    /// The code of the first copy that failed, CL_SUCCESS before that.
    private let failure = Atomic<cl_int>(CL_SUCCESS)

    /// Less is quicker in the order of the main queue.
    static let smallest = 64 << 10
    private static let capacities = [64 << 20, 32 << 20, 16 << 20, 8 << 20]
    private static let largestPiece = 4 << 20

    init(context: OpenCLContext, device: OpenCLPlace) {
      self.context = context
      self.device = device
    }

    deinit {
      state.withLock { state in
        guard var ring = state.ring else { return }
        _ = cl.clFinish(ring.queue.handle)
        reclaim(&ring)
        _ = cl.clEnqueueUnmapMemObject(ring.queue.handle, ring.memory, ring.bytes, 0, nil, nil)
        _ = cl.clReleaseMemObject(ring.memory)
      }
    }

    /// Starts a write of a buffer; the source may be changed once the call returns.
    ///
    /// - Parameters:
    ///   - start: What is waited for; it has been handed to the device.
    ///   - withRoom: Makes a call again once there is memory for it.
    /// - Returns: The event of the last copy that was queued, which the others come before, and what the calls returned.
    func write(
      _ source: UnsafeRawBufferPointer, to buffer: cl_mem, after start: EventReference?,
      withRoom: (() -> cl_int) -> cl_int
    ) -> (last: EventReference?, status: cl_int) {
      state.withLock { state in
        if state.ring == nil {
          let (ring, status) = makeRing()
          guard let ring else { return (nil, status) }
          state.ring = ring
        }
        guard var ring = state.ring.take() else { return (nil, CL_OUT_OF_HOST_MEMORY) }
        defer { state.ring = ring }
        var last: EventReference?
        for offset in stride(from: 0, to: source.count, by: UploadRing.largestPiece) {
          let size = min(UploadRing.largestPiece, source.count - offset)
          let piece = UnsafeRawBufferPointer(rebasing: source[offset..<offset + size])
          let head = ring.head
          let taken = makeRoom(size, &ring)
          let place = ring.bytes + ring.head
          UnsafeMutableRawBufferPointer(start: place, count: size).copyMemory(from: piece)
          var event: cl_event?
          let status = withRoom {
            var wait: cl_event? = offset == 0 ? start?.handle : nil
            let count: cl_uint = wait == nil ? 0 : 1
            return withUnsafePointer(to: &wait) { wait in
              cl.clEnqueueWriteBuffer(
                ring.queue.handle, buffer, cl_bool(CL_FALSE), offset, size, place, count,
                count == 0 ? nil : wait, &event)
            }
          }
          guard status == CL_SUCCESS, let event else {
            // What was left out for this piece is counted with none.
            ring.head = head
            return (last, status)
          }
          ring.head += size
          ring.used += taken
          ring.pieces.append((taken, event))
          last = EventReference(retaining: event)
          let flushed = cl.clFlush(ring.queue.handle)
          guard flushed == CL_SUCCESS else { return (last, flushed) }
        }
        return (last, CL_SUCCESS)
      }
    }

    /// Waits for all copies.
    func finish() {
      let queue = state.withLock { $0.ring?.queue }
      guard let queue else { return }
      let status = cl.clFinish(queue.handle)
      if status != CL_SUCCESS { note(status) }
    }

    /// The code of a copy that failed; nil as long as none is known to have.
    var problem: cl_int? {
      // Where another write is under way, that looks at the events.
      _ = state.withLockIfAvailable { state in
        guard var ring = state.ring.take() else { return }
        reclaim(&ring)
        state.ring = ring
      }
      let status = failure.load(ordering: .acquiring)
      return status == CL_SUCCESS ? nil : status
    }

    private func note(_ status: cl_int) {
      _ = failure.compareExchange(expected: CL_SUCCESS, desired: status, ordering: .acquiringAndReleasing)
    }

    private func makeRing() -> (Ring?, cl_int) {
      var status: cl_int = 0
      let handle = cl.clCreateCommandQueue(context.handle, device.device, 0, &status)
      guard status == CL_SUCCESS, let handle else { return (nil, status) }
      let queue = OpenCLQueue(owning: handle)
      // A host may let programs pin less than others.
      for capacity in UploadRing.capacities {
        let memory = cl.clCreateBuffer(
          context.handle, cl_mem_flags(CL_MEM_READ_WRITE | CL_MEM_ALLOC_HOST_PTR), capacity, nil, &status)
        guard status == CL_SUCCESS, let memory else { continue }
        let bytes = cl.clEnqueueMapBuffer(
          handle, memory, cl_bool(CL_TRUE), cl_map_flags(CL_MAP_WRITE), 0, capacity, 0, nil, nil, &status)
        if status == CL_SUCCESS, let bytes {
          return (Ring(queue: queue, memory: memory, bytes: bytes, capacity: capacity), CL_SUCCESS)
        }
        _ = cl.clReleaseMemObject(memory)
      }
      return (nil, status)
    }

    /// Moves the head to where a piece has room, waiting for the oldest where the ring is full.
    ///
    /// - Returns: What the piece takes of the ring.
    private func makeRoom(_ size: Int, _ ring: inout Ring) -> Int {
      reclaim(&ring)
      // The end of the ring may be reached with nothing left of it.
      let wraps = ring.head + size > ring.capacity
      var skipped = wraps ? ring.capacity - ring.head : 0
      while ring.used + skipped + size > ring.capacity, let oldest = ring.pieces.first {
        var event: cl_event? = oldest.event
        let status = cl.clWaitForEvents(1, &event)
        if status != CL_SUCCESS { note(status) }
        remove(1, &ring)
      }
      if ring.pieces.isEmpty {
        (ring.head, ring.used, skipped) = (0, 0, 0)
      }
      if wraps { ring.head = 0 }
      return skipped + size
    }

    private func reclaim(_ ring: inout Ring) {
      remove(ring.pieces.prefix { EventReference.status(of: $0.event) <= CL_COMPLETE }.count, &ring)
    }

    /// Takes the oldest pieces back.
    private func remove(_ count: Int, _ ring: inout Ring) {
      for piece in ring.pieces.prefix(count) {
        let status = EventReference.status(of: piece.event)
        if status < 0 { note(status) }
        _ = cl.clReleaseEvent(piece.event)
        ring.used -= piece.size
      }
      ring.pieces.removeFirst(count)
    }
  }
#endif
