#if OpenCL
  import COpenCL
  import LatheCore

  extension OpenCLBackend {
    /// Local memory in growing steps, as an array of the kernel or its argument: drivers report less than they give.
    func probeLocalMemory(isArray: Bool, _ report: (ProbeFinding) -> Void) throws {
      let limits = try OpenCLQuery.tuningLimits(place)
      let reported = info.localMemory
      let beyond = [48, 64, 96, 99, 112, 128, 160, 163, 192, 200, 224, 227, 228, 256].map { $0 << 10 }
      let steps =
        [reported] + beyond.filter { $0 > reported } + (reported >= 256 << 10 ? [2 * reported] : [])
      let items = min(256, limits.workItems)
      for bytes in steps {
        report(
          finding(byteText(UInt64(bytes)) + (bytes == reported ? ", as reported" : "")) {
            let kernel = try probeKernel(
              "probe.cl", isArray ? "static_local" : "dynamic_local", isArray ? "-DLOCAL_BYTES=\(bytes)" : "")
            let errors = try probeWords(
              kernel, more: isArray ? [] : [.local(bytes), .int(bytes / 4)], count: items, items: items)
            return errors.allSatisfy { $0 == 0 }
          })
      }
    }

    /// Buffers beyond 4 GiB and of the largest size reported, used at their ends.
    func probeBuffers(_ report: (ProbeFinding) -> Void) {
      let largest = info.largestAllocation
      for bytes in [min(5 << 30, largest), largest] where bytes > 4 {
        report(
          finding("a buffer of \(byteText(UInt64(bytes))), used at its end") {
            let kernel = try probeKernel("probe.cl", "touch", "")
            var status: cl_int = 0
            let memory = cl.clCreateBuffer(
              context.handle, cl_mem_flags(CL_MEM_READ_WRITE), bytes, nil, &status)
            guard status == CL_SUCCESS, let memory else {
              throw failure("clCreateBuffer", status, bytes: bytes)
            }
            defer { _ = cl.clReleaseMemObject(memory) }
            let out = try pool.allocate(4)
            var word: UInt32 = 0
            try launch(
              kernel, [.memory(memory), .uint64(UInt64(bytes / 4 - 1)), .memory(out.memory)],
              global: (1, 1, 1))
            try withUnsafeMutableBytes(of: &word) { try read(out, offset: 0, into: $0) }
            return word == 1
          })
        if bytes == largest { break }
      }
    }

    /// Copies of 64 MB between host and device: the median of nine.
    func probeTransfers(_ report: (ProbeFinding) -> Void) throws {
      var host = [UInt8](repeating: 1, count: 64 << 20)
      let buffer = try pool.allocate(host.count)
      func rate(_ body: () throws -> Void) throws -> String {
        try body()
        try synchronize()
        let seconds = try (0..<9).map { _ in
          let start = ContinuousClock.now
          try body()
          try synchronize()
          return (ContinuousClock.now - start) / .seconds(1)
        }.sorted()
        return formatted(Double(host.count) / seconds[4] / 1e9, "%.2f GB/s")
      }
      report(
        ProbeFinding(
          "host to device", .figure, try rate { try host.withUnsafeBytes { try write($0, to: buffer) } }))
      let back = try rate { try host.withUnsafeMutableBytes { try read(buffer, offset: 0, into: $0) } }
      report(ProbeFinding("device to host", .figure, back))
    }
  }
#endif
