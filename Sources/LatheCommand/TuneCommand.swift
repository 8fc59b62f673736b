#if CommandLine
  import ArgumentParser
  import LatheBenchmarks
  import LatheCore
  import LatheML

  struct TuneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "tune", abstract: "Searches the tile sizes that suit an OpenCL device.",
      discussion: """
        Every candidate is checked against the CPU's results before it is timed, and given up at three times the best. \
        What beats the built-in sizes is kept, the best three of each, and used from then on by every program on this \
        device; Ctrl-C ends the search and keeps what was found. Beside the built-in sizes' time stands what a model \
        expects of cards that it knows. Run it on an otherwise idle machine.
        """)

    @Option(help: ArgumentHelp("opencl or opencl:N; see `lathe devices`.", valueName: "device"))
    var device = "opencl"

    @Option(help: "The kernel profile to tune, cpu or gpu, instead of the device's own.")
    var profile: String?

    @Option(
      help: ArgumentHelp(
        "The groups of kernels, with commas: \(TuneCommand.known).", valueName: "suites"))
    var suite = TuneCommand.known

    @Option(help: "Decides the order in which candidates are tried.")
    var seed: UInt64 = 0

    @Option(help: "The most candidates for each kernel and class of shapes.")
    var candidates = 48

    @Option(
      help: ArgumentHelp(
        "Where to keep the rows, instead of tuning.json beside the compiled kernels.", valueName: "file"))
    var output: String?

    private static let known = TuningSuite.allCases.map(\.rawValue).joined(separator: ",")

    func validate() throws {
      guard candidates >= 1 else { throw ValidationError("--candidates is \(candidates); give at least 1") }
      _ = try suites()
    }

    func run() throws {
      let device = try chosen()
      guard let backend = device.backend as? any KernelTuning else {
        throw ValidationError("'\(self.device)' has no kernels to tune: only OpenCL devices have")
      }
      let options = TuningOptions(
        suites: try suites(), seed: seed, candidates: candidates, output: output,
        estimate: {
          Estimates.shipped.seconds(ofTuning: $0, on: device.info.name, profile: device.info.kernelProfile)
        })
      StopSignals.listen()
      Terminal.output("\(device.name): \(device.info.name), \(device.info.kernelProfile) profile")
      let summary = try backend.tune(
        options, reference: Device.cpu.backend, report: { Terminal.output($0) },
        shouldStop: { StopSignals.number != 0 })
      Terminal.output(
        "\(summary.rows) of \(summary.searches) kernels are faster than built in; rows in \(summary.file)")
      if StopSignals.number != 0 {
        Terminal.note("stopped; what was found is kept")
        throw ExitCode(128 + StopSignals.number)
      }
    }

    private func suites() throws -> [TuningSuite] {
      try suite.split(separator: ",").map { name in
        guard let suite = TuningSuite(rawValue: String(name)) else {
          throw ValidationError("unknown suite '\(name)'; there are \(Self.known)")
        }
        return suite
      }
    }

    private func chosen() throws -> Device {
      do {
        let opened = try Device.named(device)
        guard let profile, let index = Int(opened.name.dropFirst("opencl:".count)) else { return opened }
        return try Device.opencl(index, profile: profile)
      } catch let error as LatheError where error.kind == .invalidArgument {
        throw ValidationError(error.message)
      }
    }
  }
#endif
