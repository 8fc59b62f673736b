#if CommandLine
  import ArgumentParser
  import LatheCore
  import LatheML

  /// What records a run for a viewer of traces.
  struct TraceOptions: ParsableArguments {
    @Option(
      help: ArgumentHelp(
        "Write what host and device did when, for Perfetto or chrome://tracing, and print the ten longest kernels.",
        valueName: "file"))
    var trace: String?

    /// Starts recording where that was asked for; called before the device is opened.
    func start() {
      if trace != nil { Trace.start() }
    }

    /// Writes what was recorded.
    func finish() throws {
      guard let trace else { return }
      let report = TraceReport()
      try AtomicFile.write(report.json(), to: trace)
      for line in report.lines { Terminal.note(line) }
      Terminal.note("trace written to \(trace)")
    }
  }
#endif
