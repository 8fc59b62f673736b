import LatheCore
import LatheLearn
import LatheTables

/// The rows of a run: cleaned, what is wrong with them said, the test put away.
struct AutoMLData {
  /// The rows to learn from, without the columns to leave out.
  let train: Table
  /// Their targets: numbers, or places among the classes.
  let targets: [Double]
  /// The classes in their order; none of numbers.
  let classes: [String]
  let sealed: SealedRows
  /// What a person should know.
  let notes: [String]
  let rowsRead: Int
  /// The places of the rows to learn from in the whole table.
  let trainRows: [Int]
  /// What cleaning did, and the rows that it took out.
  let cleaningSteps: [AutoMLReport.CleaningStep]
  let removedRows: Table

  /// Rows left out, by why.
  var leftOut: [String: Int] {
    Dictionary(
      cleaningSteps.filter { $0.removed > 0 }.map { ($0.reason, $0.removed) }, uniquingKeysWith: +)
  }

  init(_ table: Table, _ configuration: AutoML.Configuration, test: Table?) throws {
    let target = configuration.target
    var notes: [String] = []
    _ = try table[target]
    rowsRead = table.rowCount
    let whole = try Self.withoutInfinite(table.drop(configuration.dropped), target, &notes)
    guard whole.columnCount > 1 else {
      throw LatheError(.invalidArgument, "automl: there is no column to learn '\(target)' from")
    }
    var cleaning = try RowCleaning(whole, target: target)
    let kept = cleaning.table
    notes += cleaning.notes
    guard kept.rowCount >= Self.fewestRows else {
      throw LatheError(
        .invalidArgument,
        "automl: \(counted(kept.rowCount, "rows")) with a value of '\(target)' left, \(Self.fewestRows) are the least to learn "
          + "from and test on")
    }
    let column = try kept[target]
    let task = configuration.task ?? Self.task(of: column)
    let classes = try Pipeline.checkTarget(
      column, task == .classification ? .logisticRegression() : .linearRegression())
    let places = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
    let labels = column.strings().map { places[$0 ?? ""] ?? 0 }
    let test =
      try test.map { try Self.checked($0, kept, target) }
      ?? {
        let rows = try Self.split(labels, classes: classes.count, configuration)
        cleaning.keep(rows.train)
        return try kept.take(rows.test)
      }()
    sealed = SealedRows(test)
    try cleaning.clean(configuration.cleaning, isOfClasses: !classes.isEmpty, seed: configuration.seed)
    train = cleaning.table
    trainRows = cleaning.rows
    removedRows = try cleaning.removedRows(of: table)
    cleaningSteps = cleaning.steps
    self.classes = classes
    guard train.rowCount >= Self.fewestRows / 2 else {
      throw LatheError(
        .invalidArgument,
        "automl: cleaning leaves \(counted(train.rowCount, "rows")) to learn '\(target)' from; take steps out of it"
      )
    }
    let learned = try train[target]
    targets =
      classes.isEmpty
      ? try learned.cast(to: .float64).numbers()
      : learned.strings().map { Double(places[$0 ?? ""] ?? 0) }
    if classes.count > 0 {
      // A class of the test alone would be unknown to all models.
      let found = Set(targets)
      guard found.count == classes.count else {
        throw LatheError(
          .invalidArgument,
          "automl: a class of '\(target)' is in no row to learn from; join rare classes, or take another seed"
        )
      }
    }
    try Self.checkSize(targets, target)
    notes += Self.warnings(train, target, classes, targets)
    self.notes = notes
  }

  /// - Throws: `LatheError.invalidArgument` for numbers whose squares are beyond what can be computed with.
  private static func checkSize(_ targets: [Double], _ target: String) throws {
    let largest = targets.max { $0.magnitude < $1.magnitude } ?? 0
    guard largest.magnitude > mostMagnitude else { return }
    throw LatheError(
      .invalidArgument,
      "automl: '\(target)' has the value \(largest), whose square is too large to compute with; divide the column, or take "
        + "its logarithm")
  }

  /// Squares of larger numbers, added up, are infinite.
  private static let mostMagnitude = 1e150

  /// Fewer rows cannot be divided for learning, comparing and testing.
  static let fewestRows = 10

  /// Numbers with many different values are no classes, whole ones neither.
  static func task(of column: Column) -> AutoML.Task {
    guard column.looksLikeClasses else { return .regression }
    let isNumber = column.type == .int64
    return isNumber && 2 * column.uniqueCount > column.count ? .regression : .classification
  }

  private static func split(
    _ labels: [Int], classes: Int, _ configuration: AutoML.Configuration
  ) throws -> RowSplit {
    guard classes > 0 else {
      return try RowSplits.random(
        rows: labels.count, test: configuration.testFraction, seed: configuration.seed)
    }
    return try RowSplits.keepingSingleRows(labels: labels) { labels in
      // Classes too rare for both sides are divided as they come.
      if let split = try? RowSplits.stratified(
        labels: labels, test: configuration.testFraction, seed: configuration.seed)
      {
        return [split]
      }
      return [
        try RowSplits.random(rows: labels.count, test: configuration.testFraction, seed: configuration.seed)
      ]
    }[0]
  }

  private static func checked(_ test: Table, _ train: Table, _ target: String) throws -> Table {
    let lacking = train.columnNames.filter { !test.contains($0) }
    guard lacking.isEmpty else {
      throw LatheError(
        .invalidArgument,
        "automl: the test rows have no column \(lacking.map { "'\($0)'" }.joined(separator: ", "))")
    }
    let kept = try test.dropMissing([target])
    guard kept.rowCount > 0 else {
      throw LatheError(.invalidArgument, "automl: no test row has a value of '\(target)'")
    }
    return kept
  }

  /// Infinite numbers are no measurements: they count as missing.
  private static func withoutInfinite(_ table: Table, _ target: String, _ notes: inout [String]) throws
    -> Table
  {
    var table = table
    for column in table.columns where column.name != target {
      guard column.type == .float64 || column.type == .float32 else { continue }
      let numbers = try column.numbers()
      let count = numbers.count { $0.magnitude > mostMagnitude }
      guard count > 0 else { continue }
      notes.append(
        "column '\(printable(column.name))': \(counted(count, "infinite values")) (or beyond \(mostMagnitude)) count as missing"
      )
      table = try table.with(Column(column.name, numbers.map { $0.magnitude <= mostMagnitude ? $0 : nil }))
    }
    return table
  }

  /// What may go wrong with the model later on.
  private static func warnings(
    _ table: Table, _ target: String, _ classes: [String], _ targets: [Double]
  ) -> [String] {
    var notes: [String] = []
    if table.columnCount - 1 > table.rowCount {
      notes.append(
        "\(table.columnCount - 1) columns and \(counted(table.rowCount, "rows")): more columns than rows, scores vary much"
      )
    }
    if table.rowCount < 100 {
      notes.append("\(counted(table.rowCount, "rows")) to learn from: scores of so few vary much")
    }
    if classes.count > 0 {
      for (place, name) in classes.enumerated() {
        let count = targets.count { Int($0) == place }
        if count < 10 {
          notes.append("class '\(printable(name))' has \(counted(count, "rows")) to learn from")
        } else if 20 * count < targets.count {
          notes.append(
            "class '\(printable(name))' is rare, \(counted(count, "rows")) of \(targets.count): look at balanced-accuracy and f1, not accuracy"
          )
        }
      }
    }
    for column in table.columns where column.name != target {
      let values = column.strings()
      if isMixed(column, values) {
        notes.append(
          "column '\(printable(column.name))' has numbers and texts, and is taken for texts; mend the texts, or make them missing"
        )
      }
      if !classes.isEmpty, isAnswer(values, targets, classes: classes.count) {
        notes.append(
          "column '\(printable(column.name))' tells the target in each row; will it be known when predictions are made? (a leak)"
        )
      }
    }
    return notes
  }

  /// Whether most texts of a column are numbers.
  private static func isMixed(_ column: Column, _ values: [String?]) -> Bool {
    guard column.type == .text else { return false }
    let present = values.lazy.compactMap { $0 }.prefix(2000)
    let numbers = present.count { Double($0) != nil }
    return numbers < present.count && 10 * numbers >= 8 * present.count
  }

  /// Whether a column's values and classes are each other's names, other than by being the same texts.
  private static func isAnswer(_ values: [String?], _ targets: [Double], classes: Int) -> Bool {
    var names: [String: Double] = [:]
    for (value, target) in zip(values, targets) {
      guard let value else { return false }
      if let known = names[value] {
        if known != target { return false }
      } else {
        names[value] = target
        if names.count > classes { return false }
      }
    }
    return names.count == classes && Set(names.values).count == classes
  }
}
