#if OpenCL
  import DataTestSupport
  import LatheCore
  import Testing

  /// Runs of the built `lathe` on a device that behaves as GPUs do.
  @Suite(.serialized, .enabled(if: hasOpenCL)) struct RunTests {
    private let folder: TemporaryFolder

    init() throws {
      folder = try TemporaryFolder()
      try IDXFiles.write(to: folder, training: 96, test: 32)
    }

    private func train(
      _ settings: String, _ more: String..., output: String = "out", cache: String = "off"
    ) throws -> ChildProcess {
      try ChildProcess.run(
        Shim.path.replacing("libShimDriver.so", with: "lathe"),
        ["train", "lenet", "--data-dir", folder.path, "--batch-size", "32", "--output", folder.file(output)]
          + more,
        variables: [
          "LATHE_OPENCL_LIBRARY": Shim.path, "SHIM_DRIVER": settings, "LATHE_CACHE_DIR": cache,
        ], seconds: 120)
    }

    @Test func leNetTrainsWithinTheLimitsOfGPUs() throws {
      let run = try train(
        "groups=65535 items=2147483647 workgroup=256 local=32K parameters=1024 constant=64K late-allocation "
          + "late-release flush-to-zero copy-delay=500 report=\(folder.file("counts"))", "--epochs", "1")
      let errors = String(decoding: run.errors, as: UTF8.self)
      #expect(run.ending == .exited(0), "\(errors)")
      // By itself on the GPU, which is the only device that was opened.
      #expect(errors.contains("on opencl:0 (Shim discrete GPU)"), "\(errors)")
      let counts = String(decoding: try folder.read("counts"), as: UTF8.self).split(separator: "\n")
      #expect(counts.contains("contexts 1") && counts.contains("errors 0"), "\(counts)")
    }

    @Test func noStepOfFloat16WaitsForTheVerdictOnItsGradients() throws {
      func blocking(_ precision: String) throws -> Int {
        // The second run finds all programs and verdicts; what is new is waited for once.
        for number in 1...2 {
          let run = try train(
            "report=\(folder.file("counts"))", "--epochs", "1", "--batch-size", "2", "--precision", precision,
            output: "\(precision)-\(number)", cache: folder.file("cache"))
          #expect(run.ending == .exited(0), "\(String(decoding: run.errors, as: UTF8.self))")
        }
        let counts = String(decoding: try folder.read("counts"), as: UTF8.self).split(separator: "\n")
        return try #require(
          counts.compactMap { $0.hasPrefix("blocking ") ? Int($0.dropFirst(9)) : nil }.first)
      }
      // Once more each time that losses are read, which a display does by the clock: less than once for each of 48 steps.
      let (plain, scaled) = (try blocking("bfloat16"), try blocking("float16"))
      #expect(scaled < plain + 48, "\(scaled) of \(plain)")
    }

    @Test func aRunThatLosesItsDeviceSaysSoOnceAndGoesOnFromItsCheckpoint() throws {
      let run = try train("lost-after=120", "--epochs", "2", "--checkpoint-every", "1")
      let errors = String(decoding: run.errors, as: UTF8.self)
      #expect(run.ending == .exited(1), "\(errors)")
      #expect(errors.split(separator: "\n").count { $0.contains("the device is lost") } == 1, "\(errors)")
      let resumed = try train("", "--epochs", "1", "--resume")
      let notes = String(decoding: resumed.errors, as: UTF8.self)
      #expect(resumed.ending == .exited(0) && notes.contains("resuming from"), "\(notes)")
    }
  }
#endif
