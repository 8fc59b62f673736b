#if OpenCL
  import COpenCL
  import LatheCore
  import Synchronization

  // Writes. On devices with memory of their own, large ones go beside the device's work: the copy waits for the work that
  // was handed out before its buffer was free, and the first to use the buffer in the main queue waits for the copy.

  /// Copies to buffers that nothing in the main queue has waited for yet.
  struct Arrivals: Sendable {
    private var copies: [UInt: EventReference] = [:]

    /// The copies to a kernel's buffers.
    func copies(to arguments: [KernelArgument]) -> [(memory: UInt, copy: EventReference)] {
      if copies.isEmpty { return [] }
      return copies(
        to: arguments.compactMap { argument in
          guard case .memory(let memory) = argument else { return nil }
          return UInt(bitPattern: memory)
        })
    }

    /// The copies to buffers by their handles' bits.
    func copies(to memories: [UInt]) -> [(memory: UInt, copy: EventReference)] {
      memories.compactMap { memory in copies[memory].map { (memory, $0) } }
    }

    /// A copy was queued, behind those to the same buffer before.
    mutating func add(_ copy: EventReference, to memory: cl_mem) {
      if copies.count >= 64 {
        copies = copies.filter { EventReference.status(of: $0.value.handle) > CL_COMPLETE }
      }
      copies[UInt(bitPattern: memory)] = copy
    }

    /// The main queue waits for a copy from now on.
    mutating func remove(_ copy: EventReference, to memory: UInt) {
      if copies[memory] === copy { copies[memory] = nil }
    }
  }

  extension OpenCLBackend {
    package func upload(_ source: UnsafeRawBufferPointer) throws -> Buffer {
      guard uploads != nil, source.count >= UploadRing.smallest else {
        let buffer = try pool.allocate(source.count)
        try write(source, to: buffer)
        return buffer
      }
      let buffer = try OpenCLBuffer(byteCount: source.count, pool: pool, uploadedBeside: queue.markers)
      try writeBeside(source, to: buffer.memory, after: buffer.lastUse)
      return buffer
    }

    package func write(_ source: UnsafeRawBufferPointer, to buffer: Buffer) throws {
      guard source.count > 0 else { return }
      let memory = unsafeDowncast(buffer, to: OpenCLBuffer.self).memory
      if uploads != nil, source.count >= UploadRing.smallest {
        return try writeBeside(source, to: memory, after: queue.markers.position)
      }
      try writeInOrder(source, to: memory)
    }

    /// A write by the queue of copies, behind the main queue's work before a position.
    private func writeBeside(_ source: UnsafeRawBufferPointer, to memory: cl_mem, after position: Int) throws
    {
      guard let uploads else { return }
      if let known = loss.known { throw known }
      let (start, status) = queue.markers.event(before: position, in: queue.handle)
      guard status == CL_SUCCESS else { throw failure("marker of a write", status, bytes: 0) }
      // What another queue waits for has to be handed to the device.
      if start != nil { try flush() }
      let (last, written) = uploads.write(source, to: memory, after: start, withRoom: withRoom)
      if let last { state.withLock { $0.arrivals.add(last, to: memory) } }
      guard written == CL_SUCCESS else {
        throw failure("write of \(source.count) bytes", written, bytes: source.count)
      }
    }

    /// A write in the order of the main queue.
    private func writeInOrder(_ source: UnsafeRawBufferPointer, to memory: cl_mem) throws {
      guard let from = source.baseAddress else { return }
      // Through a copy of its own the call need not wait for the work that is queued before it.
      let piece = staging.piece(source.count)
      if let piece { piece.pointer.copyMemory(from: from, byteCount: source.count) }
      var event: cl_event?
      let status = withRoom {
        afterArrival(at: memory) { count, waits in
          guard let piece else {
            return cl.clEnqueueWriteBuffer(
              queue.handle, memory, cl_bool(CL_TRUE), 0, source.count, from, count, waits, nil)
          }
          return cl.clEnqueueWriteBuffer(
            queue.handle, memory, cl_bool(CL_FALSE), 0, source.count, piece.pointer, count, waits, &event)
        }
      }
      guard status == CL_SUCCESS else {
        if let piece { staging.discard(piece) }
        throw failure("write of \(source.count) bytes", status, bytes: source.count)
      }
      queue.markers.advance()
      guard let piece, let event else { return }
      staging.inFlight(piece, until: event)
      try flush()
    }

    /// A call of the main queue on buffers, behind what is still on its way to them.
    func afterArrival(at memories: cl_mem..., call: (cl_uint, UnsafePointer<cl_event?>?) -> cl_int) -> cl_int
    {
      let handles = memories.map { UInt(bitPattern: $0) }
      let copies = state.withLock { $0.arrivals.copies(to: handles) }
      if !copies.isEmpty, isWithoutArrivals { return CL_DEVICE_NOT_AVAILABLE }
      let status = call(cl_uint(copies.count), copies.isEmpty ? nil : copies.map { $0.copy.handle })
      guard status == CL_SUCCESS, !copies.isEmpty else { return status }
      state.withLock { state in for (memory, copy) in copies { state.arrivals.remove(copy, to: memory) } }
      return status
    }

    /// Whether waiting for copies has no end: one that failed never arrives, and not every driver tells those that wait for it.
    var isWithoutArrivals: Bool { loss.known != nil || uploads?.problem != nil }

    /// Throws where a copy to the device failed: what it should have written, nobody knows.
    func checkUploads() throws {
      if let problem = uploads?.problem {
        throw loss.found("copy to the device: \(OpenCLStatus.name(problem))")
      }
    }
  }
#endif
