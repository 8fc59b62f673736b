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
  /// Rows read, and left out, by why.
  let rowsRead: Int
  let leftOut: [String: Int]

  init(_ table: Table, _ configuration: AutoML.Configuration, test: Table?) throws {
    let target = configuration.target
    var notes: [String] = []
    _ = try table[target]
    rowsRead = table.rowCount
    var kept = try table.drop(configuration.dropped)
    guard kept.columnCount > 1 else {
      throw LatheError(.invalidArgument, "automl: there is no column to learn '\(target)' from")
    }
    var leftOut: [String: Int] = [:]
    kept = try kept.dropMissing([target])
    leftOut["without a target"] = rowsRead - kept.rowCount
    let doubles = try kept.duplicateCount()
    if doubles > 0 {
      if Self.tellsRowsApart(kept, target) {
        kept = try kept.unique()
        leftOut["equal to another"] = doubles
      } else {
        notes.append(
          "\(counted(doubles, "rows")) equal to another stay: with so few different values rows are equal by themselves"
        )
      }
    }
    for (why, count) in leftOut.sorted(by: { $0.key < $1.key }) where count > 0 {
      notes.append("\(counted(count, "rows")) \(why) left out")
    }
    guard kept.rowCount >= Self.fewestRows else {
      throw LatheError(
        .invalidArgument,
        "automl: \(counted(kept.rowCount, "rows")) with a value of '\(target)' left, \(Self.fewestRows) are the least to learn "
          + "from and test on")
    }
    kept = try Self.withoutInfinite(kept, target, &notes)
    let column = try kept[target]
    let task = configuration.task ?? Self.task(of: column)
    let classes = try Pipeline.checkTarget(
      column, task == .classification ? .logisticRegression() : .linearRegression())
    let places = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
    let labels = column.strings().map { places[$0 ?? ""] ?? 0 }
    let split: (train: Table, test: Table)
    if let test {
      split = (kept, try Self.checked(test, kept, target))
    } else {
      let rows = try Self.split(labels, classes: classes.count, configuration)
      split = (try kept.take(rows.train), try kept.take(rows.test))
    }
    train = split.train
    sealed = SealedRows(split.test)
    self.classes = classes
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
    notes += Self.warnings(train, target, classes, targets)
    self.notes = notes
    self.leftOut = leftOut.filter { $0.value > 0 }
  }

  /// Whether a column has so many different values that equal rows are copies of one, which would be learned from and tested on.
  private static func tellsRowsApart(_ table: Table, _ target: String) -> Bool {
    table.columns.contains { $0.name != target && 2 * $0.uniqueCount > table.rowCount }
  }

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
      let count = numbers.count { $0.isInfinite }
      guard count > 0 else { continue }
      notes.append(
        "column '\(printable(column.name))': \(counted(count, "infinite values")) count as missing")
      table = try table.with(Column(column.name, numbers.map { $0.isFinite ? $0 : nil }))
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
