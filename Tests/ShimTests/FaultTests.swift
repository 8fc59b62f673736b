#if OpenCL
  import LatheCore
  import LatheOpenCL
  import Testing

  /// What becomes of faults, lost devices and a lack of memory, which drivers report by the same codes.
  @Suite(.serialized, .enabled(if: hasOpenCL)) struct FaultTests {
    private static let increment =
      "__kernel void increment(__global float *x) { x[get_global_id(0)] += 1.0f; }\n"

    private static func increment(_ buffer: OpenCLBuffer, on backend: OpenCLBackend) throws {
      try backend.launch(
        backend.kernel("increment", increment), [.memory(buffer.memory)], global: (1, 1, 1))
    }

    @Test func aLostDeviceGivesOneErrorFromThenOn() async {
      await #expect(processExitsWith: .success) {
        Shim.use("lost-after=3")
        let backend = try Shim.open()
        let buffer = try backend.buffer([1])
        try FaultTests.increment(buffer, on: backend)
        try FaultTests.increment(buffer, on: backend)
        #expect(try backend.floats(buffer, count: 1) == [3])
        let error = try #require(
          #expect(throws: LatheError.self) { try FaultTests.increment(buffer, on: backend) })
        #expect(error.kind == .device)
        #expect(
          error.message.contains("the device is lost (launch of increment: CL_OUT_OF_RESOURCES)"))
        #expect(throws: error) { try FaultTests.increment(buffer, on: backend) }
        #expect(throws: error) { _ = try backend.floats(buffer, count: 1) }
        #expect(throws: error) { try backend.synchronize() }
        #expect(throws: error) { _ = try backend.buffer([2]) }
        #expect(throws: error) { _ = try backend.allocate(byteCount: 8 << 20) }
      }
    }

    @Test func aFaultShowsWhereSomebodyWaits() async {
      await #expect(processExitsWith: .success) {
        Shim.use("fault-after=2")
        let backend = try Shim.open()
        let buffer = try backend.buffer([1])
        try FaultTests.increment(buffer, on: backend)
        #expect(throws: LatheError.self) {
          try FaultTests.increment(buffer, on: backend)
          try backend.synchronize()
        }
        let error = #expect(throws: LatheError.self) { _ = try backend.floats(buffer, count: 1) }
        #expect(error?.kind == .device && error?.message.contains("the device is lost") == true)
      }
    }

    /// Takes 40 MB of 64, gives them back, and takes what fits once the driver has them.
    private static func afterRelease(_ body: (OpenCLBackend) throws -> Void) throws {
      let backend = try Shim.open()
      do { _ = try FaultTests.filled(40 << 20, on: backend) }
      let other = try FaultTests.filled(18 << 20, on: backend)
      try body(backend)
      #expect(Shim.count("most_bytes_held") <= 64 << 20)
      try backend.synchronize()
      withExtendedLifetime(other) {}
    }

    private static func filled(_ byteCount: Int, on backend: OpenCLBackend) throws -> OpenCLBuffer {
      let buffer = try backend.pool.allocate(byteCount)
      try [UInt8](repeating: 1, count: byteCount).withUnsafeBytes {
        try backend.write($0, to: buffer)
      }
      return buffer
    }

    @Test func memoryThatComesFreeLateIsWaitedFor() async {
      await #expect(processExitsWith: .success) {
        Shim.use("memory=64M late-allocation late-release shortage=resources")
        // Each first use of a new buffer: a write, a launch, a map, a read.
        try FaultTests.afterRelease { backend in
          let written = try FaultTests.filled(24 << 20, on: backend)
          _ = try backend.floats(written, count: 1)
        }
        try FaultTests.afterRelease { backend in
          let launched = try backend.pool.allocate(24 << 20)
          try FaultTests.increment(launched, on: backend)
        }
        try FaultTests.afterRelease { backend in
          let mapped = try backend.pool.allocate(24 << 20)
          try backend.fill(mapped, byteCount: 4) { $0.storeBytes(of: 5, as: Float.self) }
          let values = try backend.floats(mapped, count: 1)
          #expect(values == [5])
        }
        try FaultTests.afterRelease { backend in
          _ = try backend.floats(backend.pool.allocate(24 << 20), count: 1)
        }
        let errors = Shim.count("errors")
        #expect(errors >= 4)
      }
    }

    @Test func memoryThatComesFreeLateIsWaitedForWhenABufferIsMade() async {
      await #expect(processExitsWith: .success) {
        Shim.use("memory=64M late-release")
        try FaultTests.afterRelease { backend in
          _ = try backend.floats(FaultTests.filled(24 << 20, on: backend), count: 1)
        }
        let errors = Shim.count("errors")
        #expect(errors > 0)
      }
    }

    @Test func aLackOfMemoryIsNoLostDevice() async {
      await #expect(processExitsWith: .success) {
        Shim.use("memory=64M late-allocation shortage=resources")
        let backend = try Shim.open()
        let small = try backend.buffer([1])
        // Another program takes a part of the memory.
        Shim.set("memory=32M")
        let large = try backend.pool.allocate(40 << 20)
        let error = #expect(throws: LatheError.self) {
          try FaultTests.increment(large, on: backend)
        }
        #expect(error?.kind == .outOfMemory, "\(String(describing: error))")
        let written = #expect(throws: LatheError.self) {
          _ = try FaultTests.filled(40 << 20, on: backend)
        }
        #expect(written?.kind == .outOfMemory, "\(String(describing: written))")
        try FaultTests.increment(small, on: backend)
        #expect(try backend.floats(small, count: 1) == [2])
      }
    }

    @Test func aKernelThatTakesTooMuchIsNoLackOfMemory() async {
      await #expect(processExitsWith: .success) {
        Shim.use("local=1K")
        let backend = try Shim.open()
        let buffer = try backend.buffer([1])
        let text = """
          __kernel void greedy(__global float *x) {
            __local float y[1000];
            y[get_local_id(0)] = x[0];
            barrier(CLK_LOCAL_MEM_FENCE);
            x[0] = y[0];
          }
          """
        let error = #expect(throws: LatheError.self) {
          try backend.launch(
            backend.kernel("greedy", text), [.memory(buffer.memory)], global: (1, 1, 1))
        }
        #expect(error?.kind == .device && error?.message.contains("lost") == false)
        try FaultTests.increment(buffer, on: backend)
        #expect(try backend.floats(buffer, count: 1) == [2])
      }
    }

    @Test func staysWithinMostOfTheMemory() async {
      await #expect(processExitsWith: .success) {
        Shim.use("memory=100M allocation=60M")
        let backend = try Shim.open()
        let first = try backend.pool.allocate(50 << 20)
        let error = #expect(throws: LatheError.self) { _ = try backend.pool.allocate(44 << 20) }
        #expect(error?.kind == .outOfMemory)
        _ = try backend.pool.allocate(38 << 20)
        withExtendedLifetime(first) {}
      }
    }
  }
#endif
