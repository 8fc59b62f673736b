#if CommandLine
  import LatheCore
  import LatheML

  /// The file that a run's trace is written to.
  struct TraceFile {
    /// Nil for no trace.
    let path: String?

    /// Starts recording where that was asked for; called before the device is opened.
    func start() {
      if path != nil { Trace.start() }
    }

    /// Writes what was recorded.
    func finish() throws {
      guard let path else { return }
      let report = TraceReport()
      try AtomicFile.write(report.json(), to: path)
      for line in report.lines { Terminal.note(line) }
      Terminal.note("trace written to \(path)")
    }
  }
#endif
