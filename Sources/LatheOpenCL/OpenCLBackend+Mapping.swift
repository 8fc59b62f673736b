#if OpenCL
  import COpenCL
  import LatheCore

  // Buffers that the host sees for a while: on devices that share the host's memory nothing is copied.

  extension OpenCLBackend {
    package func fill(
      _ buffer: Buffer, byteCount: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> Void
    ) throws {
      try withMapped(buffer, CL_MAP_WRITE_INVALIDATE_REGION, offset: 0, count: byteCount, body)
    }

    package func withBytes(
      of buffer: Buffer, offset: Int, count: Int, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
      guard count > 0 else { return try check(buffer) }
      try withMapped(buffer, CL_MAP_READ, offset: offset, count: count) { bytes in
        collectTrace()
        try check(buffer)
        try body(UnsafeRawBufferPointer(bytes))
      }
    }

    /// Maps a part of a buffer while a function runs; waits for all work that was queued before.
    private func withMapped(
      _ buffer: Buffer, _ access: Int32, offset: Int, count: Int,
      _ body: (UnsafeMutableRawBufferPointer) throws -> Void
    ) throws {
      guard count > 0 else { return }
      let memory = unsafeDowncast(buffer, to: OpenCLBuffer.self).memory
      var mapped: UnsafeMutableRawPointer?
      var status = withRoom {
        var status: cl_int = 0
        return afterArrival(at: memory) { waitCount, waits in
          mapped = cl.clEnqueueMapBuffer(
            queue.handle, memory, cl_bool(CL_TRUE), cl_map_flags(access), offset, count, waitCount, waits,
            nil, &status)
          return status
        }
      }
      guard status == CL_SUCCESS, let mapped else {
        throw failure("map of \(count) bytes", status, bytes: count)
      }
      try checkUploads()
      let result = Result { try body(UnsafeMutableRawBufferPointer(start: mapped, count: count)) }
      status = cl.clEnqueueUnmapMemObject(queue.handle, memory, mapped, 0, nil, nil)
      queue.markers.advance()
      try result.get()
      guard status == CL_SUCCESS else { throw failure("unmap of \(count) bytes", status, bytes: count) }
    }
  }
#endif
