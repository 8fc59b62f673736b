import LatheCore
import LatheLearn
import LatheTables

/// What is done with rows before models see them: each step counted, the rows kept, those of the test left alone.
struct RowCleaning {
  private let whole: Table
  private let target: String
  private var cleaner: TableCleaner
  /// Findings of cleaners before this one.
  private var earlier: [CleaningReport.Step] = []
  private(set) var notes: [String] = []

  /// Takes out rows without a target and copies, of all rows: a copy in the test would be of a row that was learned from.
  init(_ whole: Table, target: String) throws {
    self.whole = whole
    self.target = target
    cleaner = try TableCleaner(whole, firstNumber: 1)
    try cleaner.removeMissing([target])
    let doubles = try cleaner.table.duplicateCount()
    if doubles > 0 {
      if Self.tellsRowsApart(cleaner.table, target) {
        try cleaner.removeDuplicates()
      } else {
        notes.append(
          "\(counted(doubles, "rows")) equal to another stay: with so few different values rows are equal by themselves"
        )
      }
    }
    for step in steps where step.removed > 0 {
      notes.append("\(counted(step.removed, "rows")) \(step.reason) left out")
    }
  }

  /// The rows that are left.
  var table: Table { cleaner.table }
  /// Their places in the whole table.
  var rows: [Int] { cleaner.rows }

  /// Goes on with some of the rows that are left, by their places among them.
  mutating func keep(_ places: [Int]) {
    earlier += cleaner.report.steps
    let rows = places.map { cleaner.rows[$0] }
    // The rows come from a cleaner of the same table, each once.
    if let next = try? TableCleaner(whole, rows: rows, firstNumber: 1) { cleaner = next }
  }

  /// Cleans the rows to learn from.
  mutating func clean(_ steps: Set<AutoML.CleaningStep>, isOfClasses: Bool, seed: UInt64) throws {
    for step in AutoML.CleaningStep.allCases where steps.contains(step) {
      switch step {
      case .nearDuplicates: try cleaner.removeNearDuplicates(seed: seed)
      case .outliers:
        let numbers = cleaner.table.columns.filter {
          $0.name != target && $0.type.isNumeric && $0.type != .bool
        }
        guard !numbers.isEmpty else {
          throw LatheError(
            .invalidArgument, "automl: outliers are looked for among numbers; no column has any")
        }
        try cleaner.removeOutliers(.isolationForest(seed: seed), columns: numbers.map(\.name))
      case .wrongLabels:
        guard isOfClasses else {
          throw LatheError(.invalidArgument, "automl: wrong labels are of classes; '\(target)' is a number")
        }
        let features = try ColumnTransformer.standard(for: cleaner.table, target: target, .forests).features
        try cleaner.removeWrongLabels(
          Pipeline(features, .forest(.randomForest(.gini)), target: target), seed: seed)
      }
    }
  }

  private var allSteps: [CleaningReport.Step] { earlier + cleaner.report.steps }

  /// What each step did, with the first rows; rows are numbered from 1.
  var steps: [AutoMLReport.CleaningStep] {
    allSteps.map { step in
      .init(
        name: step.name, reason: Self.reason(step.name), removed: step.removed.count, notes: step.notes,
        examples: step.removed.prefix(5).map { "row \($0.row + 1): \($0.reason)" })
    }
  }

  private static func reason(_ step: String) -> String {
    switch step {
    case "missing values": "without a target"
    case "duplicates": "equal to another"
    case "near duplicates": "nearly equal to another"
    case "wrong labels": "with a class that is probably wrong"
    default: "far from others"
    }
  }

  /// The rows that were taken out, as they were in the file.
  func removedRows(of raw: Table) throws -> Table {
    try allSteps.removedRows(of: raw, firstNumber: 1)
  }

  /// Whether a column has so many different values that equal rows are copies of one, which would be learned from and tested on.
  private static func tellsRowsApart(_ table: Table, _ target: String) -> Bool {
    table.columns.contains { $0.name != target && 2 * $0.uniqueCount > table.rowCount }
  }
}
