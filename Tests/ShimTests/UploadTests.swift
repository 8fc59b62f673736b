#if OpenCL
  import Glibc
  import LatheCore
  import LatheOpenCL
  import Testing

  /// Large writes to a device with memory of its own, which go beside its work.
  @Suite(.serialized, .enabled(if: hasOpenCL)) struct UploadTests {
    private static let count = 1 << 18

    private static func upload(_ value: Float, count: Int = count, to backend: OpenCLBackend) throws
      -> OpenCLBuffer
    {
      let values = [Float](repeating: value, count: count)
      return try #require(try values.withUnsafeBytes { try backend.upload($0) } as? OpenCLBuffer)
    }

    /// A step: y = x + 1.
    private static func step(_ x: OpenCLBuffer, _ y: OpenCLBuffer, on backend: OpenCLBackend) throws {
      let kernel = try backend.kernel(
        "advance",
        "__kernel void advance(__global const float *x, __global float *y) {\n"
          + "const size_t i = get_global_id(0);\ny[i] = x[i] + 1.0f;\n}\n")
      try backend.launch(
        kernel, [.memory(x.memory), .memory(y.memory)], global: (count, 1, 1), local: (64, 1, 1))
    }

    /// A device whose step has run once, with memory for its result.
    private static func prepared(_ settings: String = "") throws -> (OpenCLBackend, OpenCLBuffer) {
      Shim.use(settings)
      let backend = try Shim.open()
      let result = try backend.pool.allocate(4 * count)
      try step(upload(0, to: backend), result, on: backend)
      try backend.synchronize()
      return (backend, result)
    }

    /// Whether so many bytes arrive within a while.
    private static func arrives(_ byteCount: Int, within milliseconds: Int) -> Bool {
      for _ in 0..<milliseconds {
        if Shim.count("bytes_arrived") >= byteCount { return true }
        usleep(1000)
      }
      return false
    }

    private static func holds(_ value: Float, _ buffer: OpenCLBuffer, on backend: OpenCLBackend) throws
      -> Bool
    {
      try backend.floats(buffer, count: count).allSatisfy { $0 == value }
    }

    @Test func aBatchArrivesWhileTheStepBeforeRuns() async {
      await #expect(processExitsWith: .success) {
        let (backend, result) = try UploadTests.prepared()
        let first = try UploadTests.upload(1, to: backend)
        try backend.synchronize()
        let (arrived, blocking) = (Shim.count("bytes_arrived"), Shim.count("blocking"))
        Shim.set("hold")
        try UploadTests.step(first, result, on: backend)
        let second = try UploadTests.upload(2, to: backend)
        #expect(UploadTests.arrives(arrived + 4 * UploadTests.count, within: 5000))
        let (held, waits) = (Shim.count("held_launches"), Shim.count("blocking"))
        #expect(held == 1 && waits == blocking)
        Shim.set("none")
        #expect(try UploadTests.holds(2, result, on: backend) && UploadTests.holds(2, second, on: backend))
      }
    }

    @Test func memoryThatAStepReadsIsNotWrittenBeforeItsEnd() async {
      await #expect(processExitsWith: .success) {
        let (backend, result) = try UploadTests.prepared()
        var first: OpenCLBuffer? = try UploadTests.upload(1, to: backend)
        let memory = first?.memory
        try backend.synchronize()
        let arrived = Shim.count("bytes_arrived")
        Shim.set("hold")
        if let first { try UploadTests.step(first, result, on: backend) }
        first = nil
        let second = try UploadTests.upload(5, to: backend)
        #expect(second.memory == memory)
        #expect(!UploadTests.arrives(arrived + 1, within: 200))
        Shim.set("none")
        #expect(try UploadTests.holds(2, result, on: backend) && UploadTests.holds(5, second, on: backend))
      }
    }

    @Test func aBatchWaitsForNoMoreThanTheStepThatReadItsMemory() async {
      await #expect(processExitsWith: .success) {
        let (backend, result) = try UploadTests.prepared()
        var first: OpenCLBuffer? = try UploadTests.upload(1, to: backend)
        let memory = first?.memory
        let other = try UploadTests.upload(7, to: backend)
        if let first { try UploadTests.step(first, result, on: backend) }
        // What is written in the order of the queue comes between the step and what is asked of the next.
        try [Float(0)].withUnsafeBytes { try backend.write($0, to: backend.pool.allocate(512)) }
        first = nil
        Shim.set("hold")
        try UploadTests.step(other, result, on: backend)
        let arrived = Shim.count("bytes_arrived")
        let second = try UploadTests.upload(5, to: backend)
        #expect(second.memory == memory)
        #expect(UploadTests.arrives(arrived + 4 * UploadTests.count, within: 5000))
        Shim.set("none")
        #expect(try UploadTests.holds(8, result, on: backend) && UploadTests.holds(5, second, on: backend))
      }
    }

    @Test func whoeverUsesABatchWaitsForIt() async {
      await #expect(processExitsWith: .success) {
        let (backend, result) = try UploadTests.prepared()
        Shim.set("copy-delay=50000")
        try UploadTests.step(UploadTests.upload(1, to: backend), result, on: backend)
        #expect(try UploadTests.holds(2, result, on: backend))
        #expect(try UploadTests.holds(3, UploadTests.upload(3, to: backend), on: backend))
        let mapped = try UploadTests.upload(4, to: backend)
        try backend.withBytes(of: mapped, offset: 0, count: 4 * UploadTests.count) { bytes in
          #expect(bytes.bindMemory(to: Float.self).allSatisfy { $0 == 4 })
        }
        let changed = try UploadTests.upload(5, to: backend)
        try [Float(6)].withUnsafeBytes { try backend.write($0, to: changed) }
        #expect(try backend.floats(changed, count: 2) == [6, 5])
        // Memory that goes back before anybody has read what is on its way.
        for value in 0..<4 { _ = try UploadTests.upload(Float(value), to: backend) }
        backend.emptyCache()
        try backend.synchronize()
        // A write to memory that work under way reads.
        let again = try UploadTests.upload(1, to: backend)
        try UploadTests.step(again, result, on: backend)
        try [Float](repeating: 9, count: UploadTests.count).withUnsafeBytes {
          try backend.write($0, to: again)
        }
        #expect(try UploadTests.holds(2, result, on: backend) && UploadTests.holds(9, again, on: backend))
      }
    }

    @Test func aBatchLargerThanThePinnedMemoryArrivesWhole() async {
      await #expect(processExitsWith: .success) {
        Shim.use("copy-delay=2000")
        let backend = try Shim.open()
        let values = (0..<(20 << 20)).map { Float($0 & 0xfffff) }
        let buffer = try values.withUnsafeBytes { try backend.upload($0) }
        #expect(try backend.floats(buffer, count: values.count) == values)
      }
    }

    @Test func aCopyThatFailsIsALostDevice() async {
      await #expect(processExitsWith: .success) {
        let (backend, _) = try UploadTests.prepared()
        Shim.set("copy-fault=1")
        let buffer = try UploadTests.upload(1, to: backend)
        let error = try #require(#expect(throws: LatheError.self) { try backend.synchronize() })
        #expect(
          error.kind == .device
            && error.message.contains("the device is lost (copy to the device: CL_OUT_OF_RESOURCES)"))
        #expect(throws: error) { _ = try backend.floats(buffer, count: 1) }
        #expect(throws: error) { _ = try UploadTests.upload(1, to: backend) }
      }
    }

    @Test func aStepWhoseBatchDoesNotArriveFails() async {
      await #expect(processExitsWith: .success) {
        let (backend, result) = try UploadTests.prepared()
        Shim.set("copy-fault=1")
        let error = #expect(throws: LatheError.self) {
          try UploadTests.step(UploadTests.upload(1, to: backend), result, on: backend)
          _ = try backend.floats(result, count: 1)
        }
        #expect(error?.message.contains("copy to the device: CL_OUT_OF_RESOURCES") == true)
      }
    }

    @Test func onlyDevicesWithMemoryOfTheirOwnHaveAQueueForCopies() async {
      await #expect(processExitsWith: .success) {
        Shim.use("devices=integrated,discrete")
        let integrated = try Shim.open(0)
        #expect(try UploadTests.holds(3, UploadTests.upload(3, to: integrated), on: integrated))
        let direct = Shim.count("queues")
        let discrete = try Shim.open(1)
        #expect(try UploadTests.holds(3, UploadTests.upload(3, to: discrete), on: discrete))
        let beside = Shim.count("queues")
        #expect(direct == 1 && beside == 3)
      }
    }

    @Test func threadsUploadAndComputeAtOnce() async {
      await #expect(processExitsWith: .success) {
        let (backend, _) = try UploadTests.prepared("copy-delay=300")
        let wrong = await withTaskGroup(of: Int.self) { group in
          for thread in 0..<4 {
            group.addTask {
              (0..<25).count { turn in
                let value = Float(100 * thread + turn)
                guard let batch = try? UploadTests.upload(value, to: backend),
                  let result = try? backend.pool.allocate(4 * UploadTests.count),
                  (try? UploadTests.step(batch, result, on: backend)) != nil
                else { return true }
                return (try? UploadTests.holds(value + 1, result, on: backend)) != true
              }
            }
          }
          return await group.reduce(0, +)
        }
        #expect(wrong == 0)
      }
    }
  }
#endif
