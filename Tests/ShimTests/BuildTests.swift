#if OpenCL
  import DataTestSupport
  import Glibc
  import LatheCore
  import LatheOpenCL
  import Testing

  /// Programs built side by side, and ahead of their use.
  @Suite(.serialized, .enabled(if: hasOpenCL)) struct BuildTests {
    private static func kernel(_ number: Int, on backend: OpenCLBackend) throws -> OpenCLKernel {
      try backend.kernel(
        "add", "__kernel void add(__global float *x) { x[get_global_id(0)] += \(number).0f; }\n")
    }

    /// Builds programs of some numbers, each on a thread of its own.
    private static func build(_ numbers: [Int], on backend: OpenCLBackend) async -> Int {
      await withTaskGroup(of: Bool.self) { group in
        for number in numbers { group.addTask { (try? kernel(number, on: backend)) != nil } }
        return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
    }

    @Test func threadsBuildDifferentProgramsAtTheSameTime() async {
      await #expect(processExitsWith: .success) {
        setenv("LATHE_CACHE_DIR", "off", 1)
        Shim.use("build-delay=200000")
        let backend = try Shim.open()
        #expect(await BuildTests.build([1, 2, 3, 4], on: backend) == 4)
        let (programs, together) = (Shim.count("programs"), Shim.count("most_builds_at_once"))
        #expect(programs == 4 && together > 1, "\(programs) programs, \(together) together")
      }
    }

    @Test func aProgramThatManyAskForIsBuiltOnce() async {
      await #expect(processExitsWith: .success) {
        setenv("LATHE_CACHE_DIR", "off", 1)
        Shim.use("build-delay=100000")
        let backend = try Shim.open()
        #expect(await BuildTests.build([7, 7, 7, 7, 7, 7], on: backend) == 6)
        let programs = Shim.count("programs")
        #expect(programs == 1)
      }
    }

    /// Whether so many programs are built within a while.
    private static func areBuilt(_ count: Int) -> Bool {
      for _ in 0..<5000 {
        if Shim.count("programs") >= count { return true }
        usleep(1000)
      }
      return false
    }

    @Test func whatTheLastRunAskedForIsBuiltAhead() async throws {
      let folder = try TemporaryFolder()
      setenv("LATHE_TEST_CACHE", folder.path, 1)
      defer { unsetenv("LATHE_TEST_CACHE") }
      await #expect(processExitsWith: .success) {
        setenv("LATHE_CACHE_DIR", environment("LATHE_TEST_CACHE") ?? "off", 1)
        setenv("LATHE_BUILTIN_MATH", "off", 1)
        Shim.use()
        let backend = try Shim.open()
        for number in 1...4 { _ = try BuildTests.kernel(number, on: backend) }
      }
      await #expect(processExitsWith: .success) {
        setenv("LATHE_CACHE_DIR", environment("LATHE_TEST_CACHE") ?? "off", 1)
        setenv("LATHE_BUILTIN_MATH", "off", 1)
        Shim.use()
        let backend = try Shim.open()
        _ = try BuildTests.kernel(2, on: backend)
        #expect(BuildTests.areBuilt(4))
        for number in 1...4 { _ = try BuildTests.kernel(number, on: backend) }
        let programs = Shim.count("programs")
        #expect(programs == 4)
      }
      // The last run's programs are those that it asked for: 2 first.
      await #expect(processExitsWith: .success) {
        setenv("LATHE_CACHE_DIR", environment("LATHE_TEST_CACHE") ?? "off", 1)
        setenv("LATHE_BUILTIN_MATH", "off", 1)
        Shim.use("devices=cpu")
        let backend = try Shim.open()
        _ = try BuildTests.kernel(2, on: backend)
        usleep(300_000)
        let programs = Shim.count("programs")
        #expect(programs == 1)
      }
    }

    @Test func listsAreReadAsTheyWereWrittenAndNothingElseIs() {
      var list = BuildList()
      list.add(.init(source: .file("gemm_gpu.cl"), options: ["TILE": 8, "NAME": "a b", "ELEMENT": "float"]))
      list.add(.init(source: .generated(name: "many", text: "line\nline 2\n"), options: [:]))
      list.add(.init(source: .custom(name: "own", text: "x"), options: [:]))
      #expect(list.entries.count == 2)
      #expect(BuildList(list.bytes) == list)
      for end in 0..<list.bytes.count {
        let part = BuildList(Array(list.bytes[..<end]))
        #expect(part == nil || part?.entries.count ?? 2 < 2)
      }
      for place in list.bytes.indices {
        var bytes = list.bytes
        bytes[place] ^= 0x15
        _ = BuildList(bytes)
      }
      let large = KernelSource.generated(name: "x", text: String(repeating: "x", count: 3 << 20))
      for number in 0..<4 { list.add(.init(source: large, options: ["N": .int(number)])) }
      #expect(list.entries.count == 4 && list.bytes.count <= BuildList.mostBytes)
      for number in 0..<2000 { list.add(.init(source: .file("a"), options: ["N": .int(number)])) }
      #expect(list.entries.count == BuildList.mostEntries)
    }
  }
#endif
