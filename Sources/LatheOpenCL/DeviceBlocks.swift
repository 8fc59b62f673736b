#if OpenCL
  import COpenCL
  import LatheCore

  /// Memory objects of one device.
  struct DeviceBlocks: MemorySource {
    let context: OpenCLContext
    let deviceName: String
    /// Whether the device's memory is the host's: large buffers then lie on huge pages, which drivers do not ask for.
    let isHostMemory: Bool

    func make(_ byteCount: Int) throws -> UInt? {
      guard isHostMemory, AlignedMemory.isLarge(byteCount) else { return try makeObject(byteCount, at: nil) }
      guard let block = AlignedMemory.allocate(byteCount) else { return nil }
      let object = Result { try makeObject(byteCount, at: block) }
      guard case .success(let made?) = object else {
        AlignedMemory.free(block)
        return try object.get()
      }
      // Queued work may outlive the last reference; the driver tells when the memory is no longer used.
      let status = cl.clSetMemObjectDestructorCallback(
        cl_mem(bitPattern: made), { _, block in block.map(AlignedMemory.free) }, block)
      guard status == CL_SUCCESS else {
        // The block stays: whether the driver is done with it cannot be known.
        free(made)
        throw problem("clSetMemObjectDestructorCallback", byteCount, status)
      }
      return made
    }

    /// A buffer in memory of the driver's, or at a place of the host's; nil where there is no memory for it.
    private func makeObject(_ byteCount: Int, at place: UnsafeMutableRawPointer?) throws -> UInt? {
      let flags = CL_MEM_READ_WRITE | (place == nil ? 0 : CL_MEM_USE_HOST_PTR)
      var status: cl_int = 0
      let memory = cl.clCreateBuffer(context.handle, cl_mem_flags(flags), byteCount, place, &status)
      if status == CL_SUCCESS, let memory { return UInt(bitPattern: memory) }
      if OpenCLStatus.isOutOfMemory(status) { return nil }
      throw problem("clCreateBuffer", byteCount, status)
    }

    private func problem(_ function: String, _ byteCount: Int, _ status: cl_int) -> LatheError {
      LatheError(.device, "\(deviceName): \(function) of \(byteCount) bytes: \(OpenCLStatus.name(status))")
    }

    /// The driver keeps what queued work still uses until that is done.
    func free(_ block: UInt) { _ = cl.clReleaseMemObject(cl_mem(bitPattern: block)) }
  }

  extension BufferPool {
    /// A pool of a device's memory.
    convenience init(context: OpenCLContext, info: DeviceInfo, counters: CounterStore) {
      let name = "\(info.index) (\(info.name))"
      self.init(
        DeviceBlocks(context: context, deviceName: name, isHostMemory: info.type == "cpu"),
        counters: counters, deviceName: name,
        limit: memoryLimitFromEnvironment.map { min(info.globalMemory, $0) } ?? info.globalMemory,
        largest: info.largestAllocation, smallest: 512, reuses: environment("LATHE_MEMORY_POOL") != "off")
    }

    /// A buffer of at least `byteCount` bytes.
    package func allocate(_ byteCount: Int) throws -> OpenCLBuffer {
      try OpenCLBuffer(byteCount: byteCount, pool: self)
    }
  }

  extension OpenCLStatus {
    /// Whether a code means that memory ran out.
    static func isOutOfMemory(_ code: Int32) -> Bool {
      code == CL_MEM_OBJECT_ALLOCATION_FAILURE || code == CL_OUT_OF_RESOURCES || code == CL_OUT_OF_HOST_MEMORY
    }
  }
#endif
