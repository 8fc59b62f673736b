#if OpenCL
  import COpenCL
  import LatheCore
  import Synchronization

  // A kernel that meets a bad index reports it in a slot that its launch alone has. Buffers know the launches that
  // they depend on: whoever reads the result of one that reported, or of anything made of it, gets the error, and
  // nobody else does.

  extension OpenCLBackend {
    /// The pages in which launches report; guarded by the backend's state.
    struct Reports {
      /// The page that takes reports now, and how many of its slots are taken.
      var page: ReportPage?
      var taken = 0
      var pages = 0
      /// Memory of pages that were read and are still all zero.
      var spare: [OpenCLBuffer] = []
    }

    /// Arguments `__global long *reports, int report` of a kernel whose results are `outputs`.
    func reportArguments(_ error: ReportedError, _ outputs: [Operand]) -> [KernelArgument] {
      [.reportPage, .report(error, outputs)]
    }

    /// The page in which the next launch reports; called under the lock under which the launch is queued.
    func openPage(_ reports: inout Reports) throws -> ReportPage {
      if let page = reports.page, reports.taken < ReportPage.slots { return page }
      // A full page waits for whoever depends on it while the next one takes reports: with the first come those to follow,
      // so that a training step does not take memory when it is full.
      if reports.pages == 0 { reports.spare = [try emptyPage(), try emptyPage()] }
      let memory: OpenCLBuffer
      if let spare = reports.spare.popLast() { memory = spare } else { memory = try emptyPage() }
      let page = ReportPage(memory, number: reports.pages)
      reports.pages += 1
      reports.page = page
      reports.taken = 0
      return page
    }

    /// Memory for a page, all zero.
    func emptyPage() throws -> OpenCLBuffer {
      let memory = try pool.allocate(ReportPage.byteCount)
      let zeros = [UInt8](repeating: 0, count: ReportPage.byteCount)
      let status = withRoom {
        cl.clEnqueueWriteBuffer(
          queue.handle, memory.memory, cl_bool(CL_TRUE), 0, zeros.count, zeros, 0, nil, nil)
      }
      guard status == CL_SUCCESS else { throw failure("write of reports", status, bytes: zeros.count) }
      return memory
    }

    /// Throws what launches reported that a buffer depends on; called when its content was read.
    func check(_ buffer: Buffer) throws {
      let buffer = unsafeDowncast(buffer, to: OpenCLBuffer.self)
      guard let doubt = buffer.doubt, case .error(let error) = try settled(doubt)?.cause else { return }
      throw error
    }

    /// Makes outputs depend on all that an operation's inputs depend on, and on what they held before.
    func passDoubts(from inputs: [Operand], to outputs: [Operand]) throws {
      var sum: Doubt?
      for input in inputs {
        guard let doubt = unsafeDowncast(input.buffer, to: OpenCLBuffer.self).doubt, doubt !== sum else {
          continue
        }
        sum = try joined(sum, doubt)
      }
      guard let sum else { return }
      for output in outputs {
        let buffer = unsafeDowncast(output.buffer, to: OpenCLBuffer.self)
        // One that is written in place keeps what it had.
        buffer.doubt = try joined(buffer.doubt, sum)
      }
    }

    /// Makes buffers depend on a launch.
    func doubt(_ outputs: [Operand], _ page: ReportPage, slot: Int) throws {
      let launch = Doubt(.launches(page, 1 << UInt64(slot)))
      for output in outputs {
        let buffer = unsafeDowncast(output.buffer, to: OpenCLBuffer.self)
        buffer.doubt = try joined(buffer.doubt, launch)
      }
    }

    /// What depends on both; what is known by now to be without a report is left out.
    private func joined(_ first: Doubt?, _ second: Doubt) throws -> Doubt? {
      guard let first = first.flatMap(current), let second = current(second) else {
        return first.flatMap(current) ?? current(second)
      }
      guard case .launches(let page, let mask) = first.cause else { return first }
      guard case .launches(let otherPage, let otherMask) = second.cause else { return second }
      if page === otherPage {
        let both = mask | otherMask
        return both == mask ? first : both == otherMask ? second : Doubt(.launches(page, both))
      }
      // Of two pages the older has been full since long: waiting for it does not hold up the queue for long.
      return page.number < otherPage.number
        ? try joined(settled(first), second) : try joined(settled(second), first)
    }

    /// A doubt as far as it is known without waiting; nil where it is none.
    private func current(_ doubt: Doubt) -> Doubt? {
      guard case .launches(let page, let mask) = doubt.cause, let errors = page.knownErrors else {
        return doubt
      }
      return Self.outcome(of: mask, errors)
    }

    /// A doubt after its launches: their error, or nil.
    private func settled(_ doubt: Doubt) throws -> Doubt? {
      guard case .launches(let page, let mask) = doubt.cause else { return doubt }
      return Self.outcome(of: mask, try page.errors { try read(page) })
    }

    private static func outcome(of mask: UInt64, _ errors: [Int: LatheError]) -> Doubt? {
      // The earliest launch is where things went wrong first.
      guard let slot = errors.keys.filter({ mask & (1 << UInt64($0)) != 0 }).min(), let error = errors[slot]
      else {
        return nil
      }
      return Doubt(.error(error))
    }

    /// Waits for a page's launches and reads what they reported.
    private func read(_ page: ReportPage) throws -> [Int: LatheError] {
      // From here on it takes no more: every launch that has a slot is queued before the read.
      state.withLock { state in
        if state.reports.page === page { state.reports.page = nil }
      }
      var words = [Int64](repeating: 0, count: ReportPage.byteCount / 8)
      let status = cl.clEnqueueReadBuffer(
        queue.handle, page.memory.memory, cl_bool(CL_TRUE), 0, ReportPage.byteCount, &words, 0, nil, nil)
      guard status == CL_SUCCESS else {
        throw failure("read of reports", status, bytes: ReportPage.byteCount)
      }
      var errors: [Int: LatheError] = [:]
      for slot in 0..<ReportPage.slots {
        errors[slot] = ReportedError.error(in: words[(slot * ReportPage.slotWords)...])
      }
      if errors.isEmpty { state.withLock { $0.reports.spare.append(page.memory) } }
      return errors
    }
  }
#endif
