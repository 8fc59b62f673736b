#if OpenCL
  import COpenCL
  import LatheCore
  import Synchronization

  // How to add a kernel:
  //  1. Write kernels/opencl/NAME.cl (common.clh goes in front of it) and give it its two lines in embed.c.
  //  2. let k = try kernel(.file("NAME.cl"), "function", ["TILE": 8])   // built once, kept by text and options
  //  3. try launch(k, [.memory(x.memory), .int32(n), .float(s)], global: (groups, 1, 1), local: (1, 1, 1))
  // Temporary buffers: `try pool.allocate(bytes)`, may go as soon as the launch call has returned.

  /// An argument of a kernel.
  package enum KernelArgument {
    /// A buffer: `__global T *`.
    case memory(cl_mem)
    /// `int`.
    case int32(Int32)
    /// `int`, of a size or a step; a launch with one that is beyond 32 bits is `unsupported`.
    case int(Int)
    /// `int2`, `int4`, `int8` or `int16` likewise.
    case ints([Int])
    /// `uint`.
    case uint32(UInt32)
    /// `long`.
    case int64(Int64)
    /// `ulong`.
    case uint64(UInt64)
    /// `float`.
    case float(Float)
    /// `double`.
    case double(Double)
    /// A struct as its bytes.
    case bytes([UInt8])
    /// So many bytes of local memory: `__local T *`.
    case local(Int)
    /// Where a launch reports: `__global long *`; stands before `report`.
    case reportPage
    /// What a launch reports and where in the page, and the results that are wrong then: `int`.
    case report(ReportedError, [Operand])

    /// A long.
    package static func long(_ value: Int) -> KernelArgument { .int64(Int64(value)) }
    /// A divisor above 0 as `lathe_quotient` of common.clh takes it: `uint2`.
    ///
    /// With s = ceil(log2 d) the factor floor(2^(31+s) / d) + 1 has 32 bits and gives x / d for all x < 2^31 (Granlund and
    /// Montgomery, 1994, theorem 4.2).
    static func divisor(_ value: Int) -> KernelArgument { .bytes(divisorBytes(value)) }
    static func divisorBytes(_ value: Int) -> [UInt8] {
      let shift = 31 + (value <= 1 ? 0 : UInt64.bitWidth - UInt64(value - 1).leadingZeroBitCount)
      let factor = (UInt64(1) << UInt64(shift)) / UInt64(max(1, value)) + 1
      return [UInt32(factor), UInt32(shift)].withUnsafeBytes(Array.init)
    }
    /// A vector of longs: `long4`.
    static func longs(_ values: [Int]) -> KernelArgument {
      .bytes(values.map(Int64.init).withUnsafeBytes(Array.init))
    }
  }

  extension OpenCLBackend {
    /// Whether programs declare the built-in functions that they call themselves, which is quicker than the driver's
    /// header; see builtins.clh.
    package var declaresBuiltins: Bool { programs.declaresBuiltins }

    /// A kernel of a source file or of generated text, built with definitions; later calls find it built.
    package func kernel(
      _ source: KernelSource, _ function: String, _ options: KernelOptions = [:]
    ) throws -> OpenCLKernel {
      try programs.kernel(source, function, options)
    }

    /// Queues a kernel over `global` work-items in groups of `local`; does not wait.
    ///
    /// A global size that is no multiple of the local one is rounded up: kernels check their bounds. Without a local size
    /// the driver chooses one.
    package func launch(
      _ kernel: OpenCLKernel, _ arguments: [KernelArgument], global: (Int, Int, Int),
      local: (Int, Int, Int)? = (1, 1, 1)
    ) throws {
      guard global.0 > 0, global.1 > 0, global.2 > 0 else { return }
      // A program's own kernel may use its group's number in any way: the driver says whether it takes the sizes.
      let limits = profile == .gpu && local != nil && !kernel.isCustom ? LaunchGrid.Limits.ofGPUs : .none
      let grid = LaunchGrid(global: global, local: local ?? (1, 1, 1), limits: limits)
      let kernel = grid.parts.count > 1 ? try programs.inParts(kernel) : kernel
      var shouldFlush = false
      var events: [cl_event] = []
      var report: (page: ReportPage, slot: Int, outputs: [Operand])?
      try state.withLock { state in
        if state.isClosed { throw LatheError.processEnds(info) }
        for (index, argument) in arguments.enumerated() {
          let status = try set(argument, at: cl_uint(index), of: kernel, &state.reports)
          if case .report(_, let outputs) = argument, let page = state.reports.page {
            report = (page, state.reports.taken - 1, outputs)
          }
          guard status == CL_SUCCESS else {
            throw failure("argument \(index) of \(kernel.name)", status, bytes: 0)
          }
        }
        var copies = state.arrivals.copies(to: arguments)
        if !copies.isEmpty, isWithoutArrivals {
          throw failure("launch of \(kernel.name)", CL_DEVICE_NOT_AVAILABLE, bytes: 0)
        }
        queue.markers.markWhereWanted(queue.handle)
        for part in grid.parts {
          var event: cl_event?
          let waits = copies.map { Optional($0.copy.handle) }
          // Some drivers find memory for a buffer only when it is first used.
          let status = withRoom { enqueue(kernel, part, grid.dimensions, local, waits, &event) }
          guard status == CL_SUCCESS else { throw failure("launch of \(kernel.name)", status, bytes: 0) }
          queue.markers.advance()
          for (memory, copy) in copies { state.arrivals.remove(copy, to: memory) }
          copies = []
          if let event { events.append(event) }
          state.unflushed += 1
        }
        shouldFlush = state.unflushed >= 32
      }
      counters.launched(grid.parts.count)
      if let report { try doubt(report.outputs, report.page, slot: report.slot) }
      for event in events { traced(event, of: kernel) }
      if shouldFlush { try flush() }
      if kernel.isFirstRun() { try finishBuilding() }
    }

    private func enqueue(
      _ kernel: OpenCLKernel, _ part: LaunchGrid.Part, _ dimensions: Int, _ local: (Int, Int, Int)?,
      _ waits: [cl_event?], _ event: inout cl_event?
    ) -> cl_int {
      let group = local.map { SIMD3($0.0, $0.1, $0.2) }
      return withUnsafeBytes(of: part.offset) { offset in
        withUnsafeBytes(of: part.size) { size in
          withUnsafeBytes(of: group ?? SIMD3()) { group in
            withUnsafeMutablePointer(to: &event) { event in
              cl.clEnqueueNDRangeKernel(
                queue.handle, kernel.handle, cl_uint(dimensions), offset.sizes, size.sizes,
                local == nil ? nil : group.sizes, cl_uint(waits.count), waits.isEmpty ? nil : waits,
                Trace.isOn ? event : nil)
            }
          }
        }
      }
    }

    /// Waits for a kernel's first run, which belongs to its compilation.
    private func finishBuilding() throws {
      let status = KernelBuilds.measured { cl.clFinish(queue.handle) }
      guard status == CL_SUCCESS else { throw failure("clFinish", status, bytes: 0) }
      ProcessEnd.comeFirst()
    }

    private func set(
      _ argument: KernelArgument, at index: cl_uint, of owner: OpenCLKernel, _ reports: inout Reports
    ) throws -> cl_int {
      let kernel = owner.handle
      switch argument {
      case .int(let size):
        guard let value = Int32(exactly: size) else {
          throw LatheError.unsupported("\(owner.name): a size or step of \(size) elements")
        }
        return withUnsafeBytes(of: value) { cl.clSetKernelArg(kernel, index, $0.count, $0.baseAddress) }
      case .ints(let sizes):
        let values = sizes.compactMap { Int32(exactly: $0) }
        guard values.count == sizes.count else {
          throw LatheError.unsupported("\(owner.name): sizes or steps of \(sizes)")
        }
        return values.withUnsafeBytes { cl.clSetKernelArg(kernel, index, $0.count, $0.baseAddress) }
      case .reportPage:
        return withUnsafeBytes(of: try openPage(&reports).memory.memory) {
          cl.clSetKernelArg(kernel, index, $0.count, $0.baseAddress)
        }
      case .report(let error, _):
        let value = Int32(reports.taken) << 8 | error.rawValue
        reports.taken += 1
        return withUnsafeBytes(of: value) { cl.clSetKernelArg(kernel, index, $0.count, $0.baseAddress) }
      case .memory(let memory):
        return withUnsafeBytes(of: memory) { cl.clSetKernelArg(kernel, index, $0.count, $0.baseAddress) }
      case .int32(let value):
        return withUnsafeBytes(of: value) { cl.clSetKernelArg(kernel, index, $0.count, $0.baseAddress) }
      case .uint32(let value):
        return withUnsafeBytes(of: value) { cl.clSetKernelArg(kernel, index, $0.count, $0.baseAddress) }
      case .int64(let value):
        return withUnsafeBytes(of: value) { cl.clSetKernelArg(kernel, index, $0.count, $0.baseAddress) }
      case .uint64(let value):
        return withUnsafeBytes(of: value) { cl.clSetKernelArg(kernel, index, $0.count, $0.baseAddress) }
      case .float(let value):
        return withUnsafeBytes(of: value) { cl.clSetKernelArg(kernel, index, $0.count, $0.baseAddress) }
      case .double(let value):
        return withUnsafeBytes(of: value) { cl.clSetKernelArg(kernel, index, $0.count, $0.baseAddress) }
      case .bytes(let bytes):
        return bytes.withUnsafeBytes { cl.clSetKernelArg(kernel, index, $0.count, $0.baseAddress) }
      case .local(let byteCount):
        return cl.clSetKernelArg(kernel, index, byteCount, nil)
      }
    }
  }

  extension UnsafeRawBufferPointer {
    /// The sizes that it holds.
    fileprivate var sizes: UnsafePointer<Int>? { baseAddress?.assumingMemoryBound(to: Int.self) }
  }
#endif
