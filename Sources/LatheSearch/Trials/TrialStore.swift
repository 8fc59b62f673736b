import LatheCore
import Synchronization

/// Where the trials of a study are kept: memory, or a file that processes share.
public protocol TrialStore: Sendable {
  /// All trials, in order of their numbers.
  func trials() throws -> [Trial]

  /// Adds a trial, decided from all others before any other is added.
  ///
  /// - Parameter choose: Makes the next trial from those there are; nil where there is none to come.
  func begin(_ choose: ([Trial]) throws -> Trial?) throws -> Trial?

  /// Notes what a running trial measured.
  func report(_ report: Trial.Report, of number: Int) throws

  /// Ends a running trial.
  func end(_ number: Int, _ state: Trial.State, values: [Double], note: String) throws
}

/// Trials in the memory of one process.
public final class MemoryTrialStore: TrialStore {
  private let known: Mutex<[Trial]>

  /// A store that holds some trials of an earlier study.
  public init(_ trials: [Trial] = []) { known = Mutex(trials) }

  /// All trials, in order of their numbers.
  public func trials() -> [Trial] { known.withLock { $0 } }

  /// Adds a trial, decided from all others before any other is added.
  public func begin(_ choose: ([Trial]) throws -> Trial?) rethrows -> Trial? {
    try known.withLock { trials in
      let next = try choose(trials)
      if let next { trials.append(next) }
      return next
    }
  }

  /// Notes what a running trial measured.
  public func report(_ report: Trial.Report, of number: Int) throws {
    try change(number) { $0.add(report) }
  }

  /// Ends a running trial.
  public func end(_ number: Int, _ state: Trial.State, values: [Double], note: String) throws {
    try change(number) {
      $0.state = state
      $0.values = values
      $0.note = note
    }
  }

  private func change(_ number: Int, _ body: (inout Trial) -> Void) throws {
    try known.withLock { trials in
      guard trials.indices.contains(number), trials[number].state == .running else {
        throw LatheError(.invalidArgument, "search: trial \(number) is not running")
      }
      body(&trials[number])
    }
  }
}
