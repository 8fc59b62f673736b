#if OpenCL
  import COpenCL
  import LatheCore

  /// Memory objects of one device.
  struct DeviceBlocks: MemorySource {
    let context: OpenCLContext
    let deviceName: String

    func make(_ byteCount: Int) throws -> UInt? {
      var status: cl_int = 0
      let memory = cl.clCreateBuffer(
        context.handle, cl_mem_flags(CL_MEM_READ_WRITE), byteCount, nil, &status)
      if status == CL_SUCCESS, let memory { return UInt(bitPattern: memory) }
      if OpenCLStatus.isOutOfMemory(status) { return nil }
      throw LatheError(
        .device, "\(deviceName): clCreateBuffer of \(byteCount) bytes: \(OpenCLStatus.name(status))")
    }

    /// The driver keeps what queued work still uses until that is done.
    func free(_ block: UInt) { _ = cl.clReleaseMemObject(cl_mem(bitPattern: block)) }
  }

  extension BufferPool {
    /// A pool of a device's memory.
    convenience init(context: OpenCLContext, info: DeviceInfo, counters: CounterStore) {
      let name = "\(info.index) (\(info.name))"
      self.init(
        DeviceBlocks(context: context, deviceName: name), counters: counters, deviceName: name,
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
