#if OpenCL
  import COpenCL
  import LatheCore
  import Synchronization

  /// One device of one OpenCL platform with its queue, programs and memory.
  package final class OpenCLBackend: OperationKernels, @unchecked Sendable {
    // Unchecked: everything is immutable once made but what `state` guards; OpenCL handles may be used from any thread, and
    // clSetKernelArg is called under the lock only.
    package let info: DeviceInfo
    package var hasFloat64: Bool { info.float64 }
    package var narrowOperations: NarrowOperations {
      profile == .gpu ? [.products, .convolutions, .attention] : []
    }
    package let counters = CounterStore()
    /// The vectors that products of the `cpu` profile are built for.
    var vectors: VectorRegisters { place.vectors }
    /// The family of kernels this backend runs.
    package let profile: KernelProfile
    let place: OpenCLPlace
    let context: OpenCLContext
    let queue: OpenCLQueue
    package let pool: BufferPool
    let programs: ProgramCache
    let staging: StagingMemory
    /// Copies beside the device's work; nil where its memory is the host's.
    let uploads: UploadRing?
    let state = Mutex(State())
    let loss: DeviceLoss
    /// Kernels generated for fused programs.
    let generated = GeneratedKernels()
    /// Kernels chosen for layers' geometries.
    let layerPlans = LayerPlans()
    /// The parameters that tunable kernels run with.
    package let choices: KernelChoices
    /// Whether 16-bit products go to the device's matrix units.
    let matrixUnits: MatrixUnits
    /// The device's own elementary functions that take the place of Lathe's.
    package private(set) var builtinFunctions = BuiltinFunctions.none
    /// Launches whose times a trace still wants.
    let traces = TracedLaunches()

    struct State {
      /// Launches since the last flush.
      var unflushed = 0
      var reports = Reports()
      var arrivals = Arrivals()
      /// Whether the process is ending: nothing is started any more.
      var isClosed = false
    }

    /// Opens a device: makes its context and its queue.
    init(_ place: OpenCLPlace, profile: KernelProfile) throws {
      if let problem = EnvironmentRules.problem { throw problem }
      self.place = place
      self.profile = profile
      var info = place.info
      info.kernelProfile = profile.rawValue
      self.info = info
      let name = "\(info.index) (\(info.name))"
      var status: cl_int = 0
      var device: cl_device_id? = place.device
      let handle = cl.clCreateContext(nil, 1, &device, nil, nil, &status)
      guard status == CL_SUCCESS, let handle else {
        throw LatheError(.device, "\(name): clCreateContext: \(OpenCLStatus.name(status))")
      }
      context = OpenCLContext(owning: handle)
      let queueHandle = cl.clCreateCommandQueue(
        handle, place.device, OpenCLBackend.queueProperties, &status)
      guard status == CL_SUCCESS, let queueHandle else {
        throw LatheError(.device, "\(name): clCreateCommandQueue: \(OpenCLStatus.name(status))")
      }
      queue = OpenCLQueue(owning: queueHandle)
      loss = DeviceLoss(deviceName: name)
      pool = BufferPool(
        DeviceBlocks(context: context, queue: queue, loss: loss, info: info), info: info, counters: counters)
      programs = ProgramCache(place: place, context: context, profile: profile, counters: counters)
      staging = StagingMemory()
      matrixUnits = MatrixUnits(place, profile)
      uploads = place.hasOwnMemory ? UploadRing(context: context, device: place) : nil
      choices = KernelChoices(
        device: info.index, profile: profile, identity: try place.tuningIdentity(profile),
        limits: try OpenCLQuery.tuningLimits(place))
      let page = try emptyPage()
      state.withLock { $0.reports.spare = [page] }
      ProcessEnd.watch(self)
      builtinFunctions = chooseBuiltinFunctions()
      programs.use(builtinFunctions)
    }

    package func allocate(byteCount: Int) throws -> Buffer { try pool.allocate(byteCount) }

    package func emptyCache() { pool.emptyCache() }

    package func read(_ buffer: Buffer, offset: Int, into destination: UnsafeMutableRawBufferPointer) throws {
      if let to = destination.baseAddress, destination.count > 0 {
        let memory = unsafeDowncast(buffer, to: OpenCLBuffer.self).memory
        let status = withRoom {
          afterArrival(at: memory) { count, waits in
            cl.clEnqueueReadBuffer(
              queue.handle, memory, cl_bool(CL_TRUE), offset, destination.count, to, count, waits, nil)
          }
        }
        guard status == CL_SUCCESS else {
          throw failure("read of \(destination.count) bytes", status, bytes: destination.count)
        }
        collectTrace()
        try checkUploads()
      }
      try check(buffer)
    }

    package func synchronize() throws {
      let status = cl.clFinish(queue.handle)
      guard status == CL_SUCCESS else { throw failure("clFinish", status, bytes: 0) }
      uploads?.finish()
      try checkUploads()
      collectTrace()
    }

    /// Hands what is queued to the device.
    func flush() throws {
      state.withLock { $0.unflushed = 0 }
      let status = cl.clFlush(queue.handle)
      guard status == CL_SUCCESS else { throw failure("clFlush", status, bytes: 0) }
    }
  }
#endif
