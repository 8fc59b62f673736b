#if OpenCL
  import DataTestSupport
  import Glibc
  import LatheCore
  import LatheOpenCL
  import Testing

  /// A device's own elementary functions beside Lathe's.
  @Suite(.serialized, .enabled(if: hasOpenCL)) struct BuiltinTests {
    private static func values(of name: String, on backend: OpenCLBackend) throws -> [Float] {
      let inputs = BuiltinFunctions.Function.inputs
      let (x, y) = (try backend.buffer(inputs), try backend.pool.allocate(4 * inputs.count))
      let call = "lathe_\(name)_f4"
      let kernel = try backend.kernel(
        "values",
        "__kernel void values(__global const float *x, __global float *y) {\nconst size_t i = get_global_id(0);\n"
          + "vstore4(\(call)(vload4(i, x)), i, y);\n}\n")
      try backend.launch(
        kernel, [.memory(x.memory), .memory(y.memory)], global: (inputs.count / 4, 1, 1), local: (1, 1, 1))
      return try backend.floats(y, count: inputs.count)
    }

    /// The largest error of each function, beside what is promised.
    private static func errors(_ setting: String) throws -> [(name: String, error: Double, promised: Double)]
    {
      setenv("LATHE_BUILTIN_MATH", setting, 1)
      setenv("LATHE_CACHE_DIR", "off", 1)
      Shim.use()
      let backend = try Shim.open()
      precondition(backend.builtinFunctions.names.isEmpty == (setting == "off"))
      return try BuiltinFunctions.all.map { function in
        let values = try values(of: function.name, on: backend)
        return (
          function.name, function.error(of: values, at: BuiltinFunctions.Function.inputs), function.promised
        )
      }
    }

    @Test func ownFunctionsAreAsExactAsPromised() async {
      await #expect(processExitsWith: .success) {
        for found in try BuiltinTests.errors("off") {
          #expect(found.error <= found.promised, "\(found.name): \(found.error) units")
        }
      }
    }

    @Test func theDriversFunctionsComeInTheirPlace() async {
      await #expect(processExitsWith: .success) {
        // PoCL's are within what OpenCL asks for.
        for found in try BuiltinTests.errors("on") {
          #expect(found.error <= 16, "\(found.name): \(found.error) units")
        }
      }
    }

    @Test func aTrialIsMadeOnceForADriver() async throws {
      let folder = try TemporaryFolder()
      setenv("LATHE_TEST_CACHE", folder.path, 1)
      defer { unsetenv("LATHE_TEST_CACHE") }
      for expected in [2, 0] {
        setenv("LATHE_TEST_PROGRAMS", "\(expected)", 1)
        await #expect(processExitsWith: .success) {
          setenv("LATHE_CACHE_DIR", environment("LATHE_TEST_CACHE") ?? "off", 1)
          Shim.use()
          let backend = try Shim.open()
          let programs = Shim.count("programs")
          #expect("\(programs)" == environment("LATHE_TEST_PROGRAMS"))
          // Whatever was chosen is exact.
          for function in BuiltinFunctions.all where backend.builtinFunctions.names.contains(function.name) {
            let values = try BuiltinTests.values(of: function.name, on: backend)
            #expect(function.error(of: values, at: BuiltinFunctions.Function.inputs) <= function.promised)
          }
        }
      }
    }

    @Test func wrongResultsAreInfinitelyWrong() throws {
      let exp = try #require(BuiltinFunctions.all.first { $0.name == "exp" })
      let erf = try #require(BuiltinFunctions.all.first { $0.name == "erf" })
      let log = try #require(BuiltinFunctions.all.first { $0.name == "log" })
      func error(_ function: BuiltinFunctions.Function, _ input: Float, _ result: Float) -> Double {
        function.error(of: [result], at: [input])
      }
      #expect(error(exp, 0, 1) == 0 && error(exp, .nan, .nan) == 0 && error(exp, .infinity, .infinity) == 0)
      #expect(error(exp, 0, Float(1).nextUp) == 1 && error(exp, 0, 1.5) > 1e6)
      // A subnormal result may be 0, a usual one not.
      #expect(error(exp, -90, 0) == 0 && error(exp, -80, 0) > 1e6)
      for (input, result) in [(Float.nan, Float(1)), (1, .nan), (1, .infinity), (.infinity, 3), (200, 1e38)] {
        #expect(error(exp, input, result) == .infinity)
      }
      #expect(
        error(log, 0, -.infinity) == 0 && error(log, 0, .infinity) == .infinity
          && error(log, -1, 0) == .infinity)
      #expect(error(erf, -0.0, -0.0) == 0 && error(erf, -0.0, 0) == .infinity)
    }

    @Test func onlyWhatIsExactAndQuickerIsUsed() throws {
      func trial(_ numbers: String) throws -> BuiltinTrial {
        let lines = BuiltinFunctions.all.map { "\($0.name) \(numbers)\n" }
        return try #require(BuiltinTrial(Array(lines.joined().utf8)))
      }
      // Of logarithms an error of 2 units is promised.
      func isUsed(_ numbers: String) throws -> Bool { try trial(numbers).chosen.names.contains("log") }
      #expect(try isUsed("2 1 2") && !isUsed("2.1 1 2") && !isUsed("inf 1 2"))
      #expect(try !isUsed("1 2 2") && !isUsed("1 1.95 2"))
      let none = try trial("inf 1 2")
      #expect(BuiltinTrial(none.bytes) == none && none.chosen == .none)
      #expect(
        BuiltinTrial(Array(none.bytes.dropLast(9))) == nil && BuiltinTrial(Array("exp 1 2".utf8)) == nil)
    }
  }
#endif
