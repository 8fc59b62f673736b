/// One configuration of a search, and what came of it.
public struct Trial: Sendable, Hashable, Codable {
  /// How far a trial has come.
  public enum State: String, Sendable, Hashable, Codable, CaseIterable {
    /// It is being evaluated.
    case running
    /// It has its values.
    case complete
    /// It was given up early, having reported something.
    case pruned
    /// It gave an error or a value that is no number.
    case failed
  }

  /// What was measured on the way: the loss after an epoch.
  public struct Report: Sendable, Hashable, Codable {
    /// How much was spent so far: epochs, steps, rows.
    public let step: Int
    /// What was measured.
    public let value: Double

    /// A measurement after so much was spent.
    public init(step: Int, value: Double) {
      self.step = step
      self.value = value
    }
  }

  /// Its place among all trials of a study, from 0 on.
  public let number: Int
  /// What it sets: the parameters that matter.
  public internal(set) var configuration: [String: SearchValue]
  /// How far it has come.
  public var state = State.running
  /// What it reached, one number for each goal; empty unless it is complete.
  public var values: [Double] = []
  /// What was measured on the way, in order of steps.
  public var reports: [Report] = []
  /// The generation that it belongs to, where its sampler works in generations.
  public var generation: Int?
  /// Why it failed; empty otherwise.
  public var note = ""

  /// A trial that begins.
  public init(number: Int, configuration: [String: SearchValue], generation: Int? = nil) {
    self.number = number
    self.configuration = configuration
    self.generation = generation
  }

  /// Notes a measurement; a later one of the same step replaces it.
  mutating func add(_ report: Report) {
    let place = reports.firstIndex { $0.step >= report.step } ?? reports.count
    if place < reports.count, reports[place].step == report.step {
      reports[place] = report
    } else {
      reports.insert(report, at: place)
    }
  }

  /// The last measurement at a step or before it.
  func report(upTo step: Int) -> Report? { reports.last { $0.step <= step } }
}

/// Something that a search makes small or large.
public struct SearchGoal: Sendable, Hashable, Codable {
  /// Its name, for messages and tables.
  public let name: String
  /// Whether more is better.
  public let isMaximized: Bool

  /// Less is better: a loss.
  public static func minimize(_ name: String) -> SearchGoal { SearchGoal(name: name, isMaximized: false) }
  /// More is better: an accuracy.
  public static func maximize(_ name: String) -> SearchGoal { SearchGoal(name: name, isMaximized: true) }

  /// A value of which less is better.
  func loss(_ value: Double) -> Double { isMaximized ? -value : value }
}
