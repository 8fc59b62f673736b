#if OpenCL
  import COpenCL
  import LatheCore

  /// Memory objects of one device.
  struct DeviceBlocks: MemorySource {
    let context: OpenCLContext
    let queue: OpenCLQueue
    let loss: DeviceLoss
    let deviceName: String
    /// Whether the device's memory is the host's: large buffers then lie on huge pages, which drivers do not ask for.
    let isHostMemory: Bool

    init(context: OpenCLContext, queue: OpenCLQueue, loss: DeviceLoss, info: DeviceInfo) {
      self.context = context
      self.queue = queue
      self.loss = loss
      deviceName = "\(info.index) (\(info.name))"
      isHostMemory = info.type == "cpu"
    }

    func make(_ byteCount: Int) throws -> UInt? {
      if let lost = loss.known { throw lost }
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
      if OpenCLStatus.isLoss(status) { throw loss.found("clCreateBuffer: \(OpenCLStatus.name(status))") }
      throw problem("clCreateBuffer", byteCount, status)
    }

    private func problem(_ function: String, _ byteCount: Int, _ status: cl_int) -> LatheError {
      LatheError(.device, "\(deviceName): \(function) of \(byteCount) bytes: \(OpenCLStatus.name(status))")
    }

    var position: Int { queue.markers.position }

    /// The driver keeps what queued work still uses until that is done.
    func free(_ block: UInt) { _ = cl.clReleaseMemObject(cl_mem(bitPattern: block)) }

    /// Drivers have the memory of released buffers again once the work that used them is done.
    func settle() throws {
      let status = cl.clFinish(queue.handle)
      guard status == CL_SUCCESS else { throw loss.found("clFinish: \(OpenCLStatus.name(status))") }
    }
  }

  extension BufferPool {
    /// A pool of a device's memory, of which a part is left to the driver and to others.
    convenience init(_ blocks: DeviceBlocks, info: DeviceInfo, counters: CounterStore) {
      let most = info.globalMemory / 100 * 92
      self.init(
        blocks, counters: counters, deviceName: blocks.deviceName,
        limit: memoryLimitFromEnvironment.map { min(info.globalMemory, $0) } ?? most,
        largest: info.largestAllocation, smallest: 512, reuses: environment("LATHE_MEMORY_POOL") != "off")
    }

    /// A buffer of at least `byteCount` bytes.
    package func allocate(_ byteCount: Int) throws -> OpenCLBuffer {
      try OpenCLBuffer(byteCount: byteCount, pool: self)
    }
  }
#endif
