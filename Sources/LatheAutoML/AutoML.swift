import LatheCore
import LatheLearn
import LatheTables

/// Finds, tunes and joins models of a table within a time: from raw rows to a `TableModel` with one honest test.
///
/// ```swift
/// var configuration = AutoML.Configuration(target: "survived")
/// configuration.timeLimit = 60
/// let result = try AutoML.run(table, configuration)
/// print(result.report.test?.figures ?? [:])
/// try result.model.save(to: folder)
/// ```
public enum AutoML {
  /// What is predicted.
  public enum Task: String, Sendable, Hashable, Codable, CaseIterable {
    /// Classes.
    case classification
    /// Numbers.
    case regression
  }

  /// What the threshold of the second of two classes is chosen for.
  public enum ThresholdGoal: String, Sendable, Hashable, Codable, CaseIterable {
    /// The share of right answers.
    case accuracy
    /// The mean of the classes' shares of right answers.
    case balancedAccuracy = "balanced-accuracy"
    /// The harmonic mean of precision and recall of the second class.
    case f1
  }

  /// What may be done with the rows to learn from, beside taking out copies; rows of the test stay as they are.
  public enum CleaningStep: String, Sendable, Hashable, Codable, CaseIterable {
    /// Takes out rows that say nearly the same as another one.
    case nearDuplicates = "near-duplicates"
    /// Takes out rows that few random splits separate from all others.
    case outliers
    /// Takes out rows whose class is probably wrong, by models that learned from other rows.
    case wrongLabels = "wrong-labels"
  }

  /// What is wanted, and under which limits.
  public struct Configuration: Sendable, Hashable {
    /// The column to predict.
    public var target: String
    /// What is predicted; nil to decide by the target's values.
    public var task: Task?
    /// What models are compared by; nil for the area under the ROC curve of two classes, the log loss of more, and the root mean
    /// squared error of numbers.
    public var metric: AutoMLMetric?
    /// Seconds to search in.
    public var timeLimit = 300.0
    /// What all random choices depend on.
    public var seed: UInt64 = 42
    /// The part of the rows that is kept for the test, where no other rows are given for it.
    public var testFraction = 0.2
    /// The most configurations that each finalist is tuned with.
    public var trialsPerModel = 40
    /// What the threshold is chosen for, on rows that were not learned from; nil for the most probable class.
    public var thresholdGoal: ThresholdGoal?
    /// The most seconds that the prediction of a row may take.
    public var maxLatency: Double?
    /// The most bytes of the stored model.
    public var maxSize: Int?
    /// Whether only models are looked at that a person can follow: weighted sums and small trees.
    public var isExplainable = false
    /// The most bytes of memory for features; with more, fewer rows are compared by.
    public var memoryLimit = 2 << 30
    /// What is done with the rows to learn from, beside taking out copies.
    public var cleaning: Set<CleaningStep> = []
    /// Columns that models shall not see.
    public var dropped: [String] = []

    /// The defaults for a target.
    public init(target: String) { self.target = target }
  }

  /// What was found.
  public struct Result: Sendable {
    /// The model, trained on all rows to learn from.
    public let model: TableModel
    /// How it was found, and what it is worth.
    public var report: AutoMLReport
    /// The rows that were taken out, as they were, each with its number (the first is 1), the step and the reason in front.
    public let removedRows: Table

    /// Writes `table-model.json`, `report.json`, `report.html` and, where rows were taken out, `removed-rows.csv`.
    public func save(to folder: String) throws {
      try report.save(to: folder)
      if removedRows.rowCount > 0 { try removedRows.writeCSV(to: "\(folder)/\(AutoML.removedRowsName)") }
      try model.save(to: folder)
    }
  }

  /// The file of the rows that were taken out.
  public static let removedRowsName = "removed-rows.csv"

  /// How far a run has come.
  public struct Progress: Sendable {
    /// Seconds since the start.
    public let seconds: Double
    /// What is done now.
    public let stage: String
    /// The best score so far; nil before the first.
    public let best: Double?
    /// How many models were evaluated.
    public let evaluated: Int
  }

  /// Finds a model.
  ///
  /// - Parameters:
  ///   - table: Raw rows.
  ///   - configuration: What is wanted.
  ///   - test: Rows for the test alone; nil to keep a part of the table's.
  ///   - progress: Told of each evaluation.
  ///   - shouldStop: Asked between evaluations; true ends the search with the best so far.
  /// - Throws: `LatheError.invalidArgument` where nothing can be learned: the message says why.
  public static func run(
    _ table: Table, _ configuration: Configuration, test: Table? = nil,
    progress: ((Progress) -> Void)? = nil, shouldStop: @escaping () -> Bool = { false }
  ) throws -> Result {
    let clock = SearchClock(limit: configuration.timeLimit, shouldStop: shouldStop)
    try AutoMLChecks.check(configuration)
    let data = try AutoMLData(table, configuration, test: test)
    let search = ModelSearch(data, configuration, clock, progress)
    return try search.run()
  }
}

/// The time of a search, and whether somebody wants it to end.
final class SearchClock {
  let limit: Double
  private let start = ContinuousClock.now
  private let shouldStop: () -> Bool
  private(set) var wasStopped = false

  init(limit: Double, shouldStop: @escaping () -> Bool) {
    self.limit = limit
    self.shouldStop = shouldStop
  }

  var seconds: Double {
    let passed = (ContinuousClock.now - start).components
    return Double(passed.seconds) + Double(passed.attoseconds) * 1e-18
  }

  var left: Double { limit - seconds }

  /// Whether a part of the time is over, or somebody wants the end.
  func isOver(_ part: Double = 1, reserve: Double = 0) -> Bool {
    if shouldStop() { wasStopped = true }
    return wasStopped || seconds + reserve >= part * limit
  }
}

/// What is wrong with a configuration.
enum AutoMLChecks {
  static func check(_ configuration: AutoML.Configuration) throws {
    func expect(_ holds: Bool, _ message: String) throws {
      if !holds { throw LatheError(.invalidArgument, "automl: \(message)") }
    }
    try expect(
      configuration.timeLimit > 0 && configuration.timeLimit.isFinite,
      "the time is \(configuration.timeLimit) seconds; give a number above 0")
    try expect(
      configuration.testFraction > 0 && configuration.testFraction < 1,
      "the test part is \(configuration.testFraction); give a part such as 0.2")
    try expect(configuration.trialsPerModel >= 0, "trials must not be fewer than none")
    try expect(
      configuration.maxLatency ?? 1 > 0 && configuration.maxSize ?? 1 > 0,
      "limits of latency and size must be above 0")
    try expect(
      !configuration.dropped.contains(configuration.target),
      "the target '\(configuration.target)' is among the columns to leave out")
  }
}
