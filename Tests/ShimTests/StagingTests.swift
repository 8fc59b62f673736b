#if OpenCL
  import LatheCore
  import LatheOpenCL
  import Testing

  /// Host memory of writes under way.
  @Suite(.serialized, .enabled(if: hasOpenCL)) struct StagingTests {
    @Test func piecesOfOtherSizesMakeRoom() async {
      await #expect(processExitsWith: .success) {
        Shim.use("devices=integrated copy-delay=100000")
        let backend = try Shim.open()
        let buffer = try backend.pool.allocate(4 << 20)
        func write(_ count: Int, _ byteCount: Int) throws {
          let bytes = [UInt8](repeating: UInt8(count & 255), count: byteCount)
          for _ in 0..<count { try bytes.withUnsafeBytes { try backend.write($0, to: buffer) } }
        }
        // As much as is held at all, in flight together.
        try write(128, 1 << 20)
        try backend.synchronize()
        Shim.set("none")
        let blocking = Shim.count("blocking")
        try write(8, 3 << 20)
        #expect(Shim.count("blocking") == blocking)
        var back = [UInt8](repeating: 0, count: 3 << 20)
        try back.withUnsafeMutableBytes { try backend.read(buffer, offset: 0, into: $0) }
        #expect(back.allSatisfy { $0 == 8 })
      }
    }
  }
#endif
