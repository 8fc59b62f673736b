#if OpenCL
  import LatheCore

  extension OpenCLBackend: KernelTuning {
    /// The largest error of a candidate's results: sums in another order differ by far less.
    private static let tolerance = 1e-4
    /// What beats the built-in parameters by less is not kept: the next measurement might say otherwise.
    private static let gain = 0.97

    /// The kernels of this profile, each with its classes of shapes.
    private var tunable: [(kernel: TunableKernel, shape: TuningShape)] {
      TunableKernel.allCases.filter { $0.profile == profile }.flatMap { kernel in
        kernel.shapes.map { (kernel, $0) }
      }
    }

    private static func name(_ kernel: TunableKernel, _ shape: TuningShape) -> String {
      "\(kernel.rawValue)/\(shape.rawValue)"
    }

    package var tuningProblems: [String] { tunable.map { Self.name($0.kernel, $0.shape) } }

    package func tuningProblem(_ name: String) throws -> [TuningWork] {
      guard let (kernel, shape) = tunable.first(where: { Self.name($0.kernel, $0.shape) == name }) else {
        throw LatheError(
          .invalidArgument,
          "unknown problem '\(name)'; there are \(tuningProblems.joined(separator: ", "))")
      }
      return try TuningTrial.zeros(TuningProblem(kernel, shape, onGPU: info.type == "gpu"), on: self)
    }

    package func tune(
      _ options: TuningOptions, reference: any Backend, report: (String) -> Void, shouldStop: () -> Bool
    ) throws -> TuningSummary {
      guard let file = options.output ?? TuningTable.userFile else {
        throw LatheError(.file, "LATHE_CACHE_DIR is off: name a file for the tuned rows with --output")
      }
      let store = TunedRowStore(file: file)
      try store.prepare()
      var summary = TuningSummary(file: file)
      let limits = try OpenCLQuery.tuningLimits(place)
      let identity = try place.tuningIdentity(profile)
      let kernels = TunableKernel.allCases.filter {
        $0.profile == profile && options.suites.contains($0.suite)
      }
      guard !kernels.isEmpty else {
        let suites = options.suites.map(\.rawValue).joined(separator: ",")
        throw LatheError(
          .invalidArgument, "kernels of the \(profile) profile have nothing to tune in \(suites)")
      }
      let counts = kernels.map {
        min(TuningSearch($0, limits).space.count, options.candidates) * $0.shapes.count
      }
      var progress = TuningProgress(candidates: counts.reduce(0, +))
      report(
        "\(kernels.reduce(0) { $0 + $1.shapes.count }) searches of \(progress.candidates) candidates in all, each "
          + "compiled and measured: some seconds a candidate, \(progress.firstGuess)")
      for kernel in kernels {
        for shape in kernel.shapes where !shouldStop() {
          let problem = TuningProblem(kernel, shape, onGPU: info.type == "gpu")
          report("\(kernel.rawValue), \(shape.rawValue) shapes: \(problem.name)")
          let trial = try TuningTrial(problem, on: self, reference: reference)
          let search = TuningSearch(kernel, limits)
          guard let builtIn = try measured(nil, kernel, shape, trial, notAbove: .infinity, report) else {
            throw LatheError(
              .device, "\(info.index): \(kernel.rawValue) is wrong with its built-in parameters")
          }
          let candidates = search.candidates(seed: options.seed, count: options.candidates)
          let found = try search.best(of: candidates, notAbove: builtIn, shouldStop: shouldStop) {
            try measured($0, kernel, shape, trial, notAbove: $1, report)
          }
          let (choices, again) = try compared(found, kernel, shape, trial, builtIn: builtIn)
          summary.searches += 1
          progress.add(candidates.count)
          let best = choices.first.map { "\($0.parameters): \(Self.milliseconds($0.seconds)), " } ?? ""
          let expected =
            options.estimate(Self.name(kernel, shape)).map { ", estimated \(Self.milliseconds($0))" } ?? ""
          report(
            "  \(candidates.count) of \(search.space.count) candidates; \(best)built in "
              + "\(Self.milliseconds(again))\(expected)")
          if let rest = progress.rest() { report("  \(rest)") }
          guard !choices.isEmpty else { continue }
          try store.keep(
            TunedRow(
              device: identity.device, driver: identity.driver, vendor: identity.vendor,
              lanes: identity.lanes, kernel: kernel.rawValue, shape: shape.rawValue, measured: problem.name,
              builtInMicroseconds: Self.microseconds(again),
              choices: choices.map {
                TunedRow.Choice(
                  parameters: $0.parameters.values, microseconds: Self.microseconds($0.seconds))
              }))
          summary.rows += 1
        }
      }
      return summary
    }

    /// The seconds a candidate takes; nil, with the reason reported, where it does not run or computes something wrong.
    private func measured(
      _ parameters: KernelParameters?, _ kernel: TunableKernel, _ shape: TuningShape, _ trial: TuningTrial,
      notAbove limit: Double, _ report: (String) -> Void
    ) throws -> Double? {
      do {
        return try choices.trying(parameters, of: kernel, shape) {
          let error = try trial.error()
          guard error <= Self.tolerance else {
            report("  \(parameters?.description ?? "built in") is wrong: error \(error)")
            return nil
          }
          return try trial.seconds(notAbove: limit)
        }
      } catch let error as LatheError where error.kind == .kernelBuild || error.kind == .device {
        report("  \(parameters?.description ?? "built in") fails: \(Self.reason(error))")
        return nil
      }
    }

    /// The found choices that beat the built-in parameters, all measured again in turns, with the time of those.
    private func compared(
      _ found: [TuningSearch.Timed], _ kernel: TunableKernel, _ shape: TuningShape, _ trial: TuningTrial,
      builtIn: Double
    ) throws -> ([TuningSearch.Timed], builtIn: Double) {
      guard !found.isEmpty else { return ([], builtIn) }
      let all: [KernelParameters?] = [nil] + found.map(\.parameters)
      var samples = [[Double]](repeating: [], count: all.count)
      for _ in 0..<5 {
        for (index, parameters) in all.enumerated() {
          samples[index].append(
            try choices.trying(parameters, of: kernel, shape) { try trial.seconds(notAbove: .infinity) })
        }
      }
      let medians = samples.map { $0.sorted()[$0.count / 2] }
      let better = zip(found, medians.dropFirst()).filter { $1 < medians[0] * Self.gain }
      let timed = better.map { TuningSearch.Timed($0.parameters, seconds: $1) }
      return (timed.sorted { $0.seconds < $1.seconds }, medians[0])
    }

    private static func milliseconds(_ seconds: Double) -> String { formatted(seconds * 1e3, "%.3f ms") }
    private static func microseconds(_ seconds: Double) -> Double { (seconds * 1e7).rounded() / 10 }
  }

  /// The file that a search keeps its rows in.
  struct TunedRowStore {
    let file: String

    /// Makes the folder and writes the file as it is, before minutes of work depend on it.
    ///
    /// - Throws: `LatheError` where it cannot be written, or holds something other than rows.
    func prepare() throws {
      if let slash = file.lastIndex(of: "/"), slash != file.startIndex {
        FileBytes.makeFolder(String(file[..<slash]))
      }
      try write(rows())
    }

    /// Adds a row in place of an older one about the same.
    func keep(_ row: TunedRow) throws {
      try write(rows().filter { !row.replaces($0) } + [row])
    }

    private func rows() throws -> [TunedRow] {
      guard let bytes = FileBytes.read(file) else {
        guard !FileBytes.exists(file) else { throw LatheError(.file, "\(file): cannot be read as a file") }
        return []
      }
      let (rows, warnings) = TunedRowFile.parse(bytes, name: file)
      if let warning = warnings.first {
        throw LatheError(
          .format, "\(warning); move the file away or name another one, it would be overwritten")
      }
      return rows
    }

    private func write(_ rows: [TunedRow]) throws {
      guard FileBytes.replace(file, with: try TunedRowFile.text(rows)) else {
        throw LatheError(.file, "\(file): cannot be written; name another file with --output")
      }
    }
  }
#endif
