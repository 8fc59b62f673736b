#if CommandLine && Tracking
  import ArgumentParser
  import Foundation
  import LatheCore
  import LatheML
  import LatheSearch
  import LatheStudies
  import Synchronization

  struct SearchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "search", abstract: "Searches the settings with which a training ends best.",
      discussion: """
        The file names a training command, the figures that are wanted, and a space of options; docs/search.md has its \
        form. Each trial is a run of its own in a folder of --output. The same command goes on where it was ended, also \
        by a signal; started several times, also on several hosts that share the folder, its processes share the trials.
        """)

    @Option(help: ArgumentHelp("The JSON file of the search.", valueName: "file"))
    var config: String

    @Option(help: ArgumentHelp("The folder for the trials.", valueName: "dir"))
    var output: String

    @Option(help: "The most trials that this process begins.")
    var trials = 50

    @Option(
      help: ArgumentHelp("After how long no trial begins any more: 90s, 30m, 2h.", valueName: "duration"))
    var time: String?

    @Option(help: "How many trials run side by side.")
    var workers = 1

    @Flag(help: "Print one JSON object with the best trials on standard output.")
    var json = false

    func validate() throws {
      guard trials >= 0 else { throw ValidationError("--trials is \(trials); give 0 or more") }
      guard (1...256).contains(workers) else {
        throw ValidationError("--workers is \(workers); give 1 to 256")
      }
      if output.isEmpty { throw ValidationError("--output is empty; name a folder") }
      _ = try seconds()
    }

    private func seconds() throws -> Double? {
      guard let time else { return nil }
      let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86400]
      guard let last = time.last, let unit = units[last], let number = Double(time.dropLast()), number > 0,
        number.isFinite
      else { throw ValidationError("--time is '\(time)'; give a number with s, m, h or d, such as 30m") }
      return number * unit
    }

    func run() throws {
      let plan = try SearchPlan(config)
      guard let program = ChildProcess.ownPath else {
        throw LatheError(.device, "/proc/self/exe: the system does not say where this program is")
      }
      try AtomicFile.makeFolder(output)
      let store = try SQLiteTrialStore("\(output)/search.sqlite", content: plan.content)
      let study = try Study(
        plan.space, goals: plan.goals, sampler: plan.sampler, pruner: plan.pruner, store: store,
        seed: plan.seed)
      StopSignals.listen()
      let worker = SearchWorker(
        study: study, store: store, program: program, command: plan.command, folder: output,
        left: RemainingTrials(trials, seconds: try seconds()))
      try runWorkers(worker)
      for trial in try study.trials() where trial.note == SQLiteTrialStore.lostNote {
        SearchWorker.remove("\(output)/trial-\(trial.number)")
      }
      if json { try printJSON(study) } else { try printTable(study) }
      if let seen = study.goals.map(\.name).first(where: { $0.hasPrefix("test") }) {
        Terminal.note(
          "\(seen) is a figure of the test part, which each trial has read: the best one's is too good; test the chosen one once "
            + "on other data")
      }
      if StopSignals.number != 0 {
        Terminal.note("stopped; the same command goes on, and begins again what was running")
        throw ExitCode(128 + StopSignals.number)
      }
      let ended = try study.trials().filter { $0.state != .running }
      if !ended.isEmpty, ended.allSatisfy({ $0.state == .failed }) { throw ExitCode(1) }
    }

    private func runWorkers(_ worker: SearchWorker) throws {
      let failure = Mutex<(any Error)?>(nil)
      DispatchQueue.concurrentPerform(iterations: workers) { _ in
        do { try worker.run() } catch { failure.withLock { $0 = $0 ?? error } }
      }
      if let failure = failure.withLock({ $0 }) { throw failure }
    }

    /// The best first; with several goals those that no other one beats.
    private func best(_ study: Study) throws -> [Trial] {
      if study.goals.count > 1 { return try study.paretoFront() }
      let goal = study.goals[0]
      return Array(
        try study.trials().filter { $0.state == .complete }
          .sorted { goal.isMaximized ? $0.values[0] > $1.values[0] : $0.values[0] < $1.values[0] }.prefix(10))
    }

    private func printTable(_ study: Study) throws {
      let all = try study.trials()
      let counts = Trial.State.allCases.map { state in "\(all.count { $0.state == state }) \(state.rawValue)"
      }
      Terminal.output("\(all.count) trials: " + counts.joined(separator: ", "))
      for trial in try best(study) {
        let values = zip(study.goals, trial.values).map { "\($0.name) \($1)" }.joined(separator: ", ")
        Terminal.output("trial-\(trial.number)  \(values)  \(SearchWorker.text(trial.configuration))")
      }
      let importance = try study.importance()
      guard !importance.isEmpty else { return }
      Terminal.output("share of the variance of \(study.goals[0].name) that each parameter makes alone:")
      for parameter in importance {
        Terminal.output("  \(parameter.name)  \(Int((parameter.share * 100).rounded())) %")
      }
    }

    private struct Best: Encodable {
      let trial: Int
      let values: [String: Double]
      let configuration: [String: SearchValue]
      let folder: String
    }

    private func printJSON(_ study: Study) throws {
      let rows = try best(study).map { trial in
        Best(
          trial: trial.number,
          values: Dictionary(uniqueKeysWithValues: zip(study.goals.map(\.name), trial.values)),
          configuration: trial.configuration, folder: "\(output)/trial-\(trial.number)")
      }
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      Terminal.output(String(decoding: try encoder.encode(["best": rows]), as: UTF8.self))
    }
  }
#endif
