#if OpenCL
  import DataTestSupport
  import LatheCore
  import Testing

  /// The operation suite with a process for each part, on a device that behaves as GPUs do.
  @Suite(.serialized, .enabled(if: hasOpenCL)) struct ApartTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func check(_ settings: String, _ more: String..., variables: [String: String] = [:]) throws -> (
      ending: ChildProcess.Ending, output: String, errors: String
    ) {
      let run = try ChildProcess.run(
        Shim.path.replacing("libShimDriver.so", with: "OperationCheck"),
        ["--apart", "--device", "auto"] + more,
        variables: ["LATHE_OPENCL_LIBRARY": Shim.path, "SHIM_DRIVER": settings].merging(variables) { $1 },
        seconds: 120)
      return (
        run.ending, String(decoding: run.output, as: UTF8.self), String(decoding: run.errors, as: UTF8.self)
      )
    }

    @Test func whatPassesIsSaid() throws {
      let run = try check("", "--profile", "gpu", "--mode", "value", "--name", "negate [")
      #expect(run.ending == .exited(0), "\(run.output)\(run.errors)")
      #expect(run.output.contains("passed: opencl:0 (gpu profile)"), "\(run.output)")
    }

    @Test func aDriverThatEndsTheProcessCostsOneCase() throws {
      // The second case of a process, and the first of the next one.
      let run = try check("abort-after=3", "--profile", "gpu", "--mode", "value", "--name", "negate [")
      #expect(run.ending == .exited(1), "\(run.output)\(run.errors)")
      #expect(run.output.contains("the driver ended the process with signal 6"), "\(run.output)")
      #expect(run.output.contains("FAILED: 1 failed or not run"), "\(run.output)")
    }

    @Test func aDriverThatEndsEveryProcessIsLeft() throws {
      let run = try check("abort-after=1", "--profile", "gpu", "--mode", "value", "--name", "[65]")
      #expect(run.ending == .exited(1), "\(run.output)\(run.errors)")
      #expect(run.output.contains("not run"), "\(run.output)")
    }

    @Test func aDriverThatHangsIsGivenUp() throws {
      let run = try check(
        "hang-after=1", "--profile", "gpu", "--mode", "value", "--case", "negate [65]", "--patience", "3")
      #expect(run.ending == .exited(1), "\(run.output)\(run.errors)")
      #expect(run.output.contains("negate [65]: no answer for 3 s, given up"), "\(run.output)")
    }

    @Test func faultsThatAreKnownAreNoFailures() throws {
      let list = folder.file("known.txt")
      let words = ["--profile", "gpu", "--mode", "value", "--known", list]
      func check(_ settings: String, _ text: String) throws -> (ChildProcess.Ending, String) {
        try folder.write(Array(text.utf8), "known.txt")
        let run = try ChildProcess.run(
          Shim.path.replacing("libShimDriver.so", with: "OperationCheck"),
          ["--apart", "--device", "auto", "--case", "negate [65]"] + words,
          variables: ["LATHE_OPENCL_LIBRARY": Shim.path, "SHIM_DRIVER": settings], seconds: 120)
        return (run.ending, String(decoding: run.output + run.errors, as: UTF8.self))
      }
      let known = try check("abort-after=1", "# why\n* value negate...\n")
      #expect(known.0 == .exited(0) && known.1.contains("1 known fault"), "\(known.1)")
      let other = try check("abort-after=1", "cpu value negate [65]\n")
      #expect(other.0 == .exited(1), "\(other.1)")
      let wrong = try check("", "gpu sometimes\n")
      #expect(wrong.0 == .exited(2) && wrong.1.contains("line 1 is not"), "\(wrong.1)")
    }

    @Test func kernelsOfTheCPUAreNoVerdictOnAGPU() throws {
      // With nothing for the cpu profile to run a product with.
      let tests = String(#filePath).split(separator: "/").dropLast(2).joined(separator: "/")
      let copied = try ChildProcess.run("cp", ["-r", "/\(tests)/../kernels/opencl", folder.file("kernels")])
      try #require(copied.ending == .exited(0))
      for file in ["gemm_cpu.cl", "gemv_cpu.cl", "gemm_dot_cpu.cl"] {
        try folder.write(Array("broken".utf8), "kernels/\(file)")
      }
      let run = try check(
        "", "--profile", "all", "--mode", "value", "--case", "matmul [3, 5] x [5, 4]",
        variables: ["LATHE_KERNEL_DIR": folder.file("kernels")])
      #expect(run.ending == .exited(0), "\(run.output)\(run.errors)")
      #expect(run.output.contains("for information") && run.output.contains("no fault"), "\(run.output)")
    }

    @Test func withoutAGPUThereIsAnExitCodeOfItsOwn() throws {
      let run = try check("devices=cpu", "--mode", "value", "--case", "negate [65]")
      #expect(run.ending == .exited(3), "\(run.output)\(run.errors)")
      #expect(
        run.errors.hasPrefix("no OpenCL GPU") && run.errors.contains("docs/devices.md"), "\(run.errors)")
    }

    @Test(arguments: ["auto", "opencl", "opencl:0"])
    func withoutOpenCLTheReasonIsNamed(device: String) throws {
      let run = try check("", "--device", device, variables: ["LATHE_OPENCL_LIBRARY": "/nonexistent"])
      #expect(run.ending == .exited(3), "\(run.output)\(run.errors)")
      #expect(run.errors.contains("no OpenCL loader by LATHE_OPENCL_LIBRARY"), "\(run.errors)")
    }

    @Test func wrongUse() throws {
      for (words, message) in [
        (["--device", "opencl:7"], "no device 'opencl:7'"),
        (["--case", "nothing"], "no case is of that name"),
        (["--known", "/nonexistent"], "/nonexistent: cannot be read"), (["--patience", "0"], "at least 1"),
        (["--large", "--name", "nothing"], "no large case"),
      ] {
        let run = try ChildProcess.run(
          Shim.path.replacing("libShimDriver.so", with: "OperationCheck"),
          ["--apart", "--device", "auto"] + words,
          variables: ["LATHE_OPENCL_LIBRARY": Shim.path], seconds: 60)
        let errors = String(decoding: run.errors, as: UTF8.self)
        #expect(run.ending == .exited(2) && errors.contains(message), "\(words): \(run.ending) \(errors)")
      }
    }

    @Test func largeWorkNeedsTheRoom() throws {
      let run = try check(
        "memory=2G allocation=1G", "--large", "--profile", "gpu", "--name", "products of 70,000")
      #expect(run.ending == .exited(0), "\(run.output)\(run.errors)")
      #expect(run.output.contains("passed: opencl:0 (gpu profile)"), "\(run.output)")
      let none = try check("memory=2G allocation=1G", "--large", "--profile", "gpu", "--name", "5 GiB")
      #expect(
        none.output.contains("not run: a buffer of 5.0 GiB, and the driver gives at most"), "\(none.output)")
    }
  }
#endif
