#if OpenCL
  import LatheCore
  import LatheOpenCL
  import Testing

  /// Queue, memory and kernel building.
  @Suite(.serialized) struct RuntimeTests {
    @Test func statusNames() {
      #expect(OpenCLStatus.name(0) == "CL_SUCCESS")
      #expect(OpenCLStatus.name(-5) == "CL_OUT_OF_RESOURCES")
      #expect(OpenCLStatus.name(-12345) == "OpenCL status -12345")
    }

    @Test(arguments: devices) func writesAndReads(_ device: TestDevice) throws {
      let backend = device.backend
      let values = (0..<1000).map { Float($0) * 0.5 }
      let buffer = try backend.allocate(byteCount: 4000)
      try values.withUnsafeBytes { try backend.write($0, to: buffer) }
      var back = [Float](repeating: 0, count: 900)
      try back.withUnsafeMutableBytes { try backend.read(buffer, offset: 400, into: $0) }
      #expect(back == Array(values[100...]))
    }

    @Test(arguments: devices) func buildErrorNamesKernelOptionsLogAndSource(_ device: TestDevice) throws {
      let text = "__kernel void broken(__global float *x) { x[0] = undeclared_name; }\n"
      let error = #expect(throws: LatheError.self) {
        try device.backend.kernel(.generated(name: "broken.cl", text: text), "broken", ["TILE": 8])
      }
      #expect(error?.kind == .kernelBuild)
      let message = error?.message ?? ""
      for part in [
        "broken.cl", "-DTILE=8", "undeclared_name", "CL_BUILD_PROGRAM_FAILURE", "__kernel void broken",
      ] {
        #expect(message.contains(part), "\(part) is missing in: \(message)")
      }
    }

    /// Every kernel finds what it calls in builtins.clh; one that does not is built with the driver's declarations.
    @Test(arguments: devices) func buildsWithTheDriversDeclarationsToo(_ device: TestDevice) throws {
      let entry = try #require(OpenCLPlatforms.entries.first { $0.info.error == nil })
      let backend = try #require(try entry.open(device.backend.profile) as? OpenCLBackend)
      let declared = backend.declaresBuiltins
      let known = "__kernel void known(__global float *x) { x[0] = fma(x[1], 2.0f, floor(x[0])); }\n"
      _ = try backend.kernel(.generated(name: "known.cl", text: known), "known")
      #expect(backend.declaresBuiltins == declared)
      let text = "__kernel void other(__global float *x) { x[0] = tgamma(5.0f); }\n"
      let kernel = try backend.kernel(.generated(name: "other.cl", text: text), "other")
      #expect(!backend.declaresBuiltins)
      #expect(backend.counters.snapshot().refusedDeclarations == (declared ? 1 : 0))
      let buffer = try backend.pool.allocate(4)
      try backend.launch(kernel, [.memory(buffer.memory)], global: (1, 1, 1), local: (1, 1, 1))
      #expect(abs(try backend.floats(buffer, count: 1)[0] - 24) < 1e-4)
    }

    @Test(arguments: devices) func launches(_ device: TestDevice) throws {
      let backend = device.backend
      let text = """
        __kernel void scaled(__global float *x, float factor, int n) {
          size_t i = get_global_id(0);
          if (i < n) x[i] = factor * i;
        }
        """
      let kernel = try backend.kernel(.generated(name: "scaled.cl", text: text), "scaled")
      let again = try backend.kernel(.generated(name: "scaled.cl", text: text), "scaled")
      #expect(kernel === again)
      let buffer = try backend.pool.allocate(400)
      let before = backend.counters.snapshot().launches
      try backend.launch(
        kernel, [.memory(buffer.memory), .float(0.5), .int(100)], global: (100, 1, 1), local: (64, 1, 1))
      #expect(backend.counters.snapshot().launches == before + 1)
      #expect(try backend.floats(buffer, count: 100) == (0..<100).map { Float($0) * 0.5 })
    }

    @Test(arguments: devices) func poolReusesBuffers(_ device: TestDevice) throws {
      let backend = device.backend
      backend.emptyCache()
      let first = try backend.pool.allocate(100_000)
      let made = backend.counters.snapshot().allocations
      let inUse = backend.counters.snapshot().bytesInUse
      withExtendedLifetime(first) {}
      do { _ = try backend.pool.allocate(5000) }
      for _ in 0..<10 { _ = try backend.pool.allocate(4900) }
      #expect(backend.counters.snapshot().allocations == made + 1)
      #expect(backend.counters.snapshot().bytesInUse == inUse)
      #expect(backend.counters.snapshot().cachedBytes > 0)
      backend.emptyCache()
      #expect(backend.counters.snapshot().cachedBytes == 0)
    }

    @Test(arguments: devices) func refusesWhatIsTooLarge(_ device: TestDevice) throws {
      let error = #expect(throws: LatheError.self) {
        try device.backend.allocate(byteCount: device.backend.info.largestAllocation + 1)
      }
      #expect(error?.kind == .outOfMemory)
      #expect(error?.message.contains(device.backend.info.name) == true)
      #expect(error?.message.contains("limit \(device.backend.info.largestAllocation)") == true)
    }
  }
#endif
