import LatheCore
import LatheTables

/// How much worse a score becomes when a column's values change places (Breiman, 2001), as scikit-learn's
/// `permutation_importance`.
public struct PermutationImportance: Sendable, Hashable, Codable {
  /// One column's.
  public struct Entry: Sendable, Hashable, Codable {
    /// The column.
    public let column: String
    /// The mean fall of the score.
    public let mean: Double
    /// The deviation of the falls.
    public let deviation: Double
    /// The fall of each repetition.
    public let falls: [Double]
  }

  /// The score of the rows as they are.
  public let baseline: Double
  /// The columns' falls, in the columns' order.
  public let entries: [Entry]

  /// The entries by their mean fall, the largest first.
  public var ranked: [Entry] {
    entries.enumerated().sorted { ($1.element.mean, $0.offset) < ($0.element.mean, $1.offset) }.map(\.element)
  }

  /// Measures columns.
  ///
  /// - Parameters:
  ///   - rows: Rows that the model did not learn from.
  ///   - columns: The columns to measure; nil for all.
  ///   - repeats: How often each column is shuffled.
  ///   - score: How good the model is on rows; more is better.
  /// - Throws: What `score` throws, and `LatheError.invalidArgument` where there are no rows or repetitions.
  public init<Rows: ExplainedRows>(
    _ rows: Rows, columns: [String]? = nil, repeats: Int = 5, seed: UInt64 = 0,
    score: (Rows) throws -> Double
  ) throws {
    guard rows.rowCount > 1, repeats > 0 else {
      throw LatheError(
        .invalidArgument,
        "permutation importance: \(counted(rows.rowCount, "rows")) and \(repeats) repetitions; two rows and one repetition "
          + "are the least")
    }
    let baseline = try score(rows)
    let same = Array(0..<rows.rowCount)
    let names = rows.columnNames
    entries = try (columns ?? names).map { name in
      let place = try rows.place(of: name)
      // A column's order does not depend on which others are measured.
      var random = RandomSource(seed: seed, stream: UInt64(place))
      let falls = try (0..<repeats).map { _ in
        var order = same
        random.shuffle(&order)
        var places = [[Int]](repeating: same, count: names.count)
        places[place] = order
        return baseline - (try score(rows.gathering(places)))
      }
      return Entry(
        column: name, mean: Sums.mean(falls), deviation: Sums.variance(falls, freedom: 0).squareRoot(),
        falls: falls)
    }
    self.baseline = baseline
  }

  /// What a model of a table loses without each of its columns: the share of right classes, or R².
  ///
  /// - Parameter table: Rows that the model did not learn from, with their target.
  public init(_ model: TableModel, _ table: Table, repeats: Int = 5, seed: UInt64 = 0) throws {
    let inputs = try model.inputs(table)
    if model.isClassifier {
      let labels = try model.labels(table)
      try self.init(inputs, repeats: repeats, seed: seed) { rows in
        let found = try model.predictedClasses(rows)
        return Double(zip(found, labels).count { $0 == $1 }) / Double(labels.count)
      }
      return
    }
    let targets = try model.targets(table)
    let spread = Sums.variance(targets, freedom: 0) * Double(targets.count)
    guard spread > 0 else {
      throw LatheError(
        .invalidArgument, "permutation importance: all rows have the same target, so that R² says nothing")
    }
    try self.init(inputs, repeats: repeats, seed: seed) { rows in
      let found = try model.predict(rows).numbers()
      return 1 - zip(found, targets).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / spread
    }
  }
}
