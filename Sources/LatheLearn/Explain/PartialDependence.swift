import LatheCore
import LatheTables

/// What is predicted on average when one column has a value in all rows (Friedman, 2001), and of each row (ICE): scikit-learn's
/// `partial_dependence` by its brute method.
public struct PartialDependence: Sendable, Hashable, Codable {
  /// The column.
  public let column: String
  /// Its values.
  public let points: [ColumnPoint]
  /// The mean prediction at each value.
  public let average: [Double]
  /// Each row's predictions at all values (individual conditional expectations); none where they were not asked for.
  public let individual: [[Double]]

  /// Predictions of rows with all values of a column.
  ///
  /// - Parameters:
  ///   - rows: Rows as the model meets them.
  ///   - column: The column that is changed.
  ///   - resolution: The most values of a column of numbers.
  ///   - percentiles: The part of the numbers that the values reach over.
  ///   - weights: How much each row counts in the average.
  ///   - keepsIndividual: Whether each row's predictions are kept.
  ///   - predict: One number for each row.
  public init<Rows: ExplainedRows>(
    _ rows: Rows, column: String, resolution: Int = 100, percentiles: ClosedRange<Double> = 0.05...0.95,
    weights: [Double]? = nil, keepsIndividual: Bool = false, predict: (Rows) throws -> [Double]
  ) throws {
    guard rows.rowCount > 0, resolution > 1, percentiles.lowerBound >= 0, percentiles.upperBound <= 1,
      weights.map({ $0.count == rows.rowCount }) ?? true
    else {
      throw LatheError(
        .invalidArgument,
        "partial dependence: \(counted(rows.rowCount, "rows")), \(resolution) values between \(percentiles); there must be a "
          + "row, two values, percentiles in 0...1 and a weight for each row")
    }
    let place = try rows.place(of: column)
    let points = try rows.points(place, most: resolution, percentiles: percentiles)
    guard !points.isEmpty else {
      throw LatheError(.invalidArgument, "partial dependence: column '\(column)' has no values")
    }
    let total = weights.map(Sums.sum) ?? Double(rows.rowCount)
    var average: [Double] = []
    var all: [[Double]] = []
    for point in points {
      let found = try predict(rows.setting(place, to: point))
      average.append(
        Sums.sum(weights.map { zip($0, found).map { $0 * $1 } } ?? found) / total)
      if keepsIndividual { all.append(found) }
    }
    self.column = column
    self.points = points
    self.average = average
    individual = keepsIndividual ? (0..<rows.rowCount).map { row in all.map { $0[row] } } : []
  }

  /// The same with the first rows' predictions alone.
  func keeping(individual count: Int) -> PartialDependence {
    PartialDependence(
      column: column, points: points, average: average, individual: Array(individual.prefix(count)))
  }

  private init(column: String, points: [ColumnPoint], average: [Double], individual: [[Double]]) {
    self.column = column
    self.points = points
    self.average = average
    self.individual = individual
  }

  /// Predictions of a model of a table: numbers, or the probability of a class.
  public init(
    _ model: TableModel, _ table: Table, column: String, class name: String? = nil, resolution: Int = 20,
    keepsIndividual: Bool = false
  ) throws {
    try self.init(
      model.inputs(table), column: column, resolution: resolution, keepsIndividual: keepsIndividual
    ) { try model.output($0, class: name) }
  }
}
