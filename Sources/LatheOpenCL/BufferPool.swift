#if OpenCL
  import COpenCL
  import LatheCore
  import Synchronization

  /// Free buffers of one device, sorted by size class.
  ///
  /// Sizes are rounded up to 4, 5, 6 or 7 times a power of two, so that at most a quarter is wasted and
  /// batches of nearly the same size share buffers. Once each size has been seen no buffer is made any more.
  package final class BufferPool: @unchecked Sendable {
    // Unchecked: the free lists are guarded by `state`; memory handles are plain pointers.
    private let context: OpenCLContext
    private let counters: CounterStore
    private let deviceName: String
    private let largestAllocation: Int
    /// The most bytes in use and cached together.
    let limit: Int
    /// False with `LATHE_MEMORY_POOL=off`: buffers are of exactly the size asked for and freed at once, so that
    /// tools that watch a kernel's accesses see where each buffer ends and what was written to it.
    private let reuses = environment("LATHE_MEMORY_POOL") != "off"
    private let state = Mutex(State())

    private struct State: @unchecked Sendable {
      // Unchecked: reached through the mutex alone.
      var free: [Int: [cl_mem]] = [:]
      var used = 0
      var cached = 0
    }

    init(context: OpenCLContext, info: DeviceInfo, counters: CounterStore) {
      self.context = context
      self.counters = counters
      deviceName = "\(info.index) (\(info.name))"
      largestAllocation = info.largestAllocation
      var limit = info.globalMemory
      if let bytes = memoryLimitFromEnvironment { limit = min(limit, bytes) }
      self.limit = limit
    }

    deinit { releaseAll() }

    /// The size class of a request: 512 bytes and up.
    package static func sizeClass(_ byteCount: Int) -> Int {
      let size = max(byteCount, 512)
      let step = 1 << (Int.bitWidth - 1 - (size - 1).leadingZeroBitCount - 2)
      return (size + step - 1) / step * step
    }

    /// A buffer of at least `byteCount` bytes, from the free list where it has one.
    package func allocate(_ byteCount: Int) throws -> OpenCLBuffer {
      guard byteCount <= largestAllocation else { throw outOfMemory(byteCount, limit: largestAllocation) }
      let capacity = reuses ? min(BufferPool.sizeClass(byteCount), largestAllocation) : max(byteCount, 1)
      let memory: cl_mem = try state.withLock { state in
        if let memory = state.free[capacity]?.popLast() {
          state.used += capacity
          state.cached -= capacity
          counters.allocated(capacity, fromPool: true)
          return memory
        }
        if state.used + state.cached + capacity > limit { release(&state) }
        guard state.used + capacity <= limit else { throw outOfMemory(byteCount, used: state.used) }
        let memory = try create(capacity, asked: byteCount, &state)
        state.used += capacity
        counters.allocated(capacity, fromPool: false)
        return memory
      }
      return OpenCLBuffer(byteCount: byteCount, memory: memory, capacity: capacity, pool: self)
    }

    func recycle(_ memory: cl_mem, capacity: Int) {
      state.withLock { state in
        state.free[capacity, default: []].append(memory)
        state.used -= capacity
        state.cached += capacity
        counters.freed(capacity)
        if !reuses { release(&state) }
      }
    }

    /// Gives all free buffers back to the driver; it keeps what queued work still uses until that is done.
    func releaseAll() { state.withLock { release(&$0) } }

    /// An error that names what is held now.
    func outOfMemory(_ requested: Int) -> LatheError {
      outOfMemory(requested, used: state.withLock { $0.used })
    }

    private func create(_ capacity: Int, asked: Int, _ state: inout State) throws -> cl_mem {
      var status: cl_int = 0
      for attempt in 0..<2 {
        let memory = cl.clCreateBuffer(
          context.handle, cl_mem_flags(CL_MEM_READ_WRITE), capacity, nil, &status)
        if status == CL_SUCCESS, let memory { return memory }
        guard OpenCLStatus.isOutOfMemory(status) else { break }
        if attempt == 0 { release(&state) }
      }
      if OpenCLStatus.isOutOfMemory(status) { throw outOfMemory(asked, used: state.used) }
      throw LatheError(
        .device, "\(deviceName): clCreateBuffer of \(capacity) bytes: \(OpenCLStatus.name(status))")
    }

    private func release(_ state: inout State) {
      for memories in state.free.values {
        for memory in memories { _ = cl.clReleaseMemObject(memory) }
      }
      state.free.removeAll(keepingCapacity: true)
      counters.released(state.cached)
      state.cached = 0
    }

    private func outOfMemory(_ requested: Int, used: Int? = nil, limit: Int? = nil) -> LatheError {
      .outOfMemory(
        device: deviceName, requested: requested, inUse: used ?? state.withLock { $0.used },
        limit: limit ?? self.limit)
    }
  }

  extension OpenCLStatus {
    /// Whether a code means that memory ran out.
    static func isOutOfMemory(_ code: Int32) -> Bool {
      code == CL_MEM_OBJECT_ALLOCATION_FAILURE || code == CL_OUT_OF_RESOURCES || code == CL_OUT_OF_HOST_MEMORY
    }
  }
#endif
