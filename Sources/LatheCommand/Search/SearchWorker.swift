#if CommandLine && Tracking
  import Foundation
  import LatheCore
  import LatheSearch
  import LatheStudies
  import Synchronization

  /// Runs trials of a study as processes of this program, one after the other.
  struct SearchWorker: Sendable {
    let study: Study
    let store: SQLiteTrialStore
    let program: String
    let command: [String]
    /// The folder in which each trial has one.
    let folder: String
    /// Trials that may still begin, which workers share.
    let left: RemainingTrials

    /// Until nothing is left.
    ///
    /// - Throws: `LatheError.invalidArgument` where the first trials of a study all fail: the command is wrong, not the trials.
    func run() throws {
      while StopSignals.number == 0, left.take(), let trial = try study.ask() {
        try evaluate(trial)
        let ended = try study.trials().filter { $0.state != .running }
        if ended.count >= Self.mostFailures, ended.allSatisfy({ $0.state == .failed }) {
          throw LatheError(
            .invalidArgument,
            "the first \(ended.count) trials failed, the last with: \(ended.last?.note ?? ""); mend \"command\" or "
              + "\"space\", and choose another output folder")
        }
      }
    }

    /// How many trials may fail before one ends well.
    private static let mostFailures = 3

    private func evaluate(_ trial: RunningTrial) throws {
      let output = "\(folder)/trial-\(trial.number)"
      Terminal.note("trial \(trial.number): \(Self.text(trial.configuration))")
      var figures = EpochFigures(goals: study.goals.map(\.name))
      var isPruned = false
      var failure: (any Error)?
      var beat = Date().timeIntervalSince1970
      let child = try ChildProcess.run(
        program, command + Self.options(trial.configuration) + ["--output", output, "--json"],
        variables: ["LATHE_PARENT": "\(getpid())"],
        isWanted: {
          if StopSignals.number != 0 || isPruned || failure != nil { return false }
          let now = Date().timeIntervalSince1970
          if now - beat > SQLiteTrialStore.heartbeatInterval {
            beat = now
            do { try store.beat(trial.number) } catch { failure = error }
          }
          return true
        },
        receive: { bytes in
          for epoch in figures.take(bytes) where !isPruned && failure == nil {
            do { try trial.report(epoch.value, step: epoch.number) } catch is TrialPruned {
              isPruned = true
            } catch { failure = error }
          }
        })
      if let failure { throw failure }
      if isPruned {
        try trial.prune()
        return Terminal.note("trial \(trial.number): given up after epoch \(figures.epochs)")
      }
      // What was interrupted is begun again by whoever goes on.
      if StopSignals.number != 0 { return Self.remove(output) }
      guard child.ending == .exited(0) else {
        let reason = Self.reason(child)
        try trial.fail(reason)
        return Terminal.note("trial \(trial.number): failed: \(reason)")
      }
      guard let values = figures.values else {
        let missing = study.goals.map(\.name).filter { figures.last[$0] == nil }.joined(separator: ", ")
        let message =
          "its run says nothing of \(missing); its figures are \(figures.known.joined(separator: ", "))"
        try trial.fail(message)
        // A training more would say no more.
        throw LatheError(.invalidArgument, "goals: trial \(trial.number): \(message)")
      }
      try trial.complete(values)
      let reached = zip(study.goals, values).map { "\($0.name) \($1)" }.joined(separator: ", ")
      Terminal.note("trial \(trial.number): \(reached)")
    }

    /// Removes what a run left that is begun again from its first epoch.
    static func remove(_ folder: String) { try? FileManager.default.removeItem(atPath: folder) }

    /// Why a run failed: the error among its last lines, or the signal.
    static func reason(_ child: ChildProcess) -> String {
      if case .signal(let number) = child.ending { return "its run was ended by signal \(number)" }
      let lines = String(decoding: child.errors.suffix(4000), as: UTF8.self).split(separator: "\n").map(
        String.init)
      for mark in ["lathe: error: ", "Error: "] {
        if let line = lines.last(where: { $0.hasPrefix(mark) }) { return String(line.dropFirst(mark.count)) }
      }
      return lines.last ?? "its run ended with \(child.ending)"
    }

    /// The options that set what a trial chose; a truth is there or not.
    static func options(_ configuration: [String: SearchValue]) -> [String] {
      configuration.sorted { $0.key < $1.key }.flatMap { name, value -> [String] in
        let option = "--" + name.replacing("_", with: "-")
        if case .truth(let isSet) = value { return isSet ? [option] : [] }
        return ["\(option)=\(value)"]
      }
    }

    static func text(_ configuration: [String: SearchValue]) -> String {
      configuration.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
  }

  /// How many trials may still begin.
  final class RemainingTrials: Sendable {
    private let count: Atomic<Int>
    private let end: Double

    /// - Parameters:
    ///   - count: The most trials.
    ///   - seconds: After how long none begins any more; nil for any time.
    init(_ count: Int, seconds: Double?) {
      self.count = Atomic(count)
      end = seconds.map { Date().timeIntervalSince1970 + $0 } ?? .infinity
    }

    /// Takes one; false where none is left.
    func take() -> Bool {
      Date().timeIntervalSince1970 < end && count.subtract(1, ordering: .relaxed).oldValue > 0
    }
  }

  /// Reads figures from the lines that `lathe train --json` prints.
  struct EpochFigures {
    /// An epoch with what the first goal is about.
    struct Epoch {
      let number: Int
      let value: Double
    }

    let goals: [String]
    private(set) var last: [String: Double] = [:]
    /// The names of all figures so far, in order.
    var known: [String] { names.sorted() }
    private var names: Set<String> = []
    private(set) var epochs = 0
    private var open: [UInt8] = []

    init(goals: [String]) { self.goals = goals }

    /// The last values of all goals; nil where one is missing.
    var values: [Double]? {
      let known = goals.compactMap { last[$0] }
      return known.count == goals.count ? known : nil
    }

    /// The numbers of an object, those of objects in it as `test.accuracy`.
    private static func numbers(_ object: [String: Any], _ prefix: String = "") -> [String: Double] {
      var result: [String: Double] = [:]
      for (name, value) in object {
        if let value = value as? Double { result[prefix + name] = value }
        if let inner = value as? [String: Any] { result.merge(numbers(inner, "\(prefix)\(name).")) { $1 } }
      }
      return result
    }

    /// The epochs whose lines end with some bytes.
    mutating func take(_ bytes: ArraySlice<UInt8>) -> [Epoch] {
      open += bytes
      var result: [Epoch] = []
      while let end = open.firstIndex(of: UInt8(ascii: "\n")) {
        let line = Data(open[..<end])
        open.removeSubrange(...end)
        guard let object = try? JSONSerialization.jsonObject(with: line) as? [String: Any] else { continue }
        let figures = Self.numbers(object)
        names.formUnion(figures.keys)
        for goal in goals { if let value = figures[goal] { last[goal] = value } }
        guard let number = object["epoch"] as? Int, let value = figures[goals[0]] else { continue }
        epochs = number
        result.append(Epoch(number: number, value: value))
      }
      return result
    }
  }
#endif
