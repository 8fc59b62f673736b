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
    func run() throws {
      while StopSignals.number == 0, left.take(), let trial = try study.ask() { try evaluate(trial) }
    }

    private func evaluate(_ trial: RunningTrial) throws {
      let output = "\(folder)/trial-\(trial.number)"
      Terminal.note("trial \(trial.number): \(Self.text(trial.configuration))")
      var figures = EpochFigures(goals: study.goals.map(\.name))
      var isPruned = false
      var failure: (any Error)?
      var beat = Date().timeIntervalSince1970
      let child = try ChildProcess.run(
        program, command + Self.options(trial.configuration) + ["--output", output, "--json"],
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
      if StopSignals.number != 0 { return }
      guard child.ending == .exited(0) else {
        let errors = String(decoding: child.errors.suffix(2000), as: UTF8.self)
        let last = errors.split(separator: "\n").last.map(String.init) ?? "\(child.ending)"
        try trial.fail(last)
        return Terminal.note("trial \(trial.number): failed: \(last)")
      }
      guard let values = figures.values else {
        let missing = study.goals.map(\.name).filter { figures.last[$0] == nil }.joined(separator: ", ")
        let message = "its run says nothing of \(missing)"
        try trial.fail(message)
        return Terminal.note("trial \(trial.number): \(message)")
      }
      try trial.complete(values)
      let reached = zip(study.goals, values).map { "\($0.name) \($1)" }.joined(separator: ", ")
      Terminal.note("trial \(trial.number): \(reached)")
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
    private(set) var epochs = 0
    private var open: [UInt8] = []

    init(goals: [String]) { self.goals = goals }

    /// The last values of all goals; nil where one is missing.
    var values: [Double]? {
      let known = goals.compactMap { last[$0] }
      return known.count == goals.count ? known : nil
    }

    /// The epochs whose lines end with some bytes.
    mutating func take(_ bytes: ArraySlice<UInt8>) -> [Epoch] {
      open += bytes
      var result: [Epoch] = []
      while let end = open.firstIndex(of: UInt8(ascii: "\n")) {
        let line = Data(open[..<end])
        open.removeSubrange(...end)
        guard let object = try? JSONSerialization.jsonObject(with: line) as? [String: Any] else { continue }
        for goal in goals { if let value = object[goal] as? Double { last[goal] = value } }
        guard let number = object["epoch"] as? Int, let value = object[goals[0]] as? Double else { continue }
        epochs = number
        result.append(Epoch(number: number, value: value))
      }
      return result
    }
  }
#endif
