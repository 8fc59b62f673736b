#if OpenCL
  import Foundation
  import LatheCore
  import LatheOpenCL
  import Testing

  /// A process may end while its runtime compiles or runs.
  @Suite(.serialized, .enabled(if: !devices.isEmpty)) struct ProcessEndTests {
    /// Queues kernels of a few programs of their own and waits for none.
    private static func leaveWork(_ profile: KernelProfile) {
      guard let entry = OpenCLPlatforms.entries.first(where: { $0.info.error == nil }),
        let backend = try? entry.open(profile) as? OpenCLBackend,
        let buffer = try? backend.pool.allocate(1 << 20)
      else { return }
      for round in 0..<120 {
        let text = """
          __kernel void pending(__global float *x) {
            size_t i = get_global_id(0);
            for (int k = 0; k < 100; k++) x[i] = x[i] * 0.5f + \(round % 3).0f;
          }
          """
        guard let kernel = try? backend.kernel(.generated(name: "pending.cl", text: text), "pending") else {
          return
        }
        try? backend.launch(kernel, [.memory(buffer.memory)], global: (1 << 18, 1, 1), local: (64, 1, 1))
      }
    }

    @Test func whileKernelsOfTheCPUProfileRun() async {
      await #expect(processExitsWith: .success) { ProcessEndTests.leaveWork(.cpu) }
    }

    @Test func whileKernelsOfTheGPUProfileRun() async {
      await #expect(processExitsWith: .success) { ProcessEndTests.leaveWork(.gpu) }
    }

    @Test func whileAnotherThreadStartsMore() async {
      await #expect(processExitsWith: .success) {
        for _ in 0..<2 { _ = startThread(named: "pending") { ProcessEndTests.leaveWork(.gpu) } }
        usleep(200_000)
      }
    }

    /// A program that holds the end of the process until a runtime's objects are gone.
    ///
    /// Without what puts an end to the queues before, it ends by a signal in most runs; `scripts/check-process-end.sh` runs
    /// it a thousand times.
    @Test(arguments: KernelProfile.allCases, 0..<2)
    func whileProgramsAreCompiled(_ profile: KernelProfile, _ run: Int) throws {
      let own = try #require(ChildProcess.ownPath)
      let folder = own[..<(try #require(own.lastIndex(of: "/")))]
      let child = try ChildProcess.run(
        "\(folder)/ProcessEndCheck", ["programs"],
        variables: ["LATHE_KERNEL_PROFILE": profile.rawValue, "LATHE_CACHE_DIR": "off"], seconds: 120)
      #expect(child.ending == .exited(0), "\(String(decoding: child.errors, as: UTF8.self))")
    }
  }

  /// Spans of a device that has a clock of its own.
  @Suite struct DeviceClockTests {
    @Test func spansDoNotOverlap() {
      var clock = DeviceClock()
      // The host looks at its clock between 0 and 900 after the device queued.
      let late: [UInt64] = [700, 20, 0, 900, 310, 5]
      var last: UInt64 = 0
      for (number, delay) in late.enumerated() {
        let queued = 1_000_000 + UInt64(number) * 100
        let start = 1_000_500 + UInt64(number) * 400
        let (first, end) = clock.span(
          queuedAt: queued + 5_000_000 + delay, queued: queued, start: start, end: start + 400)
        #expect(first >= last && end >= first)
        last = end
      }
      // The offset is the smallest one seen.
      #expect(last == 1_000_500 + 5 * 400 + 400 + 5_000_000)
    }
  }
#endif
