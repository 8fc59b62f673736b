#if OpenCL
  import LatheCore

  extension OpenCLBackend {
    /// Types and sub-groups, tried whether or not the driver names them.
    func probeArithmetic(_ report: (ProbeFinding) -> Void) throws {
      let extensions = try extensions()
      func listed(_ name: String) -> String {
        extensions.contains(name) ? " (\(name) is listed)" : " (\(name) is not listed)"
      }
      func floats(_ function: String, _ definitions: String, standard: String = "CL1.2") throws -> [Float] {
        let kernel = try probeKernel("probe.cl", function, definitions, standard: standard)
        return try probeWords(kernel, count: 32, items: 32).map(Float.init(bitPattern:))
      }
      let half = listed("cl_khr_fp16")
      report(
        finding("float16 arithmetic" + half) {
          try floats("halves", "-DPROBE_HALF") == (0..<32).map { Float($0) + 1.5 }
        })
      report(
        finding("float16 functions" + half) {
          try floats("half_functions", "-DPROBE_HALF -DPROBE_HALF_FUNCTIONS")
            == (0..<32).map { Float($0) + 1 }
        })
      report(
        finding("float64 arithmetic" + listed("cl_khr_fp64")) {
          try floats("doubles", "-DPROBE_DOUBLE").allSatisfy { abs($0 - 1) < 0.01 }
        })
      var size: Float = 0
      let sums = finding("sub-groups" + listed("cl_khr_subgroups")) {
        let sizes = try floats("sub_groups", "-DPROBE_SUB_GROUPS", standard: "CL2.0")
        size = sizes.max() ?? 0
        return sizes.allSatisfy { $0 >= 1 }
      }
      report(sums)
      if sums.state == .works { report(ProbeFinding("lanes of a sub-group", .figure, "\(Int(size))")) }
    }
  }
#endif
