#if OpenCL
  import LatheCore
  import LatheOpenCL
  import Testing

  /// The library itself: what it refuses, shows and counts.
  @Suite(.serialized, .enabled(if: hasOpenCL)) struct DriverTests {
    private static let fill = "__kernel void fill(__global float *x) { x[get_global_id(0)] = 2.0f; }\n"

    @Test func limitsAreRefused() async {
      await #expect(processExitsWith: .success) {
        Shim.use("groups=65535 items=1M workgroup=256 local=32K parameters=1024 allocation=64M memory=96M")
        let backend = try Shim.open()
        #expect(backend.info.type == "gpu" && backend.profile == .gpu)
        #expect(backend.info.localMemory == 32 << 10)
        #expect(backend.info.largestAllocation == 64 << 20 && backend.info.globalMemory == 96 << 20)
        let kernel = try backend.kernel("fill", DriverTests.fill)
        let buffer = try backend.pool.allocate(4 << 20)
        func launch(_ global: (Int, Int, Int), local: (Int, Int, Int)) throws {
          try backend.launch(kernel, [.memory(buffer.memory)], global: global, local: local)
        }
        try launch((256, 1, 1), local: (256, 1, 1))
        #expect(throws: LatheError.self) { try launch((512, 1, 1), local: (512, 1, 1)) }
        let wide = try backend.kernel(
          "wide",
          """
          __kernel void wide(__global float *x) {
            __local float y[10000];
            y[get_local_id(0)] = x[get_global_id(0)];
            barrier(CLK_LOCAL_MEM_FENCE);
            x[get_global_id(0)] = y[63 - get_local_id(0)];
          }
          """)
        #expect(throws: LatheError.self) {
          try backend.launch(wide, [.memory(buffer.memory)], global: (64, 1, 1), local: (64, 1, 1))
        }
        #expect(throws: LatheError.self) { try backend.allocate(byteCount: 65 << 20) }
        #expect(Shim.count("launches") == 1)
      }
    }

    @Test func constantMemoryIsSmall() async {
      await #expect(processExitsWith: .success) {
        Shim.use("constant=64K")
        let backend = try Shim.open()
        let text = """
          __kernel void look(__constant float *table, __global float *x) { x[get_global_id(0)] = table[1]; }
          """
        let kernel = try backend.kernel("look", text)
        let (small, large) = (try backend.buffer([1, 2, 3, 4]), try backend.pool.allocate(1 << 20))
        let result = try backend.buffer([0])
        try backend.launch(kernel, [.memory(small.memory), .memory(result.memory)], global: (1, 1, 1))
        #expect(try backend.floats(result, count: 1) == [2])
        #expect(throws: LatheError.self) {
          try backend.launch(kernel, [.memory(large.memory), .memory(result.memory)], global: (1, 1, 1))
        }
      }
    }

    @Test func subnormalNumbersAreZeroWhereAsked() async {
      await #expect(processExitsWith: .success) { try DriverTests.halveSmallest("", isZero: false) }
      await #expect(processExitsWith: .success) {
        try DriverTests.halveSmallest("flush-to-zero", isZero: true)
      }
    }

    private static func halveSmallest(_ settings: String, isZero: Bool) throws {
      Shim.use(settings)
      let backend = try Shim.open()
      let text = "__kernel void halve(__global float *x) { x[get_global_id(0)] *= 0.5f; }\n"
      let buffer = try backend.buffer([.leastNormalMagnitude, -.leastNormalMagnitude, 8])
      try backend.launch(backend.kernel("halve", text), [.memory(buffer.memory)], global: (3, 1, 1))
      let values = try backend.floats(buffer, count: 3)
      #expect(values[0].isZero == isZero && values[1].isZero == isZero && values[2] == 4)
    }

    @Test func smallFloat16NumbersAreKeptWhereFloat32LosesIts() async {
      await #expect(processExitsWith: .success) {
        Shim.use("flush-to-zero")
        let backend = try Shim.open()
        let text = """
          __kernel void both(__global float *x, __global float *bits) {
            const int i = (int)get_global_id(0);
            x[i] = lathe_from_float16_f1((ushort)i);
            bits[i] = (float)lathe_to_float16_f1(x[i]);
          }

          """
        let count = 1025
        let zeros = [Float](repeating: 0, count: count)
        let (values, bits) = (try backend.buffer(zeros), try backend.buffer(zeros))
        try backend.launch(
          backend.kernel("both", text), [.memory(values.memory), .memory(bits.memory)], global: (count, 1, 1))
        #expect(try backend.floats(values, count: count) == (0..<count).map { Float($0) * 0x1p-24 })
        #expect(try backend.floats(bits, count: count) == (0..<count).map { Float($0) })
      }
    }

    @Test func aWriteTakesItsBytesLate() async {
      await #expect(processExitsWith: .success) {
        Shim.use("copy-delay=30000")
        let backend = try Shim.open()
        let start = ContinuousClock.now
        let blocking = Shim.count("blocking")
        let buffers = try (0..<8).map { try backend.buffer([Float($0), 1]) }
        #expect(Shim.count("blocking") == blocking)
        #expect(ContinuousClock.now - start < .milliseconds(30))
        for (number, buffer) in buffers.enumerated() {
          #expect(try backend.floats(buffer, count: 2) == [Float(number), 1])
        }
        #expect(ContinuousClock.now - start > .milliseconds(30))
        #expect(Shim.count("bytes_written") >= 64 && Shim.count("bytes_read") == 64)
      }
    }

    @Test func buffersCanBeRangesOfAddresses() async {
      await #expect(processExitsWith: .success) {
        Shim.use("sparse")
        let backend = try Shim.open()
        let buffer = try backend.allocate(byteCount: 40 << 30)
        let text = "__kernel void put(__global float *x) { x[9000000000L + get_global_id(0)] = 3.0f; }\n"
        try backend.launch(
          backend.kernel("put", text), [.memory((buffer as! OpenCLBuffer).memory)], global: (2, 1, 1))
        var value: Float = 0
        try withUnsafeMutableBytes(of: &value) { try backend.read(buffer, offset: 36_000_000_004, into: $0) }
        #expect(value == 3)
      }
    }
  }

  /// Whether this host has what the library stands in front of.
  let hasOpenCL = OpenCLPlatforms.absence == nil
#endif
