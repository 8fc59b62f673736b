#if CommandLine
  import ArgumentParser
  import Foundation
  import LatheBenchmarks
  import LatheML

  struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "bench", abstract: "Measures what devices do and how close that is to what they can do.",
      discussion: """
        Every row is checked against float64 before it is measured; a wrong result is a FAILED row. Times are \
        medians of samples that are taken in turns on all devices; `noisy` marks rows whose samples lie far apart. \
        The roof is the limit that binds a row on its device: the bandwidth of a copy, the peak of multiply-adds or \
        the cost of a launch, all measured first.
        """)

    @Argument(help: ArgumentHelp("The suites to run; all without one. See --list.", valueName: "suite"))
    var suites: [String] = []

    @Option(help: ArgumentHelp("all, cpu, opencl or opencl:N; see `lathe devices`.", valueName: "device"))
    var device = "all"

    @Option(help: "The kernel profile of OpenCL devices, cpu or gpu, instead of their own.")
    var profile: String?

    @Option(help: ArgumentHelp("Only workloads whose name matches a regular expression.", valueName: "regex"))
    var filter: String?

    @Flag(help: "A choice of workloads with few samples, in less than 45 seconds.")
    var quick = false

    @Flag(help: "List the suites and their workloads and run nothing.")
    var list = false

    @Option(help: ArgumentHelp("Write the rows in Google Benchmark's JSON layout.", valueName: "file"))
    var json: String?

    @Option(
      help: ArgumentHelp(
        "Write a page with roofline plot, device chart and tables; only the plot to a name in .svg, only the table to one "
          + "in .md.",
        valueName: "file"))
    var report: String?

    @Option(
      help: ArgumentHelp("Measure nothing: take the rows that --json wrote, for --report.", valueName: "file")
    )
    var from: String?

    @Option(
      parsing: .upToNextOption,
      help: ArgumentHelp(
        "Measure nothing: compare two files that --json wrote, and end with 1 where a row became slower.",
        valueName: "old> <new"))
    var compare: [String] = []

    @Option(
      help:
        "How many times as long a row may take before --compare calls it slower, where chance does not explain it."
    )
    var threshold = 1.1

    @Flag(help: "Print the table of --compare in Markdown.")
    var markdown = false

    enum Tracing: SettingChoice {
      static let settings: [any AnySetting] = [TrainingOptions.declared.trace]
    }

    @OptionGroup var given: Flags<Tracing>

    private var tracing: TraceFile { TraceFile(path: given.options.trace) }

    @Option(help: .hidden)
    var probeStart: Double?

    @Flag(help: .hidden)
    var worker = false

    func validate() throws {
      if let problem = given.options.valueProblem { throw ValidationError(problem) }
      guard compare.isEmpty || compare.count == 2 else {
        throw ValidationError("--compare takes two files, the old and the new one, not \(compare.count)")
      }
      guard threshold.isFinite && threshold >= 1 else {
        throw ValidationError("--threshold is \(threshold); give a number of at least 1")
      }
      guard !markdown || !compare.isEmpty else {
        throw ValidationError("--markdown is for --compare; --report writes Markdown to a name in .md")
      }
      guard from == nil || report != nil else {
        throw ValidationError("--from is for --report: name the page to write")
      }
    }

    func run() throws {
      if !compare.isEmpty { return try compareFiles() }
      if let from, let report {
        return try write(ResultFile(path: from), to: report)
      }
      if let probeStart {
        Terminal.output(try ProcessProbe(device: openDevices()[0], start: probeStart).json())
        return
      }
      if worker {
        tracing.start()
        try Worker(device: openDevices()[0]).serve(readLine: { readLine() }, write: { Terminal.output($0) })
        return
      }
      let workloads = try usage { try Catalog.select(suites: suites, filter: filter, isQuick: quick) }
      if list {
        listing(workloads)
        return
      }
      // Before minutes of measuring.
      for path in [json, report, tracing.path].compactMap({ $0 }) { try checkWritable(path) }
      tracing.start()
      let devices = try openDevices()
      StopSignals.listen()
      try measure(workloads, on: devices)
    }

    private func measure(_ workloads: [Workload], on devices: [Device]) throws {
      let runner = Runner(devices: devices, budget: quick ? .quick : .full)
      runner.shouldStop = { StopSignals.number != 0 }
      runner.onNote = { Terminal.note($0) }
      runner.measureRoofs(isQuick: quick)
      let head = RunHead(devices: devices, roofs: runner.roofs)
      let table = TextTable(workloads, devices: head.devices)
      for line in head.lines { Terminal.output(line) }
      var suite = ""
      var done: [Row] = []
      runner.onRow = { row in
        // After each row, since a driver that crashes takes the process along; the last time says what is wrong.
        done.append(row)
        if let json { try? AtomicFile.write(ResultFile(head: head, rows: done).json(), to: json) }
        if row.suite != suite { Terminal.output("\n\(table.header)") }
        suite = row.suite
        Terminal.output(table.line(row))
      }
      let rows = runner.run(workloads)
      try tracing.finish()
      let file = ResultFile(head: head.with(runner.roofs), rows: rows)
      if let json { try AtomicFile.write(file.json(), to: json) }
      if let report { try write(file, to: report) }
      if StopSignals.number != 0 {
        Terminal.note("stopped after \(rows.count) rows")
        throw ExitCode(128 + StopSignals.number)
      }
      let failures = rows.filter { $0.failure != nil }.count
      guard failures == 0 else {
        throw LatheError(.device, "\(failures) of \(rows.count) rows failed; see FAILED above")
      }
    }

    /// A page, or only the roofline plot or the table, as the file's name ends.
    private func write(_ file: ResultFile, to path: String) throws {
      let text =
        path.hasSuffix(".svg")
        ? RooflinePlot(file).svg(isStandalone: true)
        : path.hasSuffix(".md") ? MarkdownReport(file).text : HTMLReport(file).html
      try AtomicFile.write(text, to: path)
    }

    private func checkWritable(_ path: String) throws {
      let url = URL(fileURLWithPath: path)
      if url.hasDirectoryPath { throw LatheError(.file, "\(path): a folder; name a file") }
      do {
        try AtomicFile.checkWritable(folder: url.deletingLastPathComponent().path)
      } catch let error as LatheError {
        throw LatheError(.file, "\(path): cannot be written: \(error.message)")
      }
    }

    private func compareFiles() throws {
      let comparison = try Comparison(
        old: ResultFile(path: compare[0]), new: ResultFile(path: compare[1]), threshold: threshold)
      for warning in comparison.warnings { Terminal.note("warning: \(warning)") }
      for line in markdown ? comparison.markdown : comparison.lines { Terminal.output(line) }
      guard !comparison.entries.isEmpty else {
        throw LatheError(.format, "\(compare[0]) and \(compare[1]) have no row in common")
      }
      if !comparison.regressions.isEmpty { throw ExitCode(1) }
    }

    private func listing(_ workloads: [Workload]) {
      for suite in Suite.allCases where workloads.contains(where: { $0.suite == suite }) {
        Terminal.output("\(suite.rawValue): \(suite.summary)")
        for workload in workloads where workload.suite == suite {
          Terminal.output("  \(workload.name)\(workload.isQuick ? "  (quick)" : "")")
        }
      }
    }

    private func openDevices() throws -> [Device] {
      try usage { try BenchmarkDevices.named(device, profile: profile) }
    }

    /// Runs what looks at arguments; what is wrong with them is wrong usage.
    private func usage<T>(_ body: () throws -> T) throws -> T {
      do {
        return try body()
      } catch let error as LatheError {
        throw ValidationError(error.message)
      }
    }
  }
#endif
