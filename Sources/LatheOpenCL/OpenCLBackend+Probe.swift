#if OpenCL
  import COpenCL
  import LatheCore

  extension OpenCLBackend: CapabilityProbe {
    package func probe(_ part: ProbePart, report: (ProbeFinding) -> Void) throws {
      switch part {
      case .limits:
        for property in DeviceProperty.all {
          // A property that the driver does not know is none of the device's.
          guard let bytes = try? OpenCLQuery.bytes(place.device, property.code) else { continue }
          report(ProbeFinding(property.name, .figure, property.text(bytes)))
        }
      case .extensions:
        for name in try extensions() { report(ProbeFinding(name, .figure, "listed")) }
      case .localArrays: try probeLocalMemory(isArray: true, report)
      case .localArguments: try probeLocalMemory(isArray: false, report)
      case .buffers: probeBuffers(report)
      case .arithmetic: try probeArithmetic(report)
      case .functions: try probeFunctions(report)
      case .ptx: probePTX(report)
      case .tensorCores: probeTensorCores(report)
      case .transfers: try probeTransfers(report)
      }
    }

    func extensions() throws -> [String] {
      try OpenCLQuery.deviceText(place.device, CL_DEVICE_EXTENSIONS).split(separator: " ").map(String.init)
        .sorted()
    }

    /// Whether NVIDIA's own driver runs the device: PTX given to another compiler can end the process.
    var isNVIDIA: Bool { place.isNVIDIA }

    /// A kernel of a probe's file, as it is written: nothing goes in front of it, and nothing is kept.
    func probeKernel(_ file: String, _ function: String, _ definitions: String, standard: String = "CL1.2")
      throws
      -> OpenCLKernel
    {
      let program = try programs.fromSource(
        KernelSource.content(of: file), name: file, "-cl-std=\(standard) \(definitions)")
      return try programs.kernel(function, of: program, source: file)
    }

    /// Runs a kernel of one work-group that fills `count` words; the buffer comes last but for `more`.
    func probeWords(
      _ kernel: OpenCLKernel, _ inputs: [[UInt32]] = [], more: [KernelArgument] = [], count: Int, items: Int
    ) throws -> [UInt32] {
      let buffers = try inputs.map { words in
        let buffer = try pool.allocate(words.count * 4)
        try words.withUnsafeBytes { try write($0, to: buffer) }
        return buffer
      }
      let out = try pool.allocate(count * 4)
      var words = [UInt32](repeating: .max, count: count)
      try words.withUnsafeBytes { try write($0, to: out) }
      try launch(
        kernel, buffers.map { .memory($0.memory) } + [.memory(out.memory)] + more, global: (items, 1, 1),
        local: (items, 1, 1))
      try words.withUnsafeMutableBytes { try read(out, offset: 0, into: $0) }
      return words
    }

    /// Whether a trial gives what it must: a finding, whatever happens.
    func finding(_ name: String, _ trial: () throws -> Bool) -> ProbeFinding {
      do {
        return try trial() ? ProbeFinding(name, .works) : ProbeFinding(name, .fails, "the results are wrong")
      } catch {
        return ProbeFinding(name, .fails, Self.reason(error))
      }
    }

    /// An error in one line: a build's log shows its first complaint.
    static func reason(_ error: any Error) -> String {
      let lines = "\(error)".split(separator: "\n")
      let complaint = lines.first { $0.contains("error:") } ?? lines.dropFirst(3).first ?? ""
      return ([lines.first ?? "", complaint].filter { !$0.isEmpty }.joined(separator: "; "))
    }
  }
#endif
